import { generateKeyPairSync } from "node:crypto";
import { isInterfaceType, isObjectType, print } from "graphql";
import { createIdentity } from "../../src/gateways/identity.ts";
import { newId } from "../../src/kernel/ids.ts";
import { SagaRegistry } from "../../src/sagas/engine/index.ts";
import { sagas } from "../../src/sagas/index.ts";
import { buildApiSchema } from "../../src/schema/build-schema.ts";
import { callers, table, type CallerName, type Row, type Thing } from "./permission-table.ts";
import { ApiTest, codesOf, type Answer, type Person } from "./support.ts";

// Every row of the table for every caller, over HTTP and over sockets. No worker is at work: what a row sets going stays where it is.

let api: ApiTest;
const people = new Map<CallerName, Person>();
const ids = new Map<Thing, string>();

const of = (name: CallerName): Person => people.get(name) ?? { id: "", email: "", token: "" };
const idOf = (thing: Thing): string => ids.get(thing) ?? "";

beforeAll(async () => {
  api = await ApiTest.open();
  const roles = { learner: [], mentor: ["MENTOR"], reviewer: ["REVIEWER"], operator: ["OPERATOR"], admin: ["ADMIN"] } as const;
  for (const name of callers) {
    if (name === "anonymous") continue;
    const role = (name.startsWith("other") ? name.slice(5).toLowerCase() : name) as keyof typeof roles;
    people.set(name, await api.person(...roles[role]));
  }
  await makeThings();
}, 60_000);
afterAll(() => api.close({ damaged: "things of this test were put there without their past" }));

/** Rows as the platform would have left them; what they would have gone through does not matter here. */
async function makeThings(): Promise<void> {
  const { sql } = api.engine;
  const [learner, mentor, reviewer] = [of("learner"), of("mentor"), of("reviewer")];
  const course = await api.course(mentor);
  const [slot, openSlot, session, resource, notification] = [newId(), newId(), newId(), newId(), newId()];
  const { enrollmentId } = await api.enroll(learner, course);
  await sql("update course set seats_taken = 1 where id = $1", [course]);
  await sql(
    "update course_enrollment set status = 'ACTIVE', seat_held = true, confirmed_at = now(), access_granted_at = now(), access_grant_id = gen_random_uuid() where id = $1",
    [enrollmentId],
  );
  await sql(
    "insert into schedule (id, mentor_id, during, time_zone) values ($1, $2, tstzrange(now() - interval '2 hours', now() - interval '1 hour'), 'UTC')",
    [slot, mentor.id],
  );
  await sql(
    "insert into schedule (id, mentor_id, during, time_zone) values ($1, $2, tstzrange(now() + interval '48 hours', now() + interval '49 hours'), 'UTC')",
    [openSlot, mentor.id],
  );
  await sql(
    `insert into mentoring_session (id, learner_id, mentor_id, course_id, schedule_id, type, status, outcome) values ($1, $2, $3, $4, $5, 'VIRTUAL', 'COMPLETED', 'HELD')`,
    [session, learner.id, mentor.id, course, slot],
  );
  await sql(
    `insert into slot_claim (id, session_id, schedule_id, mentor_id, learner_id, during, released_at) select gen_random_uuid(), $1, s.id, s.mentor_id, $3, s.during, now() from schedule s where id = $2`,
    [session, slot, learner.id],
  );
  const file = async (owner: Person, purpose: string): Promise<string> => {
    const id = newId();
    await sql(
      `insert into file_object (id, owner_id, purpose, file_name, content_type, byte_size, sha256, storage_key, state) values ($1, $2, $3, 'a.pdf', 'application/pdf', 1, repeat('0', 64), $4, 'CLAIMED')`,
      [id, owner.id, purpose, id],
    );
    return id;
  };
  await sql("insert into course_resource (id, course_id, file_id, title) values ($1, $2, $3, 'Slides')", [
    resource,
    course,
    await file(mentor, "COURSE_RESOURCE"),
  ]);
  await sql("insert into notification (id, user_id, title, message, dedupe_key) values ($1, $2, 'A title', 'A message', 'once')", [notification, learner.id]);
  const withdrawn = await apply(learner, [await file(learner, "APPLICATION_DOCUMENT"), await file(learner, "APPLICATION_DOCUMENT")]);
  await api.run(`mutation { withdrawApplicationRequest(id: "${withdrawn}") { userErrors { code } } }`, {}, learner);
  const application = await apply(learner, [await file(learner, "APPLICATION_DOCUMENT"), await file(learner, "APPLICATION_DOCUMENT")]);
  await sql("update application_request set reviewer_id = $2 where id = $1", [application, reviewer.id]);
  await sql(
    "insert into background_check (id, request_id, round, step_run_id, provider, reference, status) values (gen_random_uuid(), $1, 1, gen_random_uuid(), 'none', 'chk_1', 'REQUESTED')",
    [application],
  );
  const [saga] = await sql<{ id: string }>(
    "update saga set participants = participants || $2::uuid, paused_at = now(), paused_by = $3, pause_note = 'n' where subject_id = $1 returning id",
    [application, reviewer.id, of("operator").id],
  );
  const given: Record<Thing, string> = {
    learner: learner.id,
    course,
    draft: await api.course(mentor, { status: "DRAFT" }),
    slot,
    openSlot,
    session,
    enrollment: enrollmentId,
    application,
    withdrawn,
    saga: saga?.id ?? "",
    resource,
    notification,
  };
  for (const [thing, id] of Object.entries(given)) ids.set(thing as Thing, id);
}

async function apply(who: Person, files: readonly string[]): Promise<string> {
  await api.engine.sql("update file_object set state = 'STORED', expires_at = now() + interval '1 day' where id = any($1::uuid[])", [files]);
  const [cv, letter] = files;
  const { data } = await api.run<{ submitApplicationRequest: { applicationRequest: { id: string } } }>(
    `mutation { submitApplicationRequest(idempotencyKey: "${newId()}", input: { education: "A school of weaving", workExperience: "Ten years at the loom", description: "",
       documents: [{ uploadId: "${cv}", kind: CV }, { uploadId: "${letter}", kind: COVER_LETTER }], consentToBackgroundCheck: true }) { applicationRequest { id } } }`,
    {},
    who,
  );
  return data.submitApplicationRequest.applicationRequest.id;
}

const now = Date.now();
const fill = (document: string, id: string): string =>
  document
    .replaceAll("$id", `"${id}"`)
    .replaceAll("$key", `"${newId()}"`)
    .replaceAll("$from", `"${new Date(now - 86_400_000).toISOString()}"`)
    .replaceAll("$to", `"${new Date(now + 86_400_000).toISOString()}"`);

type AnswerOf = Pick<Answer<unknown>, "data" | "errors">;

async function ask({ document }: Row, id: string, who: Person | null): Promise<AnswerOf> {
  const text = fill(document, id);
  if (!document.startsWith("subscription")) return api.run(text, {}, who);
  for await (const answer of api.socket(who).iterate({ query: text })) return answer as unknown as AnswerOf;
  throw new Error("The subscription ended without an answer");
}

/** The word for an answer; see the table. */
function wordOf(answer: AnswerOf): string {
  const [code] = codesOf(answer);
  if (code !== undefined) return code;
  const value = resultIn(answer.data);
  if (value == null) return "null";
  const [refusal] = (value as { userErrors?: { code: string }[] }).userErrors ?? [];
  return refusal?.code ?? "ok";
}

/** What is called `result`, wherever it is; the first in a list that has one. */
function resultIn(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(resultIn).find((one) => one != null);
  if (data === null || typeof data !== "object") return undefined;
  if ("result" in data) return data.result;
  return Object.values(data)
    .map(resultIn)
    .find((one) => one != null);
}

test.each(table.map((row) => [`${row.field}${row.about === undefined ? "" : ` of the ${row.about}`}`, row] as const))("%s", async (_name, row) => {
  const id = row.about === undefined ? "" : idOf(row.about);
  const found: string[] = [];
  for (const name of callers) found.push(wordOf(await ask(row, id, name === "anonymous" ? null : of(name))));
  expect(callers.map((name, index) => `${name}: ${found[index]}`)).toEqual(callers.map((name, index) => `${name}: ${row.expected[index]}`));
});

const closedTo = ({ expected }: Row, name: CallerName): boolean => ["null", "NOT_FOUND"].includes(expected[callers.indexOf(name)] ?? "");
const strangers: readonly CallerName[] = ["otherLearner", "otherMentor", "otherReviewer", "operator", "admin"];
const probes = table
  .filter((row) => row.about !== undefined)
  .flatMap((row) => strangers.filter((name) => closedTo(row, name)).map((name) => [row.field, name, row] as const));

test.each(probes)("%s answers %s about somebody else's thing as about none", async (_field, name, row) => {
  const [id, other] = [idOf(row.about ?? "learner"), newId()];
  const say = async (about: string): Promise<string> =>
    JSON.stringify(await ask(row, about, of(name)))
      .replaceAll(/"requestId":"[^"]*"/g, "")
      .replaceAll(about, "it");
  expect(await say(id)).toBe(await say(other));
});

test("a row stands for every field that is closed to somebody, and for every root field", () => {
  const schema = buildApiSchema(new SagaRegistry(sagas));
  const roots = new Set(["Query", "Mutation", "Subscription"]);
  const needed = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) || isInterfaceType(type)
      ? Object.values(type.getFields())
          .filter((field) => roots.has(type.name) || (field.astNode?.directives ?? []).some((directive) => print(directive).startsWith("@auth")))
          .map((field) => `${type.name}.${field.name}`)
      : [],
  );
  expect(new Set(table.map(({ field }) => field))).toEqual(new Set(needed));
  expect(needed.length).toBeGreaterThan(80);
});

const anotherKey = (): string => generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });

test.each(["an account that is switched off", "a token that has run out", "a token of somebody else's making"])(
  "%s gets nothing, whatever is asked",
  async (what) => {
    const person = await api.person("ADMIN", "OPERATOR");
    const made = { "a token that has run out": api.privateKey, "a token of somebody else's making": anotherKey() }[what] ?? api.privateKey;
    const issuer = await createIdentity({
      privateKey: made,
      ttlSeconds: 900,
      now: () => new Date(now - (what === "a token that has run out" ? 3_600_000 : 0)),
    });
    if (what === "an account that is switched off") await api.engine.sql("update app_user set active = false where id = $1", [person.id]);
    const token =
      what === "an account that is switched off" ? person.token : (await issuer.issue({ id: person.id, roles: ["ADMIN"], tokenGeneration: 1 })).accessToken;
    for (const row of table) {
      if (row.field.startsWith("Subscription.")) continue;
      expect(`${row.field} ${wordOf(await ask(row, row.about === undefined ? "" : idOf(row.about), { ...person, token }))}`).toBe(
        `${row.field} UNAUTHENTICATED`,
      );
    }
  },
);

test("a refused field is null with an error at its path, and the rest of the answer stays", async () => {
  const course = idOf("course");
  const answer = await api.run(`{ course(id: "${course}") { id mentor { fullName email } enrollments { nodes { id } } } }`, {}, of("otherLearner"));
  expect(answer.status).toBe(200);
  expect(answer.data).toMatchObject({ course: { id: course, mentor: { fullName: "Fi Tavgor", email: null }, enrollments: null } });
  expect(answer.errors?.map(({ path, extensions }) => [path?.join("."), extensions.code]).toSorted()).toEqual([
    ["course.enrollments", "FORBIDDEN"],
    ["course.mentor.email", "FORBIDDEN"],
  ]);
});

test("operators find a saga by every filter, without learning whom it is about", async () => {
  const filter = {
    ids: [idOf("saga")],
    type: ["APPLICATION_REQUEST"],
    state: ["ValidatingDocuments"],
    subjectId: idOf("application"),
    userId: of("learner").id,
    startedAfter: "2020-01-01T00:00:00Z",
    startedBefore: "2999-01-01T00:00:00+02:00",
  };
  const answer = await api.run(
    "query ($filter: SagaFilter) { sagas(filter: $filter, orderBy: STARTED_AT_DESC) { nodes { id type state subject { __typename } } } }",
    { filter },
    of("operator"),
  );
  expect(answer).toMatchObject({
    data: { sagas: { nodes: [{ id: idOf("saga"), type: "APPLICATION_REQUEST", state: "ValidatingDocuments", subject: null }] } },
  });
  const none = await api.run(
    "query ($filter: SagaFilter) { sagas(filter: $filter) { nodes { id } } }",
    { filter: { ...filter, status: ["STUCK"], reason: ["COURSE_FULL"], quietForSeconds: 5 } },
    of("operator"),
  );
  expect(none.data).toEqual({ sagas: { nodes: [] } });
});
