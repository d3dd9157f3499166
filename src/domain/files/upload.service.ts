import type { EntityManager } from "@mikro-orm/postgresql";
import { newId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import type { Actor } from "../actor.ts";
import { InputCheck } from "../input.ts";
import { FileObject, uploadRules, type UploadPurpose } from "./file-object.ts";

export interface UploadInput {
  /** 1..255 characters. */
  readonly fileName: string;
  readonly contentType: string;
  readonly byteSize: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly purpose: UploadPurpose;
}

/** Uploads of a person that nothing refers to, at the same time. */
export const MAX_OPEN_UPLOADS = 50;

/**
 * Writes down which file is to come. It vanishes after 24 hours if nothing refers to it by then.
 *
 * @throws {Refusal} INVALID, REQUIRED, FILE_TOO_LARGE, FILE_TYPE_NOT_ALLOWED, WRONG_STATE: too many uploads that nothing refers to
 */
export async function createUpload(em: EntityManager, { owner, input }: { owner: Actor; input: UploadInput }): Promise<FileObject> {
  const values = checkUpload(input, {
    mayGiveResources: owner.roles.some((role) => role === "MENTOR" || role === "ADMIN"),
    open: await countOpen(em, owner.id),
  });
  const id = newId();
  const [row] = await query<object>(
    em,
    `insert into file_object (id, owner_id, purpose, file_name, content_type, byte_size, sha256, storage_key, state, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 'ISSUED', now() + interval '24 hours') returning *`,
    [id, owner.id, values.purpose, values.fileName, values.contentType, values.byteSize, values.sha256, `${values.purpose.toLowerCase()}/${id}`],
  );
  return em.map(FileObject, row ?? {});
}

/** By an index of what expires; few of those rows are one person's. */
async function countOpen(em: EntityManager, ownerId: string): Promise<number> {
  // One person's calls wait for each other here, so that the count is right.
  await query(em, "select from app_user where id = $1 for no key update", [ownerId]);
  const [row] = await query<{ count: number }>(em, "select count(*)::int as count from file_object where owner_id = $1 and expires_at > now()", [ownerId]);
  return row?.count ?? 0;
}

function checkUpload(input: UploadInput, { mayGiveResources, open }: { mayGiveResources: boolean; open: number }): UploadInput {
  const { byteSize, sha256, purpose } = input;
  const { maxBytes, contentTypes } = uploadRules[purpose];
  const check = new InputCheck();
  if (open >= MAX_OPEN_UPLOADS)
    check.refuse("WRONG_STATE", `You have ${open} uploads that nothing uses; use them, or wait until they vanish after 24 hours.`, null);
  const fileName = check.text(input.fileName, ["input", "fileName"], { what: "The file's name", min: 1, max: 255 });
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  if (/[/\\\u0001-\u001f\u007f]/.test(fileName))
    check.refuse("INVALID", "The file's name is one without folders and control characters.", ["input", "fileName"]);
  const contentType = input.contentType.trim().toLowerCase();
  if (!contentTypes.includes(contentType))
    check.refuse("FILE_TYPE_NOT_ALLOWED", `Here a file is one of ${contentTypes.join(", ")}; not ${input.contentType.slice(0, 100)}.`, [
      "input",
      "contentType",
    ]);
  if (byteSize < 1) check.refuse("INVALID", `A file has at least 1 byte, not ${byteSize}.`, ["input", "byteSize"]);
  if (byteSize > maxBytes) check.refuse("FILE_TOO_LARGE", `Here a file has at most ${maxBytes} bytes, not ${byteSize}.`, ["input", "byteSize"]);
  if (!/^[0-9a-f]{64}$/.test(sha256)) check.refuse("INVALID", "The SHA-256 is 64 digits of lower-case hex.", ["input", "sha256"]);
  if (purpose === "COURSE_RESOURCE" && !mayGiveResources) check.refuse("INVALID", "Materials of courses are given by mentors.", ["input", "purpose"]);
  check.done();
  return { fileName, contentType, byteSize, sha256, purpose };
}
