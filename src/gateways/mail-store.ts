import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ParsedMail, simpleParser } from "mailparser";
import { processNow } from "../kernel/clock.ts";

/** What the mailbox lists of one mail. */
export interface StoredMail {
  /** Hash of the Message-ID: a mail that is sent again is the same mail. */
  readonly id: string;
  readonly messageId: string;
  readonly from: string;
  readonly recipients: readonly string[];
  readonly subject: string;
  /** The last copy's arrival. */
  readonly receivedAt: string;
  /** How often it has arrived. */
  readonly copies: number;
}

/** What is in one mail. */
export interface MailContent {
  readonly text: string;
  readonly html: string | null;
  /** The .ics that comes with it; null without one. */
  readonly calendar: string | null;
}

const maxMails = 5_000;

/** Loaded with the first mail: the parser takes a tenth of the program's start. */
async function parse(...args: Parameters<typeof simpleParser>): Promise<ParsedMail> {
  return await (await import("mailparser")).simpleParser(...args);
}

/** Mails as files: `<id>.eml` as it arrived first, and `<id>.json` for the list. The oldest are removed beyond 5,000. */
export class MailStore {
  readonly #directory: string;
  /** Oldest first. */
  readonly #mails = new Map<string, StoredMail>();
  #writing: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const known = readdirSync(directory)
      .filter((name) => name.endsWith(".json"))
      .flatMap((name) => {
        try {
          return [JSON.parse(readFileSync(join(directory, name), "utf8")) as StoredMail];
        } catch {
          // Half written when the process was killed; its sender has had no answer and sends it again.
          return [];
        }
      });
    for (const mail of known.toSorted((a, b) => a.receivedAt.localeCompare(b.receivedAt))) this.#mails.set(mail.id, mail);
  }

  get count(): number {
    return this.#mails.size;
  }

  /** Newest first. */
  list(): StoredMail[] {
    return [...this.#mails.values()].toReversed();
  }

  find(id: string): StoredMail | null {
    return this.#mails.get(id) ?? null;
  }

  async read(id: string): Promise<MailContent | null> {
    if (!this.#mails.has(id)) return null;
    const parsed = await parse(await readFile(join(this.#directory, `${id}.eml`)), { skipImageLinks: true });
    const calendar = parsed.attachments.find(({ contentType }) => contentType === "text/calendar" || contentType === "application/ics");
    return { text: parsed.text ?? "", html: parsed.html === false ? null : (parsed.html ?? null), calendar: calendar?.content.toString("utf8") ?? null };
  }

  /** One mail after the other, so that copies which arrive together are counted. Resolves when the files are written. */
  add(raw: Buffer, recipients: readonly string[]): Promise<void> {
    const added = this.#writing.then(() => this.#add(raw, recipients));
    this.#writing = added.catch(() => undefined);
    return added;
  }

  /** Resolves when no file is being written any more. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  async #add(raw: Buffer, recipients: readonly string[]): Promise<void> {
    const end = raw.indexOf("\r\n\r\n");
    const headers = await parse(end === -1 ? raw : raw.subarray(0, end + 4));
    const messageId = headers.messageId ?? "";
    const id = createHash("sha256")
      .update(messageId === "" ? raw : messageId)
      .digest("hex")
      .slice(0, 32);
    const before = this.#mails.get(id);
    const mail: StoredMail = {
      id,
      messageId,
      from: headers.from?.text ?? "",
      recipients: [...new Set([...(before?.recipients ?? []), ...recipients])],
      subject: headers.subject ?? "",
      receivedAt: processNow().toISOString(),
      copies: (before?.copies ?? 0) + 1,
    };
    if (before === undefined) await this.#write(`${id}.eml`, raw);
    await this.#write(`${id}.json`, JSON.stringify(mail));
    this.#mails.delete(id);
    this.#mails.set(id, mail);
    const [oldest] = this.#mails.keys();
    if (this.#mails.size > maxMails && oldest !== undefined) {
      this.#mails.delete(oldest);
      await Promise.all([".eml", ".json"].map((ending) => rm(join(this.#directory, oldest + ending), { force: true })));
    }
  }

  async #write(name: string, content: Buffer | string): Promise<void> {
    const path = join(this.#directory, name);
    await writeFile(`${path}.part`, content, { mode: 0o600 });
    await rename(`${path}.part`, path);
  }
}
