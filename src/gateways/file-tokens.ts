import { errors, jwtVerify, SignJWT } from "jose";
import { processNow } from "../kernel/clock.ts";

/** What a URL of ours allows: putting the bytes of one file, or getting them. */
export type FileUse = "put" | "get";

const algorithm = "HS256";

/** Signs and reads the tokens in our own URLs of files. Every process with the same secret accepts them. */
export class FileTokens {
  readonly #secret: Uint8Array;

  constructor(secret: string) {
    this.#secret = new TextEncoder().encode(secret);
  }

  sign(use: FileUse, fileId: string, expiresAt: Date): Promise<string> {
    return new SignJWT().setProtectedHeader({ alg: algorithm }).setSubject(fileId).setAudience(use).setExpirationTime(expiresAt).sign(this.#secret);
  }

  /** The file's id; `expired` for a token that was good once, null for one that never was for this use. */
  async read(use: FileUse, token: string): Promise<{ fileId: string } | "expired" | null> {
    try {
      const { payload } = await jwtVerify(token, this.#secret, {
        algorithms: [algorithm],
        audience: use,
        requiredClaims: ["exp", "sub"],
        currentDate: processNow(),
      });
      return { fileId: payload.sub ?? "" };
    } catch (error) {
      if (error instanceof errors.JWTExpired) return "expired";
      return null;
    }
  }
}
