import type { EntityManager } from "@mikro-orm/postgresql";
import { isId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import { pageOf, requireCursor, type Page, type PageRequest } from "../page.ts";
import { User, type Role } from "./user.ts";

export interface UserFilter {
  /** Words, each of which must occur in name or address. */
  readonly text?: string | null;
  readonly role?: Role | null;
  readonly active?: boolean | null;
}

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

/**
 * Accounts, newest first; for administrators.
 *
 * @throws {InvalidRequest} CURSOR_INVALID
 */
export async function listUsers(em: EntityManager, request: PageRequest & { filter: UserFilter | null }): Promise<Page<User>> {
  const { filter, first } = request;
  const values: unknown[] = [];
  const $ = (value: unknown): string => `$${values.push(value)}`;
  const conditions: string[] = ["true"];
  if (filter?.role != null) conditions.push(`roles @> array[${$(filter.role)}]::text[]`);
  if (filter?.active != null) conditions.push(`active = ${$(filter.active)}`);
  for (const word of wordsOf(filter?.text ?? "")) {
    const pattern = $(`%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
    conditions.push(`(full_name ilike ${pattern} or email::text ilike ${pattern})`);
  }
  const after = requireCursor(request.after);
  if (after !== null) conditions.push(`(created_at, id) < (select created_at, id from app_user where id = ${$(after)})`);
  const rows = await query<object>(
    em,
    `select * from app_user where ${conditions.join(" and ")} order by created_at desc, id desc limit ${$(first + 1)}`,
    values,
  );
  return pageOf(
    rows.map((row) => em.map(User, row)),
    first,
  );
}

/** At most eight words; Postgres takes no NUL in a text. */
const wordsOf = (text: string): string[] =>
  text
    .split(/[\s\0]+/)
    .filter((word) => word !== "")
    .slice(0, 8);

/** The reviewers of open applications, by applicant; whoever has none is left out. */
export async function findOpenReviewers(em: EntityManager, applicantIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await query<{ applicant_id: string; reviewer_id: string }>(
    em,
    `select applicant_id, reviewer_id from application_request
     where applicant_id = any($1::uuid[]) and reviewer_id is not null and status in ('PENDING', 'UNDER_REVIEW', 'INFO_REQUESTED')`,
    [applicantIds.filter(isId)],
  );
  return new Map(rows.map((row) => [row.applicant_id, row.reviewer_id]));
}
