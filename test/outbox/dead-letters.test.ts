import { newId } from "../../src/kernel/ids.ts";
import { deadLettersOfSagas, findDeadLetters, listDeadLetters, type DeadLetterFilter } from "../../src/outbox/index.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
// Its sagas are rows for the letters to name, and have no history.
afterAll(() => database.dispose({ damaged: "sagas without history" }));
beforeEach(() => database.sql("truncate dead_letter, saga"));

const em = () => database.orm.em.fork();
const saga = async (type = "Tally"): Promise<{ id: string; subjectId: string }> => {
  const [id, subjectId] = [newId(), newId()];
  await database.sql(
    `insert into saga (id, type, definition_version, subject_id, participants, state, status, sequence, data, runs, attempt, max_attempts, started_at, updated_at)
     values ($1, $2, 1, $3, '{}', 'Counting', 'STUCK', 1, '{}', '[]', 1, 1, now(), now())`,
    [id, type, subjectId],
  );
  return { id, subjectId };
};
const deadLetter = async (columns: Record<string, unknown> = {}): Promise<string> => {
  const id = newId();
  const row: Record<string, unknown> = {
    id,
    queue: "count",
    message: "CountCommand",
    payload: JSON.stringify({ tallyId: id }),
    attempts: 4,
    reason_code: "INTERNAL",
    reason_message: "cannot count",
    detail: "Error: cannot count",
    ...columns,
  };
  await database.sql(
    `insert into dead_letter (${Object.keys(row).join(", ")}) values (${Object.keys(row)
      .map((_, index) => `$${index + 1}`)
      .join(", ")})`,
    Object.values(row),
  );
  return id;
};
const found = async (filter: DeadLetterFilter): Promise<string[]> =>
  (await listDeadLetters(em(), filter, { first: 100, after: null })).nodes.map((one) => one.id);

test("a dead letter shows its saga, its run, why it failed, and what was decided about it", async () => {
  const { id: sagaId, subjectId } = await saga();
  const [runId, by] = [newId(), newId()];
  const id = await deadLetter({
    saga_id: sagaId,
    run_id: runId,
    failed_at: "2026-01-01T00:00:00Z",
    status: "DISCARDED",
    resolved_at: "2026-01-02T00:00:00Z",
    resolved_by: by,
    note: "Counted by hand.",
  });
  expect((await findDeadLetters(em(), [id, newId()])).get(id)).toEqual({
    id,
    queue: "count",
    message: "CountCommand",
    sagaId,
    runId,
    sagaType: "Tally",
    subjectId,
    attempts: 4,
    failedAt: new Date("2026-01-01T00:00:00Z"),
    reason: { code: "INTERNAL", message: "cannot count" },
    detail: "Error: cannot count",
    payload: { tallyId: id },
    status: "DISCARDED",
    resolvedAt: new Date("2026-01-02T00:00:00Z"),
    resolvedBy: by,
    note: "Counted by hand.",
  });
});

test("an event that found no saga shows the one it was meant for", async () => {
  const subjectId = newId();
  const id = await deadLetter({ saga_type: "Tally", subject_id: subjectId });
  const letters = await findDeadLetters(em(), [id, newId()]);
  expect([...letters.keys()]).toEqual([id]);
  expect(letters.get(id)).toMatchObject({ sagaId: null, runId: null, sagaType: "Tally", subjectId, resolvedAt: null, resolvedBy: null, note: null });
});

test("every filter finds what it names, and together they find what fits all", async () => {
  const [tally, other] = [await saga(), await saga("Parcel")];
  const plain = await deadLetter({ saga_id: tally.id, failed_at: "2026-01-01T00:00:00Z" });
  const orphan = await deadLetter({ saga_type: "Tally", queue: "", message: "CountedEvent", reason_code: "ORPHAN", failed_at: "2026-01-02T00:00:00Z" });
  const parcel = await deadLetter({ saga_id: other.id, queue: "pack", message: "PackCommand", status: "REDRIVEN", failed_at: "2026-01-03T00:00:00Z" });
  const cases: [DeadLetterFilter, string[]][] = [
    [{}, [parcel, orphan, plain]],
    [{ ids: [plain, parcel] }, [parcel, plain]],
    [{ ids: [] }, []],
    [{ status: ["OPEN"] }, [orphan, plain]],
    [{ status: ["REDRIVEN", "DISCARDED"] }, [parcel]],
    [{ queue: "pack" }, [parcel]],
    [{ message: "CountedEvent" }, [orphan]],
    [{ sagaType: "Tally" }, [orphan, plain]],
    [{ reason: ["ORPHAN", "TIMED_OUT"] }, [orphan]],
    [{ failedAfter: new Date("2026-01-01T12:00:00Z") }, [parcel, orphan]],
    [{ failedBefore: new Date("2026-01-01T12:00:00Z") }, [plain]],
    [{ sagaType: "Tally", reason: ["INTERNAL"], status: ["OPEN"] }, [plain]],
    [{ sagaType: "Parcel", status: ["OPEN"] }, []],
  ];
  for (const [filter, ids] of cases) expect([filter, await found(filter)]).toEqual([filter, ids]);
});

test("pages follow each other newest first, without a gap or a repetition, also within one microsecond", async () => {
  const ids: string[] = [];
  for (let index = 0; index < 7; index++) ids.unshift(await deadLetter({ failed_at: `2026-01-01T00:00:00.00000${Math.floor(index / 3)}Z` }));
  const seen: string[] = [];
  let after: string | null = null;
  let hasNextPage = true;
  while (hasNextPage) {
    const page = await listDeadLetters(em(), {}, { first: 2, after });
    expect(page.nodes.length).toBe(page.cursors.length);
    seen.push(...page.nodes.map((one) => one.id));
    after = page.cursors.at(-1) ?? null;
    ({ hasNextPage } = page);
  }
  expect(seen).toEqual(ids);
  expect(await listDeadLetters(em(), {}, { first: 7, after: null })).toMatchObject({ hasNextPage: false });
});

test("the dead letters of several sagas come by saga, newest first", async () => {
  const [one, two, none] = [await saga(), await saga(), await saga()];
  const old = await deadLetter({ saga_id: one.id, failed_at: "2026-01-01T00:00:00Z" });
  const young = await deadLetter({ saga_id: one.id, failed_at: "2026-01-02T00:00:00Z" });
  const other = await deadLetter({ saga_id: two.id });
  await deadLetter();
  const letters = await deadLettersOfSagas(em(), [one.id, two.id, none.id]);
  expect(Object.fromEntries([...letters].map(([id, list]) => [id, list.map((letter) => letter.id)]))).toEqual({ [one.id]: [young, old], [two.id]: [other] });
});
