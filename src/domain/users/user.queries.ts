import type { EntityManager } from "@mikro-orm/postgresql";
import { isId } from "../../kernel/ids.ts";
import { User } from "./user.ts";

/** The users that exist, by id; one statement for the whole set. */
export async function findUsers(em: EntityManager, ids: readonly string[]): Promise<Map<string, User>> {
  const users = await em.find(User, { id: { $in: ids.filter(isId) } });
  return new Map(users.map((user) => [user.id, user]));
}

/** Compares without regard to case. */
export async function findUserByEmail(em: EntityManager, email: string): Promise<User | null> {
  // Postgres takes no NUL in a text, so no stored address has one.
  return email.includes("\0") ? null : em.findOne(User, { email });
}
