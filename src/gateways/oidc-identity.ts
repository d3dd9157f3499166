import { createRemoteJWKSet, errors, type FlattenedJWSInput, type JWTHeaderParameters, type RemoteJWKSet } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { AdoptAccount, ExternalPerson } from "../domain/users/identity.port.ts";
import { processNow } from "../kernel/clock.ts";
import { Transient } from "../kernel/errors.ts";
import type { Log } from "../kernel/log.ts";
import type { Subject } from "./identity.ts";
import { verifyToken } from "./verify-token.ts";

export interface OidcOptions {
  /** As it stands in `iss` of its tokens, to the letter. */
  readonly issuer: string;
  readonly audience: string;
  /** The claim with a person's roles: its name, or a path with dots through objects. Null: the issuer does not decide about roles. */
  readonly roleClaim: string | null;
  readonly adopt: AdoptAccount;
  readonly log: Log;
  /** Default: the process's clock. */
  readonly now?: () => Date;
  /** How often an unknown key may make us ask the issuer. Default 30,000. */
  readonly cooldownMs?: number;
}

/** The issuer's tokens know nothing of our accounts' generations. */
type ExternalSubject = Omit<Subject, "tokenGeneration"> & { readonly tokenGeneration: null };

/** Only signatures that need the issuer's private key. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
/** Access tokens by RFC 9068, and those of issuers that say less; a logout token, for one, is none. Whom a token is for, `aud` decides. */
const types = ["at+jwt", "jwt", null];
const maxTokenLength = 8_000;
/** Keys are asked for again after so long, so that a key that the issuer gave up is given up here. */
const keysMaxAgeMs = 600_000;
const requestTimeoutMs = 5_000;
const MAX_KNOWN = 20_000;
const KNOWN_FOR_MS = 60_000;

const text = (max: number) => z.string().refine((value) => value.isWellFormed() && !value.includes("\0") && value.length <= max);
const claims = z.looseObject({ iss: z.string(), sub: text(255).min(1), exp: z.int() });
type Claims = z.infer<typeof claims>;

/**
 * Checks the access tokens of an outside issuer: its keys by discovery, its accounts made here at first sight.
 *
 * Keys that are known stay in use while the issuer does not answer. Only a token by a key that is not known cannot be judged then.
 */
export function createOidcIdentity(options: OidcOptions): { verify(token: string): Promise<ExternalSubject | null> } {
  const { issuer, audience, now = processNow } = options;
  const keys = new IssuerKeys(options);
  const known = new LRUCache<string, { readonly said: string; readonly account: Promise<{ readonly userId: string }> }>({ max: MAX_KNOWN, ttl: KNOWN_FOR_MS });
  const rules = { getKey: keys.find, algorithms, types, issuer, audience, now, maxLength: maxTokenLength };

  /** Asked again as soon as a person's token says something else than the last one did, and once a minute, since other processes hear tokens too. */
  const accountOf = (person: ExternalPerson): Promise<{ readonly userId: string }> => {
    const said = JSON.stringify([person.email, person.roles]);
    const last = known.get(person.subject);
    if (last?.said === said) return last.account;
    const now = { said, account: options.adopt(person) };
    known.set(person.subject, now);
    now.account.catch(() => known.get(person.subject) === now && known.delete(person.subject));
    return now.account;
  };

  return {
    async verify(token) {
      const found = await verifyToken(token, rules, claims);
      if (found === null) return null;
      const person = personOf(found, options.roleClaim);
      const { userId } = await accountOf(person);
      return { userId, roles: person.roles ?? [], tokenGeneration: null, signInId: null, expiresAt: new Date(found.exp * 1_000) };
    },
  };
}

function personOf(from: Claims, roleClaim: string | null): ExternalPerson {
  const textOf = (name: string, max: number): string | null => {
    const value = text(max).safeParse(from[name]).data?.trim();
    return value === undefined || value === "" ? null : value;
  };
  const email = from["email_verified"] === true ? textOf("email", 254) : null;
  return {
    issuer: from.iss,
    subject: from.sub,
    email: email?.includes("@") === true ? email : null,
    fullName: textOf("name", 200) ?? textOf("preferred_username", 200) ?? "Unnamed",
    timeZone: zoneOf(textOf("zoneinfo", 60)),
    roles: roleClaim === null ? null : (z.array(z.string()).safeParse(claimAt(from, roleClaim)).data ?? []).map((role) => role.toUpperCase()),
  };
}

/** Some issuers name a claim by a URL, which has dots as well. */
function claimAt(from: Claims, path: string): unknown {
  if (Object.hasOwn(from, path)) return from[path];
  return path
    .split(".")
    .reduce<unknown>(
      (inner, name) => (inner !== null && typeof inner === "object" && Object.hasOwn(inner, name) ? (inner as Record<string, unknown>)[name] : undefined),
      from,
    );
}

function zoneOf(zone: string | null): string {
  try {
    if (zone === null) return "UTC";
    new Intl.DateTimeFormat("en", { timeZone: zone }).format(0);
    return zone;
  } catch {
    return "UTC";
  }
}

/** The issuer's public keys, found by its discovery document; as they were last, while it does not answer. */
class IssuerKeys {
  readonly #options: OidcOptions;
  #keys: Promise<RemoteJWKSet> | null = null;
  #askedAtMs = 0;

  constructor(options: OidcOptions) {
    this.#options = options;
  }

  /** @throws {Transient} the issuer does not answer, and which key it is cannot be told without it */
  readonly find = async (header: JWTHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> => {
    const keys = await this.#open();
    this.#renewInBackground(keys);
    try {
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys || error instanceof errors.JOSENotSupported)
        throw error;
      throw unavailable(this.#options.issuer, error);
    }
  };

  #open(): Promise<RemoteJWKSet> {
    this.#keys ??= this.#discover().catch((error: unknown) => {
      this.#keys = null;
      throw unavailable(this.#options.issuer, error);
    });
    return this.#keys;
  }

  async #discover(): Promise<RemoteJWKSet> {
    const { issuer, cooldownMs = 30_000 } = this.#options;
    const response = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(requestTimeoutMs) });
    if (!response.ok) throw new Error(`Its discovery document was answered with ${response.status}`);
    const document = z.object({ issuer: z.literal(issuer), jwks_uri: z.url() }).parse(await response.json());
    const url = new URL(document.jwks_uri);
    if (url.protocol !== "https:" && issuer.startsWith("https:")) throw new Error(`Its keys are at ${url.href}, which is not https`);
    // Never too old to be used: renewing them is done beside, so that an issuer that is down takes nobody's sign-in away.
    const keys = createRemoteJWKSet(url, { cacheMaxAge: Number.POSITIVE_INFINITY, cooldownDuration: cooldownMs, timeoutDuration: requestTimeoutMs });
    await keys.reload();
    this.#askedAtMs = this.#nowMs();
    return keys;
  }

  #renewInBackground(keys: RemoteJWKSet): void {
    if (this.#nowMs() - this.#askedAtMs < keysMaxAgeMs) return;
    this.#askedAtMs = this.#nowMs();
    keys
      .reload()
      .catch((error: unknown) =>
        this.#options.log.warn({ err: error, issuer: this.#options.issuer }, "The issuer's keys could not be renewed; those known stay in use"),
      );
  }

  #nowMs(): number {
    return (this.#options.now ?? processNow)().getTime();
  }
}

const unavailable = (issuer: string, cause: unknown): Transient => new Transient(`The issuer ${issuer} cannot be asked for its keys`, { cause });
