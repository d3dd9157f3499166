import type { EntityManager } from "@mikro-orm/postgresql";
import { isId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import { pageOf, requireCursor, type Page, type PageRequest } from "../page.ts";
import { wordPatterns } from "../search.ts";
import { ApplicationDocument, ApplicationRequest, type ApplicationStatus } from "./application-request.ts";

/** The applications that exist, by id, whoever may see them. */
export async function findApplications(em: EntityManager, ids: readonly string[]): Promise<Map<string, ApplicationRequest>> {
  const requests = await em.find(ApplicationRequest, { id: { $in: ids.filter(isId) } });
  return new Map(requests.map((request) => [request.id, request]));
}

/** By applicant, newest first. */
export async function findApplicationsOf(em: EntityManager, applicantIds: readonly string[]): Promise<Map<string, ApplicationRequest[]>> {
  const requests = await em.find(ApplicationRequest, { applicantId: { $in: applicantIds.filter(isId) } }, { orderBy: { id: "desc" } });
  return Map.groupBy(requests, ({ applicantId }) => applicantId);
}

/** By application, oldest first. */
export async function findDocuments(em: EntityManager, requestIds: readonly string[]): Promise<Map<string, ApplicationDocument[]>> {
  const documents = await em.find(ApplicationDocument, { requestId: { $in: requestIds.filter(isId) } }, { orderBy: { id: "asc" } });
  return Map.groupBy(documents, ({ requestId }) => requestId);
}

export interface ApplicationFilter {
  readonly status?: readonly ApplicationStatus[] | null;
  readonly reviewerId?: string | null;
  /** Words, each of which must occur in the applicant's name or in what they wrote. */
  readonly text?: string | null;
}

/**
 * Applications, newest first.
 *
 * @param onlyOf only those that this reviewer reads; null: all
 * @throws {InvalidRequest} CURSOR_INVALID
 */
export async function listApplications(
  em: EntityManager,
  request: PageRequest & { readonly filter: ApplicationFilter | null; readonly onlyOf: string | null },
): Promise<Page<ApplicationRequest>> {
  const { filter, onlyOf, first } = request;
  const values: unknown[] = [];
  const $ = (value: unknown): string => `$${values.push(value)}`;
  const conditions: string[] = ["true"];
  if (onlyOf !== null) conditions.push(`r.reviewer_id = ${$(onlyOf)}`);
  if (filter?.status != null) conditions.push(`r.status = any(${$(filter.status)}::text[])`);
  if (filter?.reviewerId != null) conditions.push(`r.reviewer_id = ${$(isId(filter.reviewerId) ? filter.reviewerId : null)}`);
  for (const word of wordPatterns(filter?.text)) {
    const pattern = $(word);
    conditions.push(`(u.full_name ilike ${pattern} or r.education ilike ${pattern} or r.work_experience ilike ${pattern} or r.description ilike ${pattern})`);
  }
  const after = requireCursor(request.after);
  // Ids are v7, so their order is that of the submission.
  if (after !== null) conditions.push(`r.id < ${$(after)}`);
  const rows = await query<object>(
    em,
    `select r.* from application_request r join app_user u on u.id = r.applicant_id where ${conditions.join(" and ")} order by r.id desc limit ${$(first + 1)}`,
    values,
  );
  return pageOf(
    rows.map((row) => em.map(ApplicationRequest, row)),
    first,
  );
}
