import { createHash } from "node:crypto";
import { fileTypeFromTokenizer } from "file-type";
import { EndOfStreamError, fromStream } from "strtok3";
import { Refusal } from "../../kernel/errors.ts";
import type { FileObject } from "./file-object.ts";
import type { Arrival, Scanner } from "./file-store.port.ts";

/**
 * Compares what was put with what was announced: size, type by its first bytes, SHA-256, and nothing malicious in it.
 *
 * @throws {Refusal} FILE_DAMAGED, FILE_TYPE_NOT_ALLOWED, FILE_UNSAFE
 * @throws {Transient} store or scanner do not answer
 */
export async function checkBytes(file: FileObject, arrival: Arrival, scanner: Scanner): Promise<void> {
  if (arrival.byteSize !== file.byteSize)
    throw new Refusal("FILE_DAMAGED", `${file.fileName} was announced with ${file.byteSize} bytes and arrived with ${arrival.byteSize}.`);

  const found = await typeOf(arrival);
  if (found !== file.contentType)
    throw new Refusal("FILE_TYPE_NOT_ALLOWED", `${file.fileName} was announced as ${file.contentType}, but is ${found ?? "of no type that is known here"}.`);

  const hash = createHash("sha256");
  const bytes = await arrival.open();
  const threat = await scanner.scan(hashed(bytes, hash)).finally(() => bytes.destroy());
  if (hash.digest("hex") !== file.sha256) throw new Refusal("FILE_DAMAGED", `${file.fileName} has arrived with another SHA-256 than announced.`);
  if (threat !== null) throw new Refusal("FILE_UNSAFE", `${file.fileName} was found to contain ${threat}.`);
}

/** Null: of no type that is known, also when it begins like one and does not go on like it. */
async function typeOf(arrival: Arrival): Promise<string | null> {
  const bytes = await arrival.open();
  try {
    return (await fileTypeFromTokenizer(await fromStream(bytes)))?.mime ?? null;
  } catch (error) {
    if (error instanceof EndOfStreamError) return null;
    throw error;
  } finally {
    bytes.destroy();
  }
}

async function* hashed(bytes: AsyncIterable<Buffer>, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  for await (const part of bytes) {
    hash.update(part);
    yield part;
  }
}
