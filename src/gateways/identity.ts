import { generateKeyPairSync } from "node:crypto";
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { calculateJwkThumbprint, errors, exportJWK, importPKCS8, jwtVerify, SignJWT } from "jose";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { z } from "zod";
import { processNow } from "../kernel/clock.ts";
import { isId } from "../kernel/ids.ts";
import { startupError } from "../kernel/startup-error.ts";

/** Who a valid token speaks for. Whether the account may still act is for its row to say: see `tokenGeneration`. */
export interface Subject {
  readonly userId: string;
  readonly roles: readonly string[];
  /** The account's generation when the token was issued; raising it on the account ends every token issued before. */
  readonly tokenGeneration: number;
  readonly expiresAt: Date;
}

/** Issues and checks access tokens. */
export interface Identity {
  issue(user: { readonly id: string; readonly roles: readonly string[]; readonly tokenGeneration: number }): Promise<{ accessToken: string; expiresAt: Date }>;
  /** Null for a token that is not ours, edited, expired, or not a token at all. */
  verify(token: string): Promise<Subject | null>;
}

export interface IdentityOptions {
  /** Ed25519, PKCS #8, PEM. */
  readonly privateKey: string;
  readonly ttlSeconds: number;
  /** Default: the process's clock. */
  readonly now?: () => Date;
}

// One algorithm and one kind of key: a token cannot talk its reader into another.
const algorithm = "EdDSA";
const tokenType = "at+jwt";
const issuer = "mentorplatform";
const audience = "mentorplatform-api";
/** How far the clocks of two of our processes may be apart. */
const leewaySeconds = 30;
const maxTokenLength = 4_096;

const claims = z.object({
  sub: z.string().refine(isId),
  roles: z.array(z.string()).max(20),
  gen: z.int().min(0),
  exp: z.int(),
});

/** Ed25519-signed JWTs; no state, so every process with the same key accepts them. */
export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const now = options.now ?? processNow;
  const privateKey = await importPKCS8(options.privateKey, algorithm);
  const publicKey = createPublicKey(createPrivateKey(options.privateKey));
  const kid = await calculateJwkThumbprint(await exportJWK(publicKey));
  return {
    async issue(user) {
      const issuedAt = Math.floor(now().getTime() / 1_000);
      const expiresAt = issuedAt + options.ttlSeconds;
      const accessToken = await new SignJWT({ roles: [...user.roles], gen: user.tokenGeneration })
        .setProtectedHeader({ alg: algorithm, typ: tokenType, kid })
        .setSubject(user.id)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(privateKey);
      return { accessToken, expiresAt: new Date(expiresAt * 1_000) };
    },
    async verify(token) {
      if (token.length > maxTokenLength) return null;
      try {
        const { payload } = await jwtVerify(token, publicKey, {
          algorithms: [algorithm],
          typ: tokenType,
          issuer,
          audience,
          clockTolerance: leewaySeconds,
          currentDate: now(),
          requiredClaims: ["sub", "iat", "exp"],
        });
        const { sub, roles, gen, exp } = claims.parse(payload);
        return { userId: sub, roles, tokenGeneration: gen, expiresAt: new Date(exp * 1_000) };
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof z.ZodError) return null;
        throw error;
      }
    },
  };
}

/**
 * The signing key: the file of JWT_PRIVATE_KEY_FILE, or one made once in the data directory, readable by its owner only.
 *
 * @throws {StartupError} the file is missing or is not an Ed25519 key
 */
export function loadSigningKey(file: string | null, dataDir: string): string {
  const path = file ?? join(dataDir, "jwt-ed25519.pem");
  if (file === null) makeKeyOnce(path);
  try {
    const pem = readFileSync(path, "utf8");
    if (createPrivateKey(pem).asymmetricKeyType !== "ed25519") throw new Error("a key of another kind");
    return pem;
  } catch (cause) {
    throw startupError(
      {
        found: `JWT_PRIVATE_KEY_FILE: expected an Ed25519 private key (PKCS #8, PEM) in ${path}, found: ${cause instanceof Error ? cause.message : String(cause)}`,
        why: "Access tokens are signed with it.",
        remedy: `Make one with: openssl genpkey -algorithm ed25519 -out ${path}`,
        code: "CONFIG_SIGNING_KEY",
      },
      cause,
    );
  }
}

function makeKeyOnce(path: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  const part = `${path}.${process.pid}`;
  writeFileSync(part, generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  chmodSync(part, 0o600);
  try {
    // A link appears whole or not at all, and the first of two processes wins.
    linkSync(part, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(part, { force: true });
  }
}
