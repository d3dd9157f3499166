import type { EntityManager } from "@mikro-orm/postgresql";
import { isId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import { InputCheck } from "../input.ts";
import { FileObject, type UploadPurpose } from "./file-object.ts";

/** An upload that a mutation names, and where in its arguments. */
export interface NamedUpload {
  readonly id: string;
  readonly field: readonly string[];
}

/**
 * Makes uploads of their owner's belong to something, each once. They are locked in one order, so that two claims wait for each other instead of
 * failing.
 *
 * @returns the files, in the order of the uploads
 * @throws {Refusal} UPLOAD_MISSING at the field of each that never arrived, has expired, is somebody else's, of another purpose, or in use
 */
export async function claimFiles(
  em: EntityManager,
  { ownerId, purpose, uploads }: { ownerId: string; purpose: UploadPurpose; uploads: readonly NamedUpload[] },
): Promise<readonly FileObject[]> {
  const ids = uploads.map(({ id }) => id.toLowerCase());
  const rows = await query<object>(
    em,
    `with locked as (
       select id from file_object
       where id = any($1::uuid[]) and owner_id = $2 and purpose = $3 and state = 'STORED' and expires_at > now()
       order by id for update
     )
     update file_object f set state = 'CLAIMED', expires_at = null, updated_at = now() from locked where f.id = locked.id returning f.*`,
    [ids.filter(isId), ownerId, purpose],
  );
  const claimed = new Map(rows.map((row) => em.map(FileObject, row)).map((file) => [file.id, file]));
  const check = new InputCheck();
  const files = uploads.flatMap(({ id, field }, index) => {
    const file = ids.indexOf(id.toLowerCase()) === index ? claimed.get(id.toLowerCase()) : undefined;
    if (file === undefined) check.refuse("UPLOAD_MISSING", "The upload never arrived, expired, is in use already, or belongs to somebody else.", field);
    return file ?? [];
  });
  check.done();
  return files;
}

/** Gives files up that nothing refers to any more: they are purged soon. */
export async function releaseFiles(em: EntityManager, ids: readonly string[]): Promise<void> {
  await query(em, "update file_object set state = 'STORED', expires_at = now(), updated_at = now() where id = any($1::uuid[]) and state = 'CLAIMED'", [ids]);
}

/** The files that exist, by id, whoever may see them. */
export async function findFiles(em: EntityManager, ids: readonly string[]): Promise<Map<string, FileObject>> {
  const files = await em.find(FileObject, { id: { $in: ids.filter(isId) } });
  return new Map(files.map((file) => [file.id, file]));
}
