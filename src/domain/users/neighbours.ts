import type { EntityManager } from "@mikro-orm/postgresql";
import { Refusal } from "../../kernel/errors.ts";

/**
 * Makes files of their owner's belong to something, each once.
 * @throws {Refusal} UPLOAD_MISSING at `field`: one of them never arrived, is somebody else's, of another purpose, or in use
 */
export async function claimFiles(
  _em: EntityManager,
  { fileIds, field }: { ownerId: string; fileIds: readonly string[]; purpose: "AVATAR"; field: readonly string[] },
): Promise<void> {
  if (fileIds.length > 0) throw new Refusal("UPLOAD_MISSING", "The upload never arrived, expired, or belongs to somebody else.", field);
}
