import { adoptExternalAccount } from "../../src/domain/users/external-account.service.ts";
import type { ExternalPerson } from "../../src/domain/users/identity.port.ts";
import { sweepExpired } from "../../src/domain/housekeeping.ts";
import { newId } from "../../src/kernel/ids.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.dispose());

const address = (): string => `${newId()}@demo.example`;
const person = (over: Partial<ExternalPerson> = {}): ExternalPerson => ({
  issuer: "https://login.example",
  subject: newId(),
  email: null,
  fullName: "Ro Mandel",
  timeZone: "Europe/Lisbon",
  roles: null,
  ...over,
});
const adopt = async (who: ExternalPerson): Promise<string> => (await db.transaction((em) => adoptExternalAccount(em, who))).userId;
const row = async (id: string): Promise<Record<string, unknown> | undefined> => (await db.sql("select * from app_user where id = $1", [id]))[0];

describe("the account of a person of an outside issuer", () => {
  test("is made at first sight, as a learner, and is the same for ever", async () => {
    const who = person({ email: address() });
    const id = await adopt(who);
    expect(await row(id)).toMatchObject({
      email: who.email,
      full_name: "Ro Mandel",
      time_zone: "Europe/Lisbon",
      roles: ["LEARNER"],
      password_hash: null,
      active: true,
    });
    expect((await row(id))?.["email_verified_at"]).not.toBeNull();
    expect(await adopt({ ...who, fullName: "Ro M.", email: null })).toBe(id);
    expect(await adopt({ ...who, issuer: "https://other.example" })).not.toBe(id);
  });

  test("is made once by twenty first requests at once", async () => {
    const who = person({ email: address() });
    const ids = await Promise.all(Array.from({ length: 20 }, () => adopt(who)));
    expect(new Set(ids).size).toBe(1);
  });

  test("never takes the address of an account that exists: that account stays whose it is", async () => {
    const [local, email] = [newId(), address()];
    await db.sql("insert into app_user (id, email, password_hash, full_name, time_zone, roles) values ($1, $2, 'none', 'Local', 'UTC', '{LEARNER}')", [
      local,
      email,
    ]);
    const id = await adopt(person({ email: email.toUpperCase() }));
    expect(id).not.toBe(local);
    expect(await row(id)).toMatchObject({ email: `${id}@unknown.invalid`, email_verified_at: null });
    expect(await row(local)).toMatchObject({ email, oidc_subject: null });
  });

  test("follows a confirmed address of the issuer, and its roles where it decides about them, but for MENTOR", async () => {
    const who = person();
    const id = await adopt(who);
    expect(await row(id)).toMatchObject({ email: `${id}@unknown.invalid`, email_verified_at: null });
    const email = address();
    await adopt({ ...who, email, roles: ["ADMIN", "MENTOR", "EVERYTHING"] });
    expect(await row(id)).toMatchObject({ email, roles: ["LEARNER", "ADMIN"] });
    await db.sql("with profile as (insert into mentor_profile (user_id) values ($1)) update app_user set roles = roles || '{MENTOR}' where id = $1", [id]);
    await adopt({ ...who, roles: ["OPERATOR"] });
    expect(await row(id)).toMatchObject({ email, roles: ["LEARNER", "MENTOR", "OPERATOR"] });
    await adopt(who);
    expect(await row(id)).toMatchObject({ roles: ["LEARNER", "MENTOR", "OPERATOR"] });
  });
});

test("what has run out is deleted, a thousand rows at a time, and nothing else", async () => {
  const userId = newId();
  await db.sql("insert into app_user (id, email, full_name, time_zone, roles) values ($1, $2, 'Ro', 'UTC', '{LEARNER}')", [userId, address()]);
  const kept = "interval '1 minute'";
  await db.sql(
    `insert into account_token (token_hash, user_id, purpose, expires_at)
     select int4send(n), $1, 'VERIFY_EMAIL', now() + case when n <= 1100 then interval '0' else ${kept} end from generate_series(1, 1101) n`,
    [userId],
  );
  await db.sql(
    `insert into refresh_token (token_hash, family_id, user_id, expires_at, used_at)
     values (int4send(1), $2, $1, now(), now()), (int4send(2), $2, $1, now() + ${kept}, now()), (int4send(3), $2, $1, now() + ${kept}, null)`,
    [userId, newId()],
  );
  await db.sql(
    `insert into idempotency_key (actor, operation, key, fingerprint, created_at)
     values ($1, 'x', 'old', '', now() - interval '7 days 1 minute'), ($1, 'x', 'young', '', now() - interval '6 days 23 hours')`,
    [userId],
  );
  expect(await sweepExpired(db.orm.em.fork())).toBe(true);
  expect(await sweepExpired(db.orm.em.fork())).toBe(false);
  expect(
    await db.sql(
      `select (select count(*)::int from account_token) as links, (select count(*)::int from refresh_token) as tokens,
              (select string_agg(key, ' ') from idempotency_key) as keys`,
    ),
  ).toEqual([{ links: 1, tokens: 2, keys: "young" }]);
});
