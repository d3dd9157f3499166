import type { EntityManager } from "@mikro-orm/postgresql";
import { isId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import { pageOf, requireCursor, type Page, type PageRequest } from "../page.ts";
import { isOpen } from "../schedules/schedule.queries.ts";
import { wordPatterns } from "../search.ts";
import { User } from "../users/user.ts";
import { Expertise } from "./expertise.ts";
import { MentorProfile } from "./mentor-profile.ts";

export interface MentorFilter {
  /** Words, each of which must occur in name, headline, experience, what they tell about themselves, or an expertise. */
  readonly text?: string | null;
  /** At least one of these. */
  readonly expertiseIds?: readonly string[] | null;
  /** With a published course of this category. */
  readonly categoryId?: string | null;
  /** With a slot that the viewer can book now and that starts at this time or later. */
  readonly openFrom?: Date | null;
  /** With such a slot that starts before this time; the same slot when both are given. */
  readonly openTo?: Date | null;
}

/** The profiles that exist, by the mentor's id. */
export async function findMentorProfiles(em: EntityManager, ids: readonly string[]): Promise<Map<string, MentorProfile>> {
  const profiles = await em.find(MentorProfile, { userId: { $in: ids.filter(isId) } });
  return new Map(profiles.map((profile) => [profile.userId, profile]));
}

export async function findExpertises(em: EntityManager, ids: readonly string[]): Promise<Map<string, Expertise>> {
  const expertises = await em.find(Expertise, { id: { $in: ids.filter(isId) } });
  return new Map(expertises.map((expertise) => [expertise.id, expertise]));
}

/** All expertises by name; their number stays small enough for one list. */
export async function listExpertises(em: EntityManager): Promise<Expertise[]> {
  return em.find(Expertise, {}, { orderBy: { name: "asc" } });
}

/** What each mentor knows, by name; one entry per mentor, in their order, by one statement. */
export async function listExpertisesOfMentors(em: EntityManager, mentorIds: readonly string[]): Promise<readonly Expertise[][]> {
  const rows = await query<{ mentor_id: string }>(
    em,
    "select m.mentor_id, e.* from mentor_expertise m join expertise e on e.id = m.expertise_id where m.mentor_id = any($1::uuid[]) order by e.name",
    [mentorIds],
  );
  const perMentor = new Map<string, Expertise[]>(mentorIds.map((id) => [id, []]));
  for (const { mentor_id, ...row } of rows) perMentor.get(mentor_id)?.push(em.map(Expertise, row));
  return mentorIds.map((id) => perMentor.get(id) ?? []);
}

/**
 * Mentors whose accounts are active, the newest first.
 *
 * @throws {InvalidRequest} CURSOR_INVALID
 */
export async function listMentors(em: EntityManager, request: PageRequest & { filter?: MentorFilter | null; viewerId: string | null }): Promise<Page<User>> {
  const { filter, viewerId, first } = request;
  const values: unknown[] = [];
  const $ = (value: unknown): string => `$${values.push(value)}`;
  const conditions = ["u.active"];

  if (filter?.expertiseIds != null)
    conditions.push(`exists (select from mentor_expertise where mentor_id = u.id and expertise_id = any(${$(filter.expertiseIds.filter(isId))}::uuid[]))`);
  if (filter?.categoryId != null) {
    const categoryId = $(isId(filter.categoryId) ? filter.categoryId : null);
    conditions.push(`exists (select from course where mentor_id = u.id and category_id = ${categoryId} and status = 'PUBLISHED')`);
  }
  if (filter?.openFrom != null || filter?.openTo != null) {
    const starts = [
      ...(filter.openFrom == null ? [] : [`lower(s.during) >= ${$(filter.openFrom)}`]),
      ...(filter.openTo == null ? [] : [`lower(s.during) < ${$(filter.openTo)}`]),
    ];
    // Asked mentor by mentor until the page is full, for which `offset 0` keeps the planner from joining all slots of the window.
    conditions.push(`exists (select from schedule s where s.mentor_id = u.id and ${[...starts, isOpen($(viewerId))].join(" and ")} offset 0)`);
  }
  for (const word of wordPatterns(filter?.text)) {
    const pattern = $(word);
    conditions.push(
      `(u.full_name ilike ${pattern} or p.headline ilike ${pattern} or p.experience ilike ${pattern} or u.bio ilike ${pattern}
        or exists (select from mentor_expertise m join expertise e on e.id = m.expertise_id where m.mentor_id = u.id and e.name::text ilike ${pattern}))`,
    );
  }
  const after = requireCursor(request.after);
  if (after !== null) conditions.push(`(p.created_at, p.user_id) < (select created_at, user_id from mentor_profile where user_id = ${$(after)})`);

  const rows = await query<object>(
    em,
    `select u.* from mentor_profile p join app_user u on u.id = p.user_id
     where ${conditions.join(" and ")} order by p.created_at desc, p.user_id desc limit ${$(first + 1)}`,
    values,
  );
  return pageOf(
    rows.map((row) => em.map(User, row)),
    first,
  );
}
