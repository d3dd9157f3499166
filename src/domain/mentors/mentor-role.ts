import type { EntityManager } from "@mikro-orm/postgresql";
import { query } from "../../outbox/index.ts";

/**
 * Makes an account a mentor's: role and profile together, so that the one exists exactly while the other does. Repeatable.
 * Called by an approval, and by an administrator who sets roles, and by nobody else.
 */
export async function grantMentorRole(em: EntityManager, userId: string): Promise<void> {
  await query(em, `update app_user set roles = roles || '{MENTOR}'::text[], updated_at = now() where id = $1 and not roles @> '{MENTOR}'`, [userId]);
  await query(em, "insert into mentor_profile (user_id) values ($1) on conflict do nothing", [userId]);
}

/** Takes role and profile away again. Slots and courses stay, but nobody can book or find them any more. Repeatable. */
export async function revokeMentorRole(em: EntityManager, userId: string): Promise<void> {
  await query(em, `update app_user set roles = array_remove(roles, 'MENTOR'), updated_at = now() where id = $1 and roles @> '{MENTOR}'`, [userId]);
  await query(em, "delete from mentor_profile where user_id = $1", [userId]);
}
