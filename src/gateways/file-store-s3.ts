import { Readable } from "node:stream";
import { AwsClient } from "aws4fetch";
import { create as contentDisposition } from "content-disposition";
import type { Arrival, FileStore, StoredFile, UploadTarget } from "../domain/files/file-store.port.ts";
import { processNow } from "../kernel/clock.ts";
import { Permanent, Transient } from "../kernel/errors.ts";

export interface S3FileStoreOptions {
  /** Where the buckets are, e.g. https://s3.eu-west-1.amazonaws.com; the bucket is named in the path. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Until an answer begins. Default 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Files in a bucket of S3 or a store that speaks like it. People put and get them there, by URLs signed for one object and a few minutes; what
 * they have put lies below `incoming/` until it was looked at, and is then copied, in exactly that version, to where nobody can put anything.
 */
export class S3FileStore implements FileStore {
  readonly #client: AwsClient;
  readonly #base: string;
  readonly #bucket: string;
  readonly #timeoutMs: number;

  constructor({ endpoint, region, bucket, accessKeyId, secretAccessKey, timeoutMs = 10_000 }: S3FileStoreOptions) {
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3", retries: 0 });
    this.#base = `${endpoint.replace(/\/+$/, "")}/${bucket}`;
    this.#bucket = bucket;
    this.#timeoutMs = timeoutMs;
  }

  async target(file: StoredFile, expiresAt: Date): Promise<UploadTarget> {
    const headers = { "content-type": file.contentType, "content-length": String(file.byteSize) };
    const url = await this.#sign("PUT", incoming(file.storageKey), expiresAt, headers);
    return { url, headers: [{ name: "content-type", value: file.contentType }], expiresAt };
  }

  signedUrl(file: StoredFile, expiresAt: Date): Promise<string> {
    return this.#sign("GET", file.storageKey, expiresAt);
  }

  async arrival(file: StoredFile): Promise<Arrival | null> {
    const from = incoming(file.storageKey);
    const found = await this.#call("HEAD", from);
    if (found === null) return null;
    const etag = found.headers.get("etag") ?? "";
    const open = async (): Promise<Readable> => {
      const answer = await this.#call("GET", from, { "if-match": etag });
      if (answer === null) throw new Transient("The upload has been replaced while it was looked at");
      return bodyOf(answer);
    };
    return {
      byteSize: Number(found.headers.get("content-length")),
      open,
      keep: async () => {
        const copied = await this.#call("PUT", file.storageKey, {
          "x-amz-copy-source": `/${this.#bucket}/${from}`,
          "x-amz-copy-source-if-match": etag,
          "x-amz-metadata-directive": "REPLACE",
          "content-type": file.contentType,
          "content-disposition": contentDisposition(file.fileName),
        });
        // Somebody else has kept it meanwhile.
        if (copied === null && (await this.#call("HEAD", file.storageKey)) === null) throw new Transient("The upload has been replaced while it was looked at");
        // An error may come with a status of success, in the body.
        if (copied !== null && (await copied.text()).includes("<Error>")) throw new Transient("The file store could not copy the upload");
        await this.#call("DELETE", from);
      },
      discard: async () => {
        await this.#call("DELETE", from);
      },
    };
  }

  async put(storageKey: string, bytes: Buffer): Promise<void> {
    await this.#call("PUT", storageKey, {}, bytes);
  }

  async open(storageKey: string): Promise<Readable | null> {
    const answer = await this.#call("GET", storageKey);
    return answer === null ? null : bodyOf(answer);
  }

  async delete(storageKey: string): Promise<void> {
    for (const key of [storageKey, incoming(storageKey)]) await this.#call("DELETE", key);
  }

  /** Null: there is no such object, or it is another one by now. */
  async #call(method: string, key: string, headers: Record<string, string> = {}, body?: Buffer): Promise<Response | null> {
    let answer: Response;
    const control = new AbortController();
    const timer = setTimeout(() => control.abort(), this.#timeoutMs);
    try {
      answer = await this.#client.fetch(`${this.#base}/${key}`, { method, headers, signal: control.signal, ...(body !== undefined && { body }) });
    } catch (cause) {
      throw new Transient(control.signal.aborted ? "The file store does not answer" : "The file store cannot be reached", { cause });
    } finally {
      clearTimeout(timer);
    }
    const { status } = answer;
    if (answer.ok) return answer;
    await answer.body?.cancel();
    if (status === 404 || status === 412) return null;
    const said = `The file store answered ${status}${status === 403 ? " (key not accepted)" : ""}`;
    throw status >= 500 || status === 408 || status === 429 ? new Transient(said) : new Permanent(said);
  }

  async #sign(method: string, key: string, expiresAt: Date, headers: Record<string, string> = {}): Promise<string> {
    const seconds = Math.ceil((expiresAt.getTime() - processNow().getTime()) / 1_000);
    const url = `${this.#base}/${key}?X-Amz-Expires=${seconds}`;
    return (await this.#client.sign(url, { method, headers, aws: { signQuery: true, allHeaders: true } })).url;
  }
}

const incoming = (storageKey: string): string => `incoming/${storageKey}`;

const bodyOf = (answer: Response): Readable => (answer.body === null ? Readable.from([]) : Readable.fromWeb(answer.body));
