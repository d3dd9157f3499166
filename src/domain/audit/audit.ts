import type { EntityManager } from "@mikro-orm/postgresql";
import { newId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";

/** One thing that an administrator did. */
export interface AuditEntry {
  readonly actorId: string;
  /** The mutation's name. */
  readonly action: string;
  /** What was changed: the entity's name and id. */
  readonly targetType: string;
  readonly targetId: string;
  /** What it was before and is now, without texts that people wrote. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Writes into the append-only audit, in the transaction of the change itself. */
export async function recordAudit(em: EntityManager, { actorId, action, targetType, targetId, detail = {} }: AuditEntry): Promise<void> {
  await query(em, "insert into audit_entry (id, actor_id, action, target_type, target_id, detail) values ($1, $2, $3, $4, $5, $6)", [
    newId(),
    actorId,
    action,
    targetType,
    targetId,
    JSON.stringify(detail),
  ]);
}
