import type { EntityManager } from "@mikro-orm/postgresql";
import { query } from "../../outbox/index.ts";
import { hashPassword, type PasswordCost } from "../users/password.ts";
import { saltOf } from "./derive.ts";
import { generate, type SeedAccount, type SeedProfile } from "./generate.ts";

/**
 * The least that argon2 takes, against its advice: these passwords are printed in the manual, so their hashes protect nothing, and
 * some hundred hashes at the cost of a real account would hold up the first start for a minute. The cost is part of every hash,
 * so real accounts beside these keep theirs.
 */
const demoCost: PasswordCost = { memory: 8, passes: 1, parallelism: 1 };

/**
 * Fills an empty database with made-up accounts and courses, in one transaction.
 *
 * @param today dates in the data are relative to this day
 * @returns false when there are accounts already: then nothing is written. Of several processes that start together one fills.
 */
export async function seedDatabase(em: EntityManager, profile: SeedProfile, today: Date): Promise<boolean> {
  const rows = generate(profile, today);
  const accounts = await Promise.all(rows.accounts.map(withHash));
  return em.transactional(async (tx) => {
    await query(tx, "lock table app_user in share row exclusive mode");
    const [account] = await query(tx, "select from app_user limit 1");
    if (account !== undefined) return false;
    await query(
      tx,
      `insert into app_user (id, email, email_verified_at, password_hash, full_name, bio, time_zone, roles, active, created_at, updated_at)
       select id, email, created_at, password_hash, full_name, bio, time_zone, roles, active, created_at, created_at
       from jsonb_to_recordset($1::jsonb) as r(id uuid, email citext, password_hash text, full_name text, bio text, time_zone text, roles text[], active boolean, created_at timestamptz)`,
      [JSON.stringify(accounts)],
    );
    await query(tx, "insert into mentor_profile (user_id) select id from app_user where roles @> '{MENTOR}'");
    await query(
      tx,
      "insert into category (id, name, description) select id, name, description from jsonb_to_recordset($1::jsonb) as r(id uuid, name citext, description text)",
      [JSON.stringify(rows.categories)],
    );
    await query(
      tx,
      `insert into course (id, mentor_id, category_id, title, description, level, status, capacity, enrollment_opens_at, enrollment_closes_at, created_at, updated_at)
       select id, mentor_id, category_id, title, description, level, status, capacity, enrollment_opens_at, enrollment_closes_at, created_at, created_at
       from jsonb_to_recordset($1::jsonb) as r(id uuid, mentor_id uuid, category_id uuid, title text, description text, level text, status text, capacity int,
         enrollment_opens_at timestamptz, enrollment_closes_at timestamptz, created_at timestamptz)`,
      [JSON.stringify(rows.courses)],
    );
    return true;
  });
}

/** Replaces the password by its hash, with a salt of the account's own that is the same every time. */
async function withHash({ password, ...account }: SeedAccount): Promise<Omit<SeedAccount, "password"> & { password_hash: string }> {
  return { ...account, password_hash: await hashPassword(password, demoCost, saltOf(account.email)) };
}
