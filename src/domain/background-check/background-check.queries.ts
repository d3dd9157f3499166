import type { EntityManager } from "@mikro-orm/postgresql";
import { isId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import { BackgroundCheck } from "./background-check.ts";

/** The latest check of each application, by application id, whoever may see it; applications never checked are left out. */
export async function findBackgroundChecks(em: EntityManager, requestIds: readonly string[]): Promise<Map<string, BackgroundCheck>> {
  const rows = await query<object>(
    em,
    "select distinct on (request_id) * from background_check where request_id = any($1::uuid[]) order by request_id, round desc",
    [requestIds.filter(isId)],
  );
  const checks = rows.map((row) => em.map(BackgroundCheck, row));
  return new Map(checks.map((check) => [check.requestId, check]));
}
