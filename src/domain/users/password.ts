import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { Defect } from "../../kernel/errors.ts";

/** Cost of one hash: memory in KiB, passes over it, lanes. Stored in every hash, so a change concerns new hashes only. */
export interface PasswordCost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** 19 MiB, two passes, one lane: the least that OWASP's Password Storage Cheat Sheet accepts for argon2id. */
export const accountCost: PasswordCost = { memory: 19_456, passes: 2, parallelism: 1 };

const TAG_BYTES = 32;
const SALT_BYTES = 16;
const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,4}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;

/** Hashes with argon2id into a PHC string; runs off the main thread. `salt` is given only where the result must be the same every time. */
export async function hashPassword(password: string, cost: PasswordCost = accountCost, salt: Uint8Array = randomBytes(SALT_BYTES)): Promise<string> {
  const tag = await derive(password, salt, cost, TAG_BYTES);
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

/**
 * Tells whether the password made the hash; the comparison takes the same time whatever the password.
 *
 * @throws {Defect} the stored text is no argon2id PHC string
 */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [, memory, passes, parallelism, salt, tag] = PHC.exec(hash) ?? [];
  if (salt === undefined || tag === undefined) throw new Defect("A stored password hash is not an argon2id PHC string");
  const expected = Buffer.from(tag, "base64");
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  return timingSafeEqual(await derive(password, Buffer.from(salt, "base64"), cost, expected.length), expected);
}

function derive(password: string, nonce: Uint8Array, cost: PasswordCost, tagLength: number): Promise<Buffer> {
  // One person types an accented letter as one code point, another as two; both mean the same password.
  const message = password.normalize("NFKC");
  return new Promise((resolve, reject) => {
    argon2("argon2id", { message, nonce, ...cost, tagLength }, (error, tag) => (error === null ? resolve(tag) : reject(error)));
  });
}

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replaceAll("=", "");
