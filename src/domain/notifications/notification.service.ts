import type { EntityManager } from "@mikro-orm/postgresql";
import { Refusal } from "../../kernel/errors.ts";
import { isId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";

const MAX_IDS = 100;

/**
 * Marks what a person has read; what was read before keeps its time.
 *
 * @throws {Refusal} INVALID: more than 100 ids; NOT_FOUND with the place of the first that is none of the person's
 */
export async function markNotificationsRead(em: EntityManager, { userId, ids }: { userId: string; ids: readonly string[] }): Promise<void> {
  if (ids.length > MAX_IDS) throw new Refusal("INVALID", `At most ${MAX_IDS} notifications at a time, not ${ids.length}.`, ["ids"]);
  const rows = await query<{ id: string }>(
    em,
    "update notification set read_at = coalesce(read_at, now()) where user_id = $1 and id = any($2::uuid[]) returning id",
    [userId, ids.filter(isId)],
  );
  const found = new Set(rows.map((row) => row.id));
  const missing = ids.findIndex((id) => !found.has(id.toLowerCase()));
  if (missing >= 0) throw new Refusal("NOT_FOUND", `You have no notification with the id ${ids[missing]?.slice(0, 60)}.`, ["ids", String(missing)]);
}
