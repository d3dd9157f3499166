import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Arrival, FileStore, StoredFile, UploadTarget } from "../domain/files/file-store.port.ts";
import { processNow } from "../kernel/clock.ts";
import { Transient } from "../kernel/errors.ts";
import type { FileTokens, FileUse } from "./file-tokens.ts";

export const FILES_PATH = "/files";

export interface FsFileStoreOptions {
  /** Where the files are kept; of all processes the same. */
  readonly root: string;
  readonly tokens: FileTokens;
  /** Where people reach the server, without a slash at the end; asked for each URL. */
  readonly baseUrl: () => string;
}

const staleMs = 24 * 3_600_000;

/** Files in a directory, put and got under URLs of our own, which `fileRoutes` serves. It tells by itself what arrives. */
export class FsFileStore implements FileStore {
  /** Kept files by their storage keys. */
  readonly keptRoot: string;
  readonly #incoming: string;
  readonly #options: FsFileStoreOptions;

  private constructor(options: FsFileStoreOptions) {
    this.#options = options;
    this.keptRoot = join(options.root, "kept");
    this.#incoming = join(options.root, "incoming");
  }

  /** Makes the directory if it is missing, and removes what interrupted uploads have left a day ago. */
  static async open(options: FsFileStoreOptions): Promise<FsFileStore> {
    const store = new FsFileStore(options);
    for (const directory of [store.keptRoot, store.#incoming]) await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(store.#incoming)) {
      const path = join(store.#incoming, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
      if (processNow().getTime() - mtimeMs > staleMs) await rm(path, { force: true });
    }
    return store;
  }

  async target(file: StoredFile, expiresAt: Date): Promise<UploadTarget> {
    return { url: await this.#url("put", file, expiresAt), headers: [{ name: "content-type", value: file.contentType }], expiresAt };
  }

  signedUrl(file: StoredFile, expiresAt: Date): Promise<string> {
    return this.#url("get", file, expiresAt);
  }

  /** @returns always null: what arrives is told by whoever writes it */
  arrival(): Promise<null> {
    return Promise.resolve(null);
  }

  /**
   * Writes what comes to disk, for somebody to look at.
   *
   * @throws {RangeError} more than `file.byteSize` bytes come
   */
  async write(file: StoredFile, bytes: Readable): Promise<Arrival> {
    const path = join(this.#incoming, `${file.id}.${randomBytes(6).toString("hex")}`);
    const kept = join(this.keptRoot, file.storageKey);
    const discard = (): Promise<void> => rm(path, { force: true });
    try {
      await pipeline(bytes.iterator({ destroyOnReturn: false }), atMost(file.byteSize), createWriteStream(path, { flags: "wx", mode: 0o600, flush: true }));
      return {
        byteSize: (await stat(path)).size,
        open: () => Promise.resolve(createReadStream(path)),
        keep: async () => {
          await mkdir(dirname(kept), { recursive: true, mode: 0o700 });
          await rename(path, kept);
          await syncDirectory(dirname(kept));
        },
        discard,
      };
    } catch (error) {
      await discard();
      throw (error as NodeJS.ErrnoException).code === "ENOSPC" ? new Transient("The disk for files is full", { cause: error }) : error;
    }
  }

  async put(storageKey: string, bytes: Buffer): Promise<void> {
    const path = join(this.keptRoot, storageKey);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, bytes, { mode: 0o600 });
  }

  async open(storageKey: string): Promise<Readable | null> {
    const handle = await open(join(this.keptRoot, storageKey)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    });
    return handle?.createReadStream() ?? null;
  }

  async delete(storageKey: string): Promise<void> {
    await rm(join(this.keptRoot, storageKey), { force: true });
  }

  async #url(use: FileUse, file: StoredFile, expiresAt: Date): Promise<string> {
    return `${this.#options.baseUrl()}${FILES_PATH}/${await this.#options.tokens.sign(use, file.id, expiresAt)}`;
  }
}

const atMost = (limit: number) =>
  async function* (bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let size = 0;
    for await (const part of bytes) {
      size += part.length;
      if (size > limit) throw new RangeError(`More than ${limit} bytes`);
      yield part;
    }
  };

/** A rename survives a crash of the machine only when its directory is on the disk. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
