import type { Actor } from "../../src/domain/actor.ts";
import { grantMentorRole } from "../../src/domain/mentors/mentor-role.ts";
import { findMentorProfiles, listExpertises, listExpertisesOfMentors, listMentors, type MentorFilter } from "../../src/domain/mentors/mentor.queries.ts";
import { type MentorProfileInput, saveExpertise, updateMentorProfile } from "../../src/domain/mentors/mentor.service.ts";
import type { Refusal } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { DomainTest } from "./support.ts";

let t: DomainTest;
let admin: Actor;
beforeAll(async () => {
  t = await DomainTest.open();
  admin = { id: await t.user({ roles: ["LEARNER", "ADMIN"] }), roles: ["LEARNER", "ADMIN"] };
});
afterAll(() => t.db.dispose());

async function mentor(over: Partial<MentorProfileInput> & { active?: boolean } = {}): Promise<string> {
  const id = await t.user({ active: over.active ?? true });
  await grantMentorRole(t.em, id);
  await update(id, over);
  return id;
}
const update = (mentorId: string, over: Partial<MentorProfileInput> = {}) =>
  t.db.transaction((em) => updateMentorProfile(em, { mentorId, input: { expertiseIds: [], maxSessionsPerWeek: 10, minNoticeHours: 12, ...over } }));
const expertise = (name: string = newId(), expertiseId: string | null = null): Promise<string> =>
  t.db.transaction(async (em) => (await saveExpertise(em, { expertiseId, name, actor: admin })).expertiseId);
const found = async (filter: MentorFilter, viewerId: string | null = null): Promise<string[]> =>
  (await listMentors(t.em, { filter, viewerId, first: 100, after: null })).nodes.map(({ id }) => id);
const refusalsOf = async (saving: Promise<unknown>): Promise<[string, string | undefined][]> => {
  const refusal = await saving.then(
    () => null,
    (error: unknown) => error as Refusal,
  );
  return refusal === null ? [] : [refusal, ...refusal.others].map(({ code, field }) => [code, field?.join(".")]);
};
const knows = async (mentorId: string): Promise<string[]> => ((await listExpertisesOfMentors(t.em, [mentorId]))[0] ?? []).map(({ id }) => id);

test("a profile is replaced with everything in it", async () => {
  const [one, two] = [await expertise(), await expertise()];
  const id = await mentor({
    headline: "  Trees and graphs ",
    experience: "Ten years",
    expertiseIds: [one, one.toUpperCase(), two],
    maxSessionsPerWeek: 60,
    minNoticeHours: 336,
  });
  expect((await findMentorProfiles(t.em, [id, newId(), "no id"])).get(id)).toMatchObject({
    headline: "Trees and graphs",
    experience: "Ten years",
    maxSessionsPerWeek: 60,
    minNoticeHours: 336,
  });
  expect((await knows(id)).toSorted()).toEqual([one, two].toSorted());
  await update(id, { headline: " ", expertiseIds: [two], minNoticeHours: 0 });
  expect((await findMentorProfiles(t.em, [id])).get(id)).toMatchObject({ headline: null, experience: null, maxSessionsPerWeek: 10, minNoticeHours: 0 });
  expect(await knows(id)).toEqual([two]);
});

test("all that is wrong with a profile is told at once", async () => {
  const known = await expertise();
  const wrong = { headline: "x".repeat(121), experience: "a\0b", expertiseIds: [known, newId(), "no id"], maxSessionsPerWeek: 61, minNoticeHours: -1 };
  expect(await refusalsOf(update(await mentor(), wrong))).toEqual([
    ["INVALID", "input.headline"],
    ["INVALID", "input.experience"],
    ["NOT_FOUND", "input.expertiseIds.1"],
    ["NOT_FOUND", "input.expertiseIds.2"],
    ["INVALID", "input.maxSessionsPerWeek"],
    ["INVALID", "input.minNoticeHours"],
  ]);
});

test("two profiles that are saved at once are not mixed", async () => {
  const id = await mentor();
  const sets = [[await expertise(), await expertise()], [await expertise()], []];
  await Promise.all(Array.from({ length: 12 }, (_, index) => update(id, { headline: String(index % 3), expertiseIds: sets[index % 3] ?? [] })));
  const headline = (await findMentorProfiles(t.em, [id])).get(id)?.headline;
  expect((await knows(id)).toSorted()).toEqual((sets[Number(headline)] ?? []).toSorted());
});

test("expertises have one name each, whatever its case, and are audited", async () => {
  const name = newId();
  const id = await expertise(` ${name} `);
  await expertise(name.toUpperCase(), id);
  expect(await refusalsOf(expertise(name))).toEqual([["ALREADY_EXISTS", "name"]]);
  expect(await refusalsOf(expertise(name, await expertise()))).toEqual([["ALREADY_EXISTS", "name"]]);
  expect(await refusalsOf(expertise(" ", newId()))).toEqual([
    ["REQUIRED", "name"],
    ["NOT_FOUND", "id"],
  ]);
  expect(await refusalsOf(expertise("x".repeat(81), "no id"))).toHaveLength(2);
  expect((await listExpertises(t.em)).find((one) => one.id === id)?.name).toBe(name.toUpperCase());
  expect(await t.db.sql("select actor_id, action, target_type, detail from audit_entry where target_id = $1 order by id", [id])).toEqual([
    { actor_id: admin.id, action: "saveExpertise", target_type: "Expertise", detail: { created: true } },
    { actor_id: admin.id, action: "saveExpertise", target_type: "Expertise", detail: { created: false } },
  ]);
});

test("mentors are found by words in their name, profile and expertises, each taken as it is written", async () => {
  const word = newId();
  const graphs = await expertise(`Graphs ${word}`);
  const [one, two] = [await mentor({ headline: `100% ${word}`, expertiseIds: [graphs] }), await mentor({ experience: `${word}_x`, expertiseIds: [graphs] })];
  await mentor({ headline: `Ended ${word}`, active: false });
  expect(await found({ text: ` ${word}\0GRAPHS ` })).toEqual([two, one]);
  expect(await found({ text: `${word} 100%` })).toEqual([one]);
  expect(await found({ text: `${word} %0` })).toEqual([]);
  expect(await found({ text: `${word}_x` })).toEqual([two]);
  expect(await found({ text: `${word} Fi Tavgor \ud800` })).toEqual([]);
  expect(await found({ text: `${word} Fi Tavgor` })).toEqual([two, one]);
});

test("mentors are found by any expertise and by the category of a published course", async () => {
  const [a, b, c] = [await expertise(), await expertise(), await expertise()];
  const [one, both] = [await mentor({ expertiseIds: [a] }), await mentor({ expertiseIds: [a, b] })];
  expect(await found({ expertiseIds: [a, b] })).toEqual([both, one]);
  expect(await found({ expertiseIds: [b, c] })).toEqual([both]);
  expect(await found({ expertiseIds: [] })).toEqual([]);
  const [published, draft] = [await t.course({ mentorId: one }), await t.course({ mentorId: one, status: "DRAFT" })];
  // Each course has a category of its own with its id.
  expect(await found({ categoryId: published })).toEqual([one]);
  expect(await found({ categoryId: draft })).toEqual([]);
});

test("mentors are found by a slot that the viewer can book and that starts in the window", async () => {
  const id = await mentor({ minNoticeHours: 5 });
  await t.db.sql(
    `insert into schedule (id, mentor_id, during, time_zone)
     select gen_random_uuid(), $1, tstzrange(now() + h * interval '1 hour', now() + (h + 1) * interval '1 hour'), 'UTC' from unnest('{3,10}'::int[]) h`,
    [id],
  );
  const at = (hours: number) => new Date(Date.now() + hours * 3_600_000);
  const isFound = async (filter: MentorFilter, viewer: string | null = null) => (await found(filter, viewer)).includes(id);
  expect(await isFound({ openFrom: at(0), openTo: at(9) })).toBe(false);
  expect(await isFound({ openFrom: at(9), openTo: at(11) })).toBe(true);
  expect(await isFound({ openFrom: at(9) })).toBe(true);
  expect(await isFound({ openTo: at(11) })).toBe(true);
  expect(await isFound({ openFrom: at(11) })).toBe(false);
  expect(await isFound({ openFrom: at(9) }, id)).toBe(false);
});

test("pages of mentors join without gaps and repetitions, also of those made at one instant", async () => {
  await t.db.sql("update mentor_profile set created_at = date_trunc('minute', created_at)");
  const seen: string[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page = await listMentors(t.em, { viewerId: null, first: 2, after });
    seen.push(...page.cursors);
    after = seen.at(-1) ?? null;
    more = page.hasNextPage;
  }
  const [row] = await t.db.sql<{ count: number }>("select count(*)::int from mentor_profile p join app_user u on u.id = p.user_id where u.active");
  expect(seen).toHaveLength(row?.count ?? 0);
  expect(new Set(seen).size).toBe(seen.length);
});
