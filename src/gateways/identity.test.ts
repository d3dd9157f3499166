import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importPKCS8, SignJWT } from "jose";
import { createIdentity, loadSigningKey, type Identity } from "./identity.ts";

const directory = mkdtempSync(join(tmpdir(), "mentorplatform-key-"));
const user = { id: "01890a5d-ac96-774b-bcce-b302099a8057", roles: ["LEARNER", "MENTOR"], tokenGeneration: 3 };
const start = new Date("2026-05-01T12:00:00.250Z");
let now = start;
let identity: Identity;

beforeAll(async () => {
  identity = await createIdentity({ privateKey: loadSigningKey(null, directory), ttlSeconds: 900, now: () => now });
});
beforeEach(() => (now = start));
afterAll(() => rmSync(directory, { recursive: true }));

const encode = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString("base64url");
const decode = (part = ""): Record<string, unknown> => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;

test("a token says who, with which roles and generation, and until when", async () => {
  const { accessToken, expiresAt } = await identity.issue(user);
  expect(expiresAt).toEqual(new Date("2026-05-01T12:15:00.000Z"));
  expect(await identity.verify(accessToken)).toEqual({ userId: user.id, roles: user.roles, tokenGeneration: 3, expiresAt });
});

test("a token is refused after its time, with thirty seconds of grace for clocks that differ", async () => {
  const { accessToken } = await identity.issue(user);
  now = new Date("2026-05-01T12:15:29.000Z");
  expect(await identity.verify(accessToken)).not.toBeNull();
  now = new Date("2026-05-01T12:15:31.000Z");
  expect(await identity.verify(accessToken)).toBeNull();
});

test("an edited role breaks the signature", async () => {
  const [header, payload, signature] = (await identity.issue(user)).accessToken.split(".");
  const edited = encode({ ...decode(payload), roles: ["ADMIN"] });
  expect(await identity.verify(`${header}.${edited}.${signature}`)).toBeNull();
});

test("alg none and symmetric algorithms are refused", async () => {
  const [, payload, signature] = (await identity.issue(user)).accessToken.split(".");
  expect(await identity.verify(`${encode({ alg: "none", typ: "at+jwt" })}.${payload}.`)).toBeNull();
  expect(await identity.verify(`${encode({ alg: "HS256", typ: "at+jwt" })}.${payload}.${signature}`)).toBeNull();
});

test("a token signed with another key is refused", async () => {
  const other = await createIdentity({
    privateKey: generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }),
    ttlSeconds: 900,
    now: () => now,
  });
  expect(await identity.verify((await other.issue(user)).accessToken)).toBeNull();
});

test.each([
  ["another audience", { aud: "elsewhere" }],
  ["another issuer", { iss: "elsewhere" }],
  ["no expiry", { exp: undefined }],
  ["a subject that is no id", { sub: "admin" }],
  ["roles that are no list", { roles: "ADMIN" }],
])("our own signature over %s is refused", async (_what, change) => {
  const key = await importPKCS8(loadSigningKey(null, directory), "EdDSA");
  const payload: Record<string, unknown> = { ...decode((await identity.issue(user)).accessToken.split(".")[1]), ...change };
  expect(await identity.verify(await new SignJWT(payload).setProtectedHeader({ alg: "EdDSA", typ: "at+jwt" }).sign(key))).toBeNull();
});

test("what is no token at all is refused", async () => {
  for (const text of ["", "a", "a.b.c", "Bearer x", "x".repeat(100_000)]) expect(await identity.verify(text)).toBeNull();
});

test("the key is made once and only its owner can read it", () => {
  const first = loadSigningKey(null, directory);
  expect(loadSigningKey(null, directory)).toBe(first);
  expect(statSync(join(directory, "jwt-ed25519.pem")).mode & 0o777).toBe(0o600);
});

test("a file that is no Ed25519 key is a problem of the configuration", () => {
  const file = join(directory, "rsa.pem");
  writeFileSync(file, generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }));
  expect(() => loadSigningKey(file, directory)).toThrow(/CONFIG_SIGNING_KEY/);
  expect(() => loadSigningKey(join(directory, "missing.pem"), directory)).toThrow(/ENOENT/);
});
