import { useId, useState } from "react";
import { useClient } from "urql";
import type { DocumentKind } from "../generated/graphql.ts";
import { whole } from "../ui/format.ts";
import { IconCheck } from "../ui/icons.ts";
import { upload } from "./upload.ts";

export interface DocumentDraft {
  readonly uploadId: string;
  readonly kind: DocumentKind;
  readonly fileName: string;
  readonly byteSize: number;
}

export const documentKinds: Readonly<Record<DocumentKind, string>> = {
  CV: "CV",
  COVER_LETTER: "Cover letter",
  CERTIFICATE: "Certificate",
  IDENTITY: "Identity",
  OTHER: "Anything else",
};
const needed: readonly DocumentKind[] = ["CV", "COVER_LETTER"];

const isAbout = (message: string, kind: DocumentKind): boolean => message.toLowerCase().includes(documentKinds[kind].toLowerCase());

interface Underway {
  readonly fileName: string;
  readonly share: number;
  readonly problem?: string;
}

/** One place a kind, to drop files on or to choose them; each is sent at once. */
export function Documents({
  documents,
  add,
  remove,
  errorOf,
  missing,
  setUploading,
}: {
  readonly documents: readonly DocumentDraft[];
  readonly add: (document: DocumentDraft) => void;
  readonly remove: (uploadId: string) => void;
  readonly errorOf: (index: number) => string | undefined;
  /** What was said about all of them. */
  readonly missing: readonly string[];
  readonly setUploading: (change: (count: number) => number) => void;
}) {
  return (
    <div className="drops">
      {(Object.keys(documentKinds) as DocumentKind[]).map((kind) => (
        <Drop key={kind} kind={kind} documents={documents} add={add} remove={remove} errorOf={errorOf} missing={missing} setUploading={setUploading} />
      ))}
      {missing
        .filter((message) => !needed.some((kind) => isAbout(message, kind)))
        .map((message) => (
          <p key={message} className="wrong" role="alert">
            {message}
          </p>
        ))}
    </div>
  );
}

function Drop({ kind, documents, add, remove, errorOf, missing, setUploading }: { readonly kind: DocumentKind } & Parameters<typeof Documents>[0]) {
  const client = useClient();
  const id = useId();
  const [underway, setUnderway] = useState<readonly Underway[]>([]);
  const [isOver, setOver] = useState(false);
  const tell = (fileName: string, change: Partial<Underway> | null): void =>
    setUnderway((before) =>
      change === null ? before.filter((one) => one.fileName !== fileName) : before.map((one) => (one.fileName === fileName ? { ...one, ...change } : one)),
    );
  const take = async (files: readonly File[]): Promise<void> => {
    setUnderway((before) => [...before.filter(({ problem }) => problem === undefined), ...files.map(({ name }) => ({ fileName: name, share: 0 }))]);
    setUploading((count) => count + files.length);
    for (const file of files) {
      try {
        const { id: uploadId } = await upload(client, file, "APPLICATION_DOCUMENT", (share) => tell(file.name, { share }));
        add({ uploadId, kind, fileName: file.name, byteSize: file.size });
        tell(file.name, null);
      } catch (error) {
        tell(file.name, { problem: (error as Error).message });
      } finally {
        setUploading((count) => count - 1);
      }
    }
  };
  return (
    <div
      className="drop"
      data-over={isOver}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void take([...event.dataTransfer.files]);
      }}
    >
      <label htmlFor={id}>
        {documentKinds[kind]} {needed.includes(kind) ? "" : <span className="faint">(optional)</span>}
      </label>
      <input
        id={id}
        type="file"
        multiple
        accept=".pdf,.docx,.png,.jpg,.jpeg"
        onChange={(event) => {
          void take([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      {!documents.some((one) => one.kind === kind) &&
        missing
          .filter((message) => isAbout(message, kind))
          .map((message) => (
            <p key={message} className="wrong" role="alert">
              {message}
            </p>
          ))}
      <ul>
        {documents.map(
          (one, index) =>
            one.kind === kind && (
              <li key={one.uploadId}>
                <IconCheck size={15} aria-hidden /> {one.fileName} <span className="num faint">{whole(Math.ceil(one.byteSize / 1_024))} KiB</span>
                <button type="button" className="quiet" aria-label={`Remove ${one.fileName}`} onClick={() => remove(one.uploadId)}>
                  ✕
                </button>
                {errorOf(index) !== undefined && (
                  <p className="wrong" role="alert">
                    {errorOf(index)}
                  </p>
                )}
              </li>
            ),
        )}
        {underway.map(({ fileName, share, problem }) => (
          <li key={fileName}>
            {fileName}
            {problem === undefined ? (
              <progress value={share} max={1} aria-label={`Sending ${fileName}`} />
            ) : (
              <p className="wrong" role="alert">
                {problem}
              </p>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
