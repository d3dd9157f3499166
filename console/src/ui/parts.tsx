import { Link } from "@tanstack/react-router";
import { useEffect, useId, useMemo, useRef, useState, type ReactNode } from "react";
import type { CombinedError } from "urql";
import { connection } from "../client.ts";
import { ago, exact } from "./format.ts";
import type { Tone } from "./state.tsx";

/** Times go on being counted for so long after the connection was lost; what they are counted from is not known any more then. */
const COUNTED_MS = 10_000;
const told = (): number => {
  const state = connection.get();
  return state.state === "lost" ? Math.min(Date.now(), state.since + COUNTED_MS) : Date.now();
};

/** The time, told anew every so often while the page is looked at. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(told);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNow(told()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** The instant that lies so many seconds before now, to the minute. */
export function useSince(seconds: number, now: number): string {
  const minute = Math.floor(now / 60_000);
  return useMemo(() => new Date((minute + 1) * 60_000 - seconds * 1_000).toISOString(), [minute, seconds]);
}

export const Ago = ({ at, now }: { readonly at: string; readonly now: number }) => (
  <time dateTime={at} title={exact(at)} className="num">
    {ago(at, now)}
  </time>
);

export function Card({
  title,
  aside,
  children,
  flush = false,
}: {
  readonly title?: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly flush?: boolean;
}) {
  return (
    <section className="card" aria-label={title}>
      {title !== undefined && (
        <div className="card-head">
          <h2>{title}</h2>
          {aside}
        </div>
      )}
      {flush ? (
        <div className="card-flush" role="group" aria-label={title} tabIndex={0}>
          {children}
        </div>
      ) : (
        <div className="card-body">{children}</div>
      )}
    </section>
  );
}

/** A table, which may be wider than its place and is then moved by keys too. */
export const Sheet = ({ label, children }: { readonly label: string; readonly children: ReactNode }) => (
  <section className="card card-flush" aria-label={label} tabIndex={0}>
    {children}
  </section>
);

/** One sentence and perhaps one action, where there is nothing to show. */
export const Empty = ({ children }: { readonly children: ReactNode }) => <div className="empty">{children}</div>;

export function Problem({ error, again }: { readonly error: Error | CombinedError; readonly again?: () => void }) {
  const { code, requestId } = ("graphQLErrors" in error ? error.graphQLErrors[0]?.extensions : undefined) ?? {};
  return (
    <div className="problem" role="alert">
      <div>
        <p>{error.message.replace("[GraphQL] ", "").replace("[Network] ", "The server cannot be reached: ")}</p>
        {code === "TIMEOUT" && <p>A narrower filter or a shorter range is answered sooner.</p>}
        {typeof requestId === "string" && (
          <p className="hint">
            Request <code>{requestId}</code>
          </p>
        )}
      </div>
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** A page, or a part of one, of which nothing could be read. */
export const Failed = ({ title, error, again }: { readonly title: string; readonly error: Error; readonly again: () => void }) => (
  <>
    <div className="page-head">
      <h1 tabIndex={-1}>{title}</h1>
    </div>
    <Problem error={error} again={again} />
  </>
);

/** In the shape of what comes, so that nothing jumps. */
export const Skeleton = ({ rows = 3 }: { readonly rows?: number }) => (
  <div className="skeleton" aria-busy="true" aria-label="Loading">
    {Array.from({ length: rows }, (_, index) => (
      <div key={index} />
    ))}
  </div>
);

export function Copy({ text, label = "Copy" }: { readonly text: string; readonly label?: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button"
      className="quiet"
      onClick={() => void navigator.clipboard.writeText(text).then(() => (setCopied(true), setTimeout(() => setCopied(false), 1_500)))}
    >
      {copied ? "Copied" : label}
    </button>
  );
}

/** The browser's own dialog: it keeps the focus, and Escape closes it. */
export function Dialog({ title, close, children }: { readonly title: string; readonly close: () => void; readonly children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opened = dialog.current;
    opened?.showModal();
    opened?.querySelector<HTMLElement>("input, select, textarea")?.focus();
    return () => opened?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => (event.preventDefault(), close())}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div className="dialog">
        <div className="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" className="quiet" aria-label="Close" onClick={close}>
            ✕
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

export function Field({
  label,
  error,
  hint,
  children,
}: {
  readonly label: string;
  readonly error?: string | undefined;
  readonly hint?: string | undefined;
  readonly children: (props: { id: string; "aria-invalid": boolean; "aria-describedby": string | undefined }) => ReactNode;
}) {
  const id = useId();
  const described = error !== undefined || hint !== undefined ? `${id}-said` : undefined;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-invalid": error !== undefined, "aria-describedby": described })}
      {described !== undefined && (
        <p id={described} className={error === undefined ? "hint" : "wrong"} role={error === undefined ? undefined : "alert"}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

/** Asks why, and does it. What it is refused for is told in the server's words. */
export function NoteForm({
  verb,
  act,
  close,
  disabled = false,
  hint,
  children,
}: {
  readonly verb: string;
  /** Closes the dialog itself, or throws. */
  readonly act: (note: string) => Promise<void>;
  readonly close: () => void;
  readonly disabled?: boolean;
  readonly hint?: string;
  /** Fields above the note. */
  readonly children?: ReactNode;
}) {
  const [note, setNote] = useState("");
  const [problem, setProblem] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = (): void => {
    setBusy(true);
    setProblem(null);
    act(note.trim()).catch((error: Error) => {
      setProblem(error);
      setBusy(false);
    });
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), submit())}>
      {children}
      <Field label="Note for the audit log" hint={hint}>
        {(props) => <input {...props} value={note} required maxLength={500} onChange={(event) => setNote(event.target.value)} />}
      </Field>
      {problem !== null && <Problem error={problem} />}
      <div className="buttons">
        <button type="button" onClick={close}>
          Close
        </button>
        <button type="submit" className="primary" disabled={busy || disabled || note.trim() === ""}>
          {verb}
        </button>
      </div>
    </form>
  );
}

export function Segments({
  label,
  values,
  value,
  choose,
}: {
  readonly label: string;
  readonly values: readonly string[];
  readonly value: string;
  readonly choose: (value: string) => void;
}) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {values.map((one) => (
        <button key={one} type="button" aria-pressed={value === one} onClick={() => choose(one)}>
          {one}
        </button>
      ))}
    </div>
  );
}

export function Figure({
  label,
  value,
  tone,
  status,
  children,
}: {
  readonly label: string;
  readonly value: string;
  readonly tone?: Tone | undefined;
  /** Leads to the sagas of this status. */
  readonly status?: string;
  readonly children: ReactNode;
}) {
  const inside = (
    <>
      <p className="eyebrow">{label}</p>
      <p className="figure num">{value}</p>
      <p className="hint">{children}</p>
    </>
  );
  return status === undefined ? (
    <div className="card figure-card" data-tone={tone}>
      {inside}
    </div>
  ) : (
    <Link to="/console/sagas" search={{ status }} className="card figure-card" data-tone={tone}>
      {inside}
    </Link>
  );
}

export const Statements = ({ statements }: { readonly statements: readonly string[] }) => (
  <>
    {statements.map((statement) => (
      <div key={statement} className="statement">
        <pre>{statement}</pre>
        <Copy text={statement} />
      </div>
    ))}
  </>
);
