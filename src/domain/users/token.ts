import { createHash, randomBytes } from "node:crypto";

/** What is given away, and what is kept of it. */
export interface NewToken {
  /** 256 bits at random, base64url. */
  readonly token: string;
  readonly hash: Buffer;
}

/** SHA-256 without salt or stretching: nobody guesses 256 bits at random, so a stolen table opens nothing. */
export const hashToken = (token: string): Buffer => createHash("sha256").update(token).digest();

export function newToken(): NewToken {
  const token = randomBytes(32).toString("base64url");
  return { token, hash: hashToken(token) };
}
