import type { Readable } from "node:stream";
import type { FileObject } from "./file-object.ts";

/** What a store and its URLs need of a file. */
export type StoredFile = Pick<FileObject, "id" | "storageKey" | "fileName" | "contentType" | "byteSize" | "state">;

/** Where a person puts the bytes of an upload. */
export interface UploadTarget {
  /** For one PUT request, without further authentication. */
  readonly url: string;
  /** Headers that the request has to have, exactly so. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly expiresAt: Date;
}

/** Bytes that somebody has put, before anybody has looked at them. They do not change while they are looked at. */
export interface Arrival {
  readonly byteSize: number;
  /** The bytes from the first; may be asked for several times. */
  open(): Promise<Readable>;
  /** Keeps exactly these bytes as the file. Doing so twice changes nothing. @throws {Transient} others have been put meanwhile, or the store is away */
  keep(): Promise<void>;
  /** Throws them away. */
  discard(): Promise<void>;
}

/** Port to where files are kept, by their storage key. What it throws is {Transient} when the store does not answer. */
export interface FileStore {
  /** A place for the bytes of this file, good until `expiresAt`. */
  target(file: StoredFile, expiresAt: Date): Promise<UploadTarget>;
  /** What was put for the file and is not kept yet; null: nothing, as far as this store does not tell by itself. */
  arrival(file: StoredFile): Promise<Arrival | null>;
  /** Keeps bytes that the program itself has made. */
  put(storageKey: string, bytes: Buffer): Promise<void>;
  /** Null: there is no such file. */
  open(storageKey: string): Promise<Readable | null>;
  /** A URL under which everybody who has it can load the file until `expiresAt`; a browser saves it instead of showing it. */
  signedUrl(file: StoredFile, expiresAt: Date): Promise<string>;
  /** Removes the file, and what was put for it. One that is not there changes nothing. */
  delete(storageKey: string): Promise<void>;
}

/** Port to what looks for malicious content. */
export interface Scanner {
  /**
   * Reads the bytes to their end.
   *
   * @returns the name of what was found; null: nothing
   * @throws {Transient} the scanner does not answer or cannot take the file: it counts as neither good nor bad
   */
  scan(bytes: AsyncIterable<Buffer>): Promise<string | null>;
}
