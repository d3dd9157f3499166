import { hashPassword, verifyPassword } from "./password.ts";

const cheap = { memory: 8, passes: 1, parallelism: 1 };

test("a hash is a PHC string that carries its parameters", async () => {
  expect(await hashPassword("correct horse", { memory: 64, passes: 3, parallelism: 2 })).toMatch(
    /^\$argon2id\$v=19\$m=64,t=3,p=2\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
  );
});

test("real accounts get 19 MiB and two passes", async () => {
  const hash = await hashPassword("correct horse");
  expect(hash).toContain("$m=19456,t=2,p=1$");
  expect(await verifyPassword("correct horse", hash)).toBe(true);
});

test("only the password that was hashed is accepted", async () => {
  const hash = await hashPassword("correct horse", cheap);
  expect(await verifyPassword("correct horse", hash)).toBe(true);
  expect(await verifyPassword("correct horsf", hash)).toBe(false);
  expect(await verifyPassword("", hash)).toBe(false);
});

test("the same password gets another salt each time", async () => {
  expect(await hashPassword("correct horse", cheap)).not.toBe(await hashPassword("correct horse", cheap));
});

test("accented letters match however the keyboard composes them", async () => {
  const composed = "caf\u00e9 au lait";
  const decomposed = "cafe\u0301 au lait";
  expect(await verifyPassword(decomposed, await hashPassword(composed, cheap))).toBe(true);
});

test("a hash made by the reference implementation is accepted", async () => {
  // argon2 "password" with salt "somesalt", -id -v 13 -t 2 -k 65536 -p 1: from the reference implementation's own test suite.
  const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  expect(await verifyPassword("password", reference)).toBe(true);
  expect(await verifyPassword("passwore", reference)).toBe(false);
});

test.each(["", "plain", "$2b$10$abcdefghijklmnopqrstuv", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweH"])(
  "a stored text that is no argon2id hash is our own fault: %j",
  async (stored) => {
    await expect(verifyPassword("x", stored)).rejects.toMatchObject({ name: "Defect" });
  },
);
