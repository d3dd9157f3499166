import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import express from "express";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { calculateJwkThumbprint, createRemoteJWKSet, exportJWK, type JWTHeaderParameters, jwtVerify, SignJWT } from "jose";
import type { ExternalPerson } from "../../src/domain/users/identity.port.ts";
import { createIdentity } from "../../src/gateways/identity.ts";
import { createOidcIdentity, type OidcOptions } from "../../src/gateways/oidc-identity.ts";
import { Transient } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { silentLog } from "../../src/kernel/log.ts";
import { jwksPage } from "../../src/gateways/jwks-page.ts";
import { AUDIENCE, Issuer } from "../support/oidc-issuer.ts";

const subject = newId();

/** A verifier of access tokens, and what it takes to make tokens that it should accept, or should not. */
interface Harness {
  readonly verify: (token: string) => Promise<{ readonly userId: string } | null>;
  readonly key: KeyObject;
  readonly header: JWTHeaderParameters;
  readonly claims: Record<string, unknown>;
  readonly otherIssuer: string;
}

let issuer: Issuer;
const harnesses: Record<"our own tokens" | "tokens of an outside issuer", Harness> = {} as never;
const people: ExternalPerson[] = [];
const log = silentLog;

const oidc = (over: Partial<OidcOptions> = {}) =>
  createOidcIdentity({
    issuer: issuer.url,
    audience: AUDIENCE,
    roleClaim: "realm_access.roles",
    log,
    adopt: async (person) => {
      people.push(person);
      return { userId: person.subject };
    },
    ...over,
  });

beforeAll(async () => {
  issuer = await Issuer.start();
  const own = generateKeyPairSync("ed25519").privateKey;
  const identity = await createIdentity({ privateKey: own.export({ type: "pkcs8", format: "pem" }), ttlSeconds: 900 });
  harnesses["our own tokens"] = {
    verify: (token) => identity.verify(token),
    key: own,
    header: { alg: "EdDSA", typ: "at+jwt", kid: identity.publicKeys.keys[0]?.kid ?? "" },
    claims: { iss: "mentorplatform", aud: "mentorplatform-api", sub: subject, roles: ["LEARNER"], gen: 1 },
    otherIssuer: "someone-else",
  };
  const outside = oidc();
  harnesses["tokens of an outside issuer"] = {
    verify: (token) => outside.verify(token),
    key: issuer.key,
    header: { alg: "RS256", typ: "at+jwt", kid: issuer.kid },
    claims: { iss: issuer.url, aud: AUDIENCE, sub: subject },
    otherIssuer: `${issuer.url}/`,
  };
});
afterAll(() => issuer.stop());

const nowSeconds = (): number => Math.floor(Date.now() / 1_000);
const encode = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString("base64url");
const times = (): Record<string, unknown> => ({ iat: nowSeconds(), exp: nowSeconds() + 600 });

const sign = (h: Harness, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key: KeyObject = h.key): Promise<string> =>
  new SignJWT(JSON.parse(JSON.stringify({ ...h.claims, ...times(), ...claims })) as Record<string, unknown>)
    .setProtectedHeader(JSON.parse(JSON.stringify({ ...h.header, ...header })) as JWTHeaderParameters)
    .sign(key);

const strange = (h: Harness): KeyObject =>
  h.key.asymmetricKeyType === "rsa" ? generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey : generateKeyPairSync("ed25519").privateKey;

/** Each makes a token that must be refused. */
const attacks: Record<string, (h: Harness) => Promise<string> | string> = {
  "no signature at all (alg none)": (h) => `${encode({ ...h.header, alg: "none" })}.${encode({ ...h.claims, ...times() })}.`,
  "a symmetric signature made with the public key": (h) => {
    const signed = `${encode({ ...h.header, alg: "HS256" })}.${encode({ ...h.claims, ...times() })}`;
    const secret = createPublicKey(h.key).export({ type: "spki", format: "pem" });
    return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
  },
  "the signature of another key": (h) => sign(h, {}, {}, strange(h)),
  "a key that it brings with it": async (h) => {
    const key = strange(h);
    return sign(h, {}, { jwk: await exportJWK(createPublicKey(key)), kid: undefined }, key);
  },
  "a key that is said to be elsewhere": (h) => sign(h, {}, { jku: "http://127.0.0.1:1/jwks.json" }, strange(h)),
  "a kid that is a path": (h) => sign(h, {}, { kid: "../../../../dev/null" }),
  "a kid that is SQL": (h) => sign(h, {}, { kid: "x' union select 'key" }),
  "an edited payload": async (h) => {
    const [header, , signature] = (await sign(h)).split(".");
    return `${header}.${encode({ ...h.claims, ...times(), roles: ["ADMIN"] })}.${signature}`;
  },
  "no expiry": (h) => sign(h, { exp: undefined }),
  "an expiry in ten years": (h) => sign(h, { exp: nowSeconds() + 10 * 365 * 86_400 }),
  "an issue of last week, though still good by its expiry": (h) => sign(h, { iat: nowSeconds() - 7 * 86_400 }),
  "an expiry of a minute ago": (h) => sign(h, { iat: nowSeconds() - 660, exp: nowSeconds() - 60 }),
  "a beginning in an hour": (h) => sign(h, { nbf: nowSeconds() + 3_600 }),
  "another issuer": (h) => sign(h, { iss: h.otherIssuer }),
  "another audience": (h) => sign(h, { aud: "https://elsewhere.example" }),
  "no audience": (h) => sign(h, { aud: undefined }),
  "no subject": (h) => sign(h, { sub: undefined }),
  "a subject that is no text": (h) => sign(h, { sub: 7 }),
  "another kind of token": (h) => sign(h, {}, { typ: "logout+jwt" }),
  "a critical header that nobody knows": (h) =>
    `${encode({ ...h.header, crit: ["exp2"], exp2: 1 })}.${encode({ ...h.claims, ...times() })}.${randomBytes(64).toString("base64url")}`,
  "eight kilobytes": (h) => sign(h, { padding: "x".repeat(8_192) }),
  "no token in it": () => "Bearer nonsense",
  "nothing in it": () => "",
};

describe.each(["our own tokens", "tokens of an outside issuer"] as const)("%s", (name) => {
  test("are accepted when nothing is wrong with them, and up to thirty seconds late", async () => {
    const h = harnesses[name];
    expect(await h.verify(await sign(h))).toMatchObject({ userId: subject });
    expect(await h.verify(await sign(h, { iat: nowSeconds() - 600, exp: nowSeconds() - 20 }))).toMatchObject({ userId: subject });
  });

  test.each(Object.keys(attacks))("are refused with %s", async (attack) => {
    const h = harnesses[name];
    expect(await h.verify((await attacks[attack]?.(h)) ?? "")).toBeNull();
  });
});

test("a token of the real issuer is accepted, and what it says about the person is taken over as far as it is confirmed", async () => {
  people.length = 0;
  const subjectOf = await oidc().verify(await issuer.accessToken());
  expect(subjectOf).toMatchObject({ userId: "service", tokenGeneration: null, signInId: null });
  expect(people).toEqual([
    {
      issuer: issuer.url,
      subject: "service",
      email: "Service@Mentoring.example",
      fullName: "A service",
      timeZone: "UTC",
      roles: ["OPERATOR", "MENTOR", "BOSS"],
    },
  ]);
});

test.each([
  [
    { email: "a@b.example", email_verified: false, name: " \u0000 " },
    { email: null, fullName: "Unnamed", timeZone: "UTC" },
  ],
  [{ email: "a@b.example", email_verified: "true" }, { email: null }],
  [
    { email: "no address", email_verified: true, preferred_username: "pike" },
    { email: null, fullName: "pike" },
  ],
  [
    { zoneinfo: "Asia/Kolkata", name: "Ada" },
    { fullName: "Ada", timeZone: "Asia/Kolkata" },
  ],
  [
    { zoneinfo: "Mars/Olympus", realm_access: "ADMIN" },
    { timeZone: "UTC", roles: [] },
  ],
  [{ realm_access: { roles: ["ADMIN", 7] } }, { roles: [] }],
])("of %j it is believed %j", async (claims, expected) => {
  people.length = 0;
  const h = harnesses["tokens of an outside issuer"];
  await oidc().verify(await sign(h, { ...claims, sub: newId() }));
  expect(people).toMatchObject([expected]);
});

test("an account is asked for once for all tokens that say the same, and again when they say something else", async () => {
  people.length = 0;
  const [h, verifier, sub] = [harnesses["tokens of an outside issuer"], oidc(), newId()];
  for (let index = 0; index < 3; index++) await verifier.verify(await sign(h, { sub }));
  expect(people).toHaveLength(1);
  await verifier.verify(await sign(h, { sub, realm_access: { roles: ["ADMIN"] } }));
  expect(people.map(({ roles }) => roles)).toEqual([[], ["ADMIN"]]);
  // What was taken back is taken back here too, though somebody said the same before.
  await verifier.verify(await sign(h, { sub }));
  expect(people.map(({ roles }) => roles)).toEqual([[], ["ADMIN"], []]);
});

test("an account that could not be made is asked for again", async () => {
  let isDown = true;
  const verifier = oidc({ adopt: async ({ subject: userId }) => (isDown ? Promise.reject(new Transient("down")) : { userId }) });
  const token = await sign(harnesses["tokens of an outside issuer"]);
  await expect(verifier.verify(token)).rejects.toThrow("down");
  isDown = false;
  expect(await verifier.verify(token)).toMatchObject({ userId: subject });
});

test("while the issuer is down, its known keys go on, and what cannot be judged is a matter of waiting; then a new key is found", async () => {
  const second = await Issuer.start();
  let now = new Date();
  const options = { issuer: second.url, now: () => now, cooldownMs: 0 };
  const verifier = oidc(options);
  const h = {
    ...harnesses["tokens of an outside issuer"],
    key: second.key,
    header: { alg: "RS256", typ: "at+jwt", kid: second.kid },
    claims: { iss: second.url, aud: AUDIENCE, sub: subject },
  };
  expect(await verifier.verify(await sign(h))).not.toBeNull();
  await second.stop();

  expect(await verifier.verify(await sign(h))).not.toBeNull();
  now = new Date(now.getTime() + 20 * 60_000);
  expect(await verifier.verify(await sign(h, { iat: nowSeconds() + 1_200, exp: nowSeconds() + 1_800 }))).not.toBeNull();
  now = new Date();
  const fresh = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const freshKid = await calculateJwkThumbprint(await exportJWK(fresh));
  const byFresh = await sign(h, {}, { kid: freshKid }, fresh);
  await expect(verifier.verify(byFresh)).rejects.toThrow(Transient);
  await expect(oidc(options).verify(await sign(h))).rejects.toThrow(Transient);

  const third = await Issuer.start(second.port, fresh);
  expect(await verifier.verify(byFresh)).not.toBeNull();
  expect(await verifier.verify(await sign(h))).toBeNull();
  await third.stop();
});

test("keys are fetched once for many tokens, and an unknown key makes no more requests than the cooldown allows", async () => {
  const verifier = oidc();
  const h = harnesses["tokens of an outside issuer"];
  const before = issuer.requests;
  await Promise.all(Array.from({ length: 20 }, async () => verifier.verify(await sign(h))));
  for (let index = 0; index < 20; index++) expect(await verifier.verify(await sign(h, {}, { kid: `unknown-${index}` }))).toBeNull();
  expect(issuer.requests - before).toBe(2);
});

test("anybody can check our own tokens by the keys of the page", async () => {
  const privateKey = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
  const identity = await createIdentity({ privateKey, ttlSeconds: 900 });
  const server = createServer(express().use(jwksPage(identity)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const keys = createRemoteJWKSet(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`));
  const { accessToken } = await identity.issue({ id: subject, roles: ["LEARNER"], tokenGeneration: 1 });
  expect((await jwtVerify(accessToken, keys, { audience: "mentorplatform-api", issuer: "mentorplatform", algorithms: ["EdDSA"] })).payload.sub).toBe(subject);
  server.close();
});
