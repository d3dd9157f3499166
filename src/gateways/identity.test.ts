import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createIdentity, loadAcceptedKeys, loadSigningKey, type Identity } from "./identity.ts";

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

test("a token says who, with which roles and generation, and until when", async () => {
  const { accessToken, expiresAt } = await identity.issue(user);
  expect(expiresAt).toEqual(new Date("2026-05-01T12:15:00.000Z"));
  expect(await identity.verify(accessToken)).toEqual({ userId: user.id, roles: user.roles, tokenGeneration: 3, signInId: null, expiresAt });
});

test("a token names the sign-in that it is of", async () => {
  const signInId = "01890a5d-ac96-774b-bcce-b302099a8058";
  expect(await identity.verify((await identity.issue(user, signInId)).accessToken)).toMatchObject({ signInId });
});

test("while the signing key is changed, tokens of the keys before and after it are accepted, and all are published", async () => {
  const [before, next, stranger] = Array.from({ length: 3 }, () => generateKeyPairSync("ed25519"));
  const pem = (key: KeyObject | undefined): string => String(key?.export({ type: key.type === "private" ? "pkcs8" : "spki", format: "pem" }));
  const file = join(directory, "before.pub.pem");
  writeFileSync(file, pem(before?.publicKey));
  const of = (key: string, acceptedKeys: string[] = []) => createIdentity({ privateKey: key, acceptedKeys, ttlSeconds: 900, now: () => now });
  const changing = await of(loadSigningKey(null, directory), [...loadAcceptedKeys([file]), pem(next?.publicKey)]);
  for (const [key, isAccepted] of [
    [before, true],
    [next, true],
    [stranger, false],
  ] as const) {
    const { accessToken } = await (await of(pem(key?.privateKey))).issue(user);
    expect((await changing.verify(accessToken)) !== null).toBe(isAccepted);
  }
  expect((await identity.verify((await changing.issue(user)).accessToken))?.userId).toBe(user.id);
  expect(changing.publicKeys.keys).toHaveLength(3);
  for (const key of changing.publicKeys.keys) expect(Object.keys(key).toSorted()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
  expect(() => loadAcceptedKeys([join(directory, "missing.pem")])).toThrow(/CONFIG_ACCEPTED_KEY/);
});

test("a token is refused after its time, with thirty seconds of grace for clocks that differ", async () => {
  const { accessToken } = await identity.issue(user);
  now = new Date("2026-05-01T12:15:29.000Z");
  expect(await identity.verify(accessToken)).not.toBeNull();
  now = new Date("2026-05-01T12:15:31.000Z");
  expect(await identity.verify(accessToken)).toBeNull();
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
