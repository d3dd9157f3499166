import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { calculateJwkThumbprint, createLocalJWKSet, errors, exportJWK, type FlattenedJWSInput, importPKCS8, type JWK, SignJWT } from "jose";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { processNow } from "../kernel/clock.ts";
import { isId } from "../kernel/ids.ts";
import { startupError } from "../kernel/startup-error.ts";
import { secretFile } from "./secret-file.ts";
import { leewaySeconds, verifyToken } from "./verify-token.ts";

/** Who a valid token speaks for. Whether the account may still act is for its row to say: see `tokenGeneration`. */
export interface Subject {
  readonly userId: string;
  readonly roles: readonly string[];
  /** The account's generation when the token was issued; raising it on the account ends every token issued before. */
  readonly tokenGeneration: number;
  /** The sign-in that the token is of; null: it is of none that could be ended by itself. */
  readonly signInId: string | null;
  readonly expiresAt: Date;
}

/** Issues and checks access tokens. */
export interface Identity {
  issue(
    user: { readonly id: string; readonly roles: readonly string[]; readonly tokenGeneration: number },
    signInId?: string,
  ): Promise<{ accessToken: string; expiresAt: Date }>;
  /** Null for a token that is not ours, edited, expired, or not a token at all. */
  verify(token: string): Promise<Subject | null>;
  /** The public keys of all tokens that are accepted, for others who want to check them. */
  readonly publicKeys: { readonly keys: readonly JWK[] };
}

export interface IdentityOptions {
  /** Ed25519, PKCS #8, PEM. */
  readonly privateKey: string;
  /** Ed25519, PEM: further keys whose tokens are accepted, those before and after this one. Default: none. */
  readonly acceptedKeys?: readonly string[];
  readonly ttlSeconds: number;
  /** Default: the process's clock. */
  readonly now?: () => Date;
}

// One algorithm and one kind of key: a token cannot talk its reader into another.
const algorithm = "EdDSA";
const tokenType = "at+jwt";
const issuer = "mentorplatform";
const audience = "mentorplatform-api";
const maxTokenLength = 4_096;
/** Tokens of which it is known that they are ours: as many as a process has callers in a while. */
const maxVerified = 10_000;

const claims = z.object({
  sub: z.string().refine(isId),
  roles: z.array(z.string()).max(20),
  gen: z.int().min(0),
  sid: z.string().refine(isId).optional(),
  exp: z.int(),
});

/** Ed25519-signed JWTs; no state, so every process with the same key accepts them. */
export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const now = options.now ?? processNow;
  const privateKey = await importPKCS8(options.privateKey, algorithm);
  const keys = await Promise.all([options.privateKey, ...(options.acceptedKeys ?? [])].map(publicKeyOf));
  const kid = keys[0]?.kid ?? "";
  const find = createLocalJWKSet({ keys: [...new Map(keys.map((key) => [key.kid, key])).values()] });
  const rules = {
    // Every token of ours says by which key it is; without that, the only key there is would do.
    getKey: (header: { kid?: string }, token: FlattenedJWSInput) =>
      header.kid === undefined ? Promise.reject(new errors.JWKSNoMatchingKey()) : find(header, token),
    algorithms: [algorithm],
    types: [tokenType],
    issuer,
    audience,
    now,
    maxLength: maxTokenLength,
  };
  const verified = new LRUCache<string, z.infer<typeof claims>>({ max: maxVerified });
  return {
    publicKeys: { keys },
    async issue(user, signInId) {
      const issuedAt = Math.floor(now().getTime() / 1_000);
      const expiresAt = issuedAt + options.ttlSeconds;
      const accessToken = await new SignJWT({ roles: [...user.roles], gen: user.tokenGeneration, ...(signInId !== undefined && { sid: signInId }) })
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
      // A signature stays what it is: of a token that was good, only the time has to be looked at again.
      const found = verified.get(token) ?? (await verifyToken(token, rules, claims));
      if (found === null || found.exp + leewaySeconds <= now().getTime() / 1_000) return null;
      verified.set(token, found);
      const { sub, roles, gen, sid, exp } = found;
      return { userId: sub, roles, tokenGeneration: gen, signInId: sid ?? null, expiresAt: new Date(exp * 1_000) };
    },
  };
}

async function publicKeyOf(pem: string): Promise<JWK> {
  const jwk = await exportJWK(createPublicKey(pem));
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: algorithm, use: "sig" };
}

/**
 * The signing key: the file of JWT_PRIVATE_KEY_FILE, or one made once in the data directory, readable by its owner only.
 *
 * @throws {StartupError} the file is missing or is not an Ed25519 key
 */
export function loadSigningKey(file: string | null, dataDir: string): string {
  const path = file ?? join(dataDir, "jwt-ed25519.pem");
  try {
    const pem = file === null ? secretFile(path, makeKey) : readFileSync(path, "utf8");
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

/**
 * Further keys whose tokens are accepted, public or private, each from a file of its own.
 *
 * @throws {StartupError} one of the files is missing or holds no Ed25519 key
 */
export const loadAcceptedKeys = (files: readonly string[]): string[] =>
  files.map((path) => {
    try {
      const pem = readFileSync(path, "utf8");
      if (createPublicKey(pem).asymmetricKeyType !== "ed25519") throw new Error("a key of another kind");
      return pem;
    } catch (cause) {
      throw startupError(
        {
          found: `JWT_ACCEPTED_KEY_FILES: expected an Ed25519 key (PEM) in ${path}, found: ${cause instanceof Error ? cause.message : String(cause)}`,
          why: "Access tokens signed with it are accepted, beside those signed with the key of JWT_PRIVATE_KEY_FILE.",
          remedy: "Name files of public keys, for example made with: openssl pkey -in jwt-ed25519.pem -pubout -out jwt-ed25519.pub.pem",
          code: "CONFIG_ACCEPTED_KEY",
        },
        cause,
      );
    }
  });

const makeKey = (): string => generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
