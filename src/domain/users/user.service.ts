import type { EntityManager } from "@mikro-orm/postgresql";
import { Refusal } from "../../kernel/errors.ts";
import { verifyPassword } from "./password.ts";
import { findUserByEmail } from "./user.queries.ts";
import type { User } from "./user.ts";

/** A hash that no password is known for, at the cost of a real account. */
const NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cyBzYWx0IDAwMQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/**
 * Finds the account that the address and password belong to.
 *
 * An unknown address is answered as late as a wrong password and with the same words, so that nobody can ask who has an
 * account here. That an account is inactive is told only to those who know its password. Needs no transaction.
 *
 * @throws {Refusal} WRONG_CREDENTIALS, ACCOUNT_INACTIVE
 */
export async function authenticate(em: EntityManager, { email, password }: { email: string; password: string }): Promise<User> {
  const user = await findUserByEmail(em, email.trim());
  const matches = await verifyPassword(password, user?.passwordHash ?? NOBODY);
  if (user === null || !matches) throw new Refusal("WRONG_CREDENTIALS", "Address and password do not belong together.");
  if (!user.active) throw new Refusal("ACCOUNT_INACTIVE", "This account is switched off.");
  return user;
}
