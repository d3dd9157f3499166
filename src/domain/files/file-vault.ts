import { createHash } from "node:crypto";
import type { EntityManager } from "@mikro-orm/postgresql";
import { processNow } from "../../kernel/clock.ts";
import { Refusal } from "../../kernel/errors.ts";
import { isId } from "../../kernel/ids.ts";
import type { Log } from "../../kernel/log.ts";
import { Loop } from "../../kernel/loop.ts";
import { query } from "../../outbox/index.ts";
import { InputCheck } from "../input.ts";
import { checkBytes } from "./check-bytes.ts";
import type { NamedUpload } from "./claim.ts";
import { FileObject } from "./file-object.ts";
import type { Arrival, FileStore, Scanner, UploadTarget } from "./file-store.port.ts";

export interface FileVaultParts {
  readonly store: FileStore;
  readonly scanner: Scanner;
  /** A fresh fork. */
  readonly em: () => EntityManager;
  readonly log: Log;
}

const uploadMs = 15 * 60_000;
const downloadMs = 5 * 60_000;
const purgeIntervalMs = 60_000;
const purgeBatch = 100;

/** What became of stored bytes: as they were announced, gone, or others. */
export type Soundness = "sound" | "missing" | "damaged";

/** Files: the rows that say what they are, and the store that has their bytes. Nothing of it happens inside somebody else's transaction. */
export class FileVault {
  readonly #parts: FileVaultParts;
  #purging: Loop | null = null;

  constructor(parts: FileVaultParts) {
    this.#parts = parts;
  }

  /** Where its owner puts the file's bytes, for fifteen minutes. */
  target(file: FileObject): Promise<UploadTarget> {
    return this.#parts.store.target(file, after(uploadMs));
  }

  /** A URL for five minutes, for whoever has it. Ask who may see the file before. */
  downloadUrl(file: FileObject): Promise<string> {
    return this.#parts.store.signedUrl(file, after(downloadMs));
  }

  /**
   * Takes what was put for a file, if it is what was announced; otherwise it is thrown away, and can be put again. Taken twice is taken once.
   *
   * @throws {Refusal} FILE_DAMAGED, FILE_TYPE_NOT_ALLOWED, FILE_UNSAFE @throws {Transient} store or scanner do not answer
   */
  async receive(file: FileObject, arrival: Arrival): Promise<void> {
    try {
      await checkBytes(file, arrival, this.#parts.scanner);
    } catch (error) {
      if (error instanceof Refusal) await arrival.discard();
      throw error;
    }
    // In this order: a file that is said to be there is there.
    await arrival.keep();
    const stored = await query(
      this.#parts.em(),
      "update file_object set state = 'STORED', stored_at = now(), updated_at = now() where id = $1 and state = 'ISSUED' and expires_at > now() returning 1",
      [file.id],
    );
    if (stored.length > 0) return;
    const now = await this.find(file.id);
    // The sweeper may have been here in between; then nobody refers to what was just kept.
    if (now === null || now.state === "PURGED") await this.#parts.store.delete(file.storageKey);
  }

  /**
   * Looks whether uploads that a mutation is about to claim have arrived, where the store does not tell that by itself.
   *
   * @throws {Refusal} what is wrong with each, at its field @throws {Transient} store or scanner do not answer
   */
  async settle(ownerId: string, uploads: readonly NamedUpload[]): Promise<void> {
    const waiting = await this.#parts.em().find(FileObject, { id: { $in: uploads.map(({ id }) => id).filter(isId) }, ownerId, state: "ISSUED" });
    const check = new InputCheck();
    for (const file of waiting) {
      const arrival = await this.#parts.store.arrival(file);
      if (arrival === null) continue;
      try {
        await this.receive(file, arrival);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        check.refuse(error.code, error.message, uploads.find(({ id }) => id.toLowerCase() === file.id)?.field ?? null);
      }
    }
    check.done();
  }

  /** Reads the stored bytes whole. @throws {Transient} the store does not answer */
  async inspect(file: FileObject): Promise<Soundness> {
    const bytes = await this.#parts.store.open(file.storageKey);
    if (bytes === null) return "missing";
    const hash = createHash("sha256");
    for await (const part of bytes) hash.update(part as Buffer);
    return hash.digest("hex") === file.sha256 ? "sound" : "damaged";
  }

  async find(id: string): Promise<FileObject | null> {
    return isId(id) ? this.#parts.em().findOne(FileObject, id) : null;
  }

  /** Removes what has expired, as long as the program runs; several processes may do so at once. */
  startPurging(): void {
    const { log } = this.#parts;
    this.#purging = new Loop({
      pass: async () => ((await this.purge()) === purgeBatch ? 0 : purgeIntervalMs),
      onError: (error) => log.warn({ err: error }, "Files that have expired could not be removed; trying again"),
    });
    this.#purging.start();
  }

  async stop(): Promise<void> {
    await this.#purging?.stop();
  }

  /** Removes at most a hundred expired files. @returns how many there were */
  async purge(): Promise<number> {
    const { store, em } = this.#parts;
    return em().transactional(async (tx) => {
      const expired = await query<{ id: string; storage_key: string }>(
        tx,
        "select id, storage_key from file_object where expires_at < now() order by expires_at limit $1 for update skip locked",
        [purgeBatch],
      );
      // Bytes first: what is removed twice does no harm, what is forgotten stays for ever.
      for (const { storage_key: key } of expired) await store.delete(key);
      await query(tx, "update file_object set state = 'PURGED', expires_at = null, updated_at = now() where id = any($1::uuid[])", [
        expired.map(({ id }) => id),
      ]);
      return expired.length;
    });
  }
}

const after = (ms: number): Date => new Date(processNow().getTime() + ms);
