import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { SignedIn } from "../client/api-client.ts";

/** Access tokens between two calls of the command line, so that ten verbs in a minute are one sign-in. Only this account may read them. */
export class TokenCache {
  readonly #file: string;

  /** @param of what the token is for: address and account */
  constructor(environment: NodeJS.ProcessEnv, ...of: readonly string[]) {
    const given = environment["XDG_CACHE_HOME"] ?? "";
    const root = given === "" ? join(homedir(), ".cache") : given;
    this.#file = join(root, "mentorplatform", `${createHash("sha256").update(of.join("\n")).digest("hex").slice(0, 32)}.json`);
  }

  /** One that is good for a while yet. */
  find(now: Date): string | null {
    try {
      const { accessToken, expiresAt } = JSON.parse(readFileSync(this.#file, "utf8")) as Record<keyof SignedIn, unknown>;
      const isGood = typeof accessToken === "string" && new Date(String(expiresAt)).getTime() > now.getTime() + marginMs;
      return isGood ? accessToken : null;
    } catch {
      return null;
    }
  }

  /** Where nothing can be written, the next call signs in again. */
  keep(token: SignedIn): void {
    try {
      mkdirSync(join(this.#file, ".."), { recursive: true, mode: 0o700 });
      rmSync(this.#file, { force: true });
      writeFileSync(this.#file, JSON.stringify(token), { mode: 0o600 });
    } catch {
      return;
    }
  }

  forget(): void {
    rmSync(this.#file, { force: true });
  }
}

const marginMs = 60_000;
