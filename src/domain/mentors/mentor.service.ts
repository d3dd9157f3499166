import { sql, type EntityManager } from "@mikro-orm/postgresql";
import { Defect, Refusal } from "../../kernel/errors.ts";
import { isId, newId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import type { Actor } from "../actor.ts";
import { recordAudit } from "../audit/audit.ts";
import { InputCheck } from "../input.ts";
import { unlessTaken } from "../unique.ts";
import { Expertise } from "./expertise.ts";

export interface MentorProfileInput {
  /** At most 120 characters. */
  readonly headline?: string | null;
  /** At most 2,000 characters. */
  readonly experience?: string | null;
  readonly expertiseIds: readonly string[];
  /** 1..60. */
  readonly maxSessionsPerWeek: number;
  /** 0..336. */
  readonly minNoticeHours: number;
}

/**
 * Replaces everything that a mentor says about what they offer.
 *
 * @throws {Refusal} INVALID; NOT_FOUND for each expertise that does not exist
 */
export async function updateMentorProfile(em: EntityManager, { mentorId, input }: { mentorId: string; input: MentorProfileInput }): Promise<void> {
  const check = new InputCheck();
  const headline = check.optionalText(input.headline, ["input", "headline"], { what: "The headline", max: 120 });
  const experience = check.optionalText(input.experience, ["input", "experience"], { what: "The experience", max: 2_000 });
  const expertiseIds = input.expertiseIds.map((id) => (isId(id) ? id.toLowerCase() : id));
  const known = await query<{ id: string }>(em, "select id from expertise where id = any($1::uuid[])", [expertiseIds.filter(isId)]);
  for (const [index, id] of expertiseIds.entries()) {
    if (!known.some((expertise) => expertise.id === id)) check.refuse("NOT_FOUND", `No expertise has the id ${id}.`, ["input", "expertiseIds", String(index)]);
  }
  const maxSessionsPerWeek = check.whole(input.maxSessionsPerWeek, ["input", "maxSessionsPerWeek"], { what: "The number of sessions a week", min: 1, max: 60 });
  const minNoticeHours = check.whole(input.minNoticeHours, ["input", "minNoticeHours"], { what: "The notice in hours", min: 0, max: 336 });
  check.done();

  // Locks the profile, so that two changes of it are one after the other, expertises included.
  const updated = await query(
    em,
    `update mentor_profile set headline = $2, experience = $3, max_sessions_per_week = $4, min_notice_hours = $5, updated_at = now()
     where user_id = $1 returning 1`,
    [mentorId, headline, experience, maxSessionsPerWeek, minNoticeHours],
  );
  if (updated.length === 0) throw new Defect(`Account ${mentorId} acts as a mentor, but has no profile`);
  await query(em, "delete from mentor_expertise where mentor_id = $1 and expertise_id <> all($2::uuid[])", [mentorId, expertiseIds]);
  await query(em, "insert into mentor_expertise (mentor_id, expertise_id) select $1, id from unnest($2::uuid[]) as e(id) on conflict do nothing", [
    mentorId,
    expertiseIds,
  ]);
}

/**
 * Makes an expertise when the id is null, otherwise renames it.
 *
 * @throws {Refusal} REQUIRED, INVALID, NOT_FOUND, ALREADY_EXISTS
 */
export async function saveExpertise(
  em: EntityManager,
  { expertiseId, name: given, actor }: { expertiseId: string | null; name: string; actor: Actor },
): Promise<{ expertiseId: string }> {
  const check = new InputCheck();
  const name = check.text(given, ["name"], { what: "The name", min: 1, max: 80 });
  const found = expertiseId === null ? null : isId(expertiseId) ? await em.findOne(Expertise, expertiseId) : null;
  if (expertiseId !== null && found === null) check.refuse("NOT_FOUND", `No expertise has the id ${expertiseId}.`, ["id"]);
  check.done();

  const id = found?.id ?? newId();
  await unlessTaken(
    () => (found === null ? em.insert(Expertise, { id, name }) : em.nativeUpdate(Expertise, id, { name, updatedAt: sql.now() })),
    new Refusal("ALREADY_EXISTS", `There is an expertise ${name} already.`, ["name"]),
  );
  await recordAudit(em, { actorId: actor.id, action: "saveExpertise", targetType: "Expertise", targetId: id, detail: { created: found === null } });
  return { expertiseId: id };
}
