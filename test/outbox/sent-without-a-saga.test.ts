import { Permanent } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { command, event, leased, handleAll, occur, send, t } from "../../src/outbox/index.ts";
import { createTestEngine, OPERATOR_ID, type TestEngine } from "../support/engine.ts";
import { waitFor } from "../support/wait.ts";

const WavedEvent = event("WavedEvent", { id: t.id() });
const WaveCommand = command("WaveCommand", { id: t.id() }, WavedEvent);
const NodCommand = command("NodCommand", { id: t.id() }, WavedEvent);

interface Attempt {
  readonly id: string;
  readonly runId: string;
  readonly attempt: number;
}

let attempts: Attempt[] = [];
let fault: Error | null = null;
let engine: TestEngine;

const carryOut = ({ payload, runId, attempt }: { payload: { id: string }; runId: string; attempt: number }) => {
  attempts.push({ id: payload.id, runId, attempt });
  if (fault !== null) throw fault;
  return occur(WavedEvent, payload);
};

beforeAll(async () => {
  engine = await createTestEngine({
    sagas: [],
    participants: [
      leased(WaveCommand, {
        loadAll: async (_em, commands) => commands,
        perform: async (delivery) => carryOut(delivery),
        recordAll: async (_em, done) => done.map(({ output }) => output),
      }),
      handleAll(NodCommand, async (_em, commands) => commands.map(carryOut)),
    ],
  });
  await engine.start();
});
afterAll(() => engine.dispose());
beforeEach(() => {
  attempts = [];
  fault = null;
});

const attemptsOf = (id: string): Attempt[] => attempts.filter((one) => one.id === id);
const rest = (id: string) =>
  engine.sql<{ what: string; failed: number | null }>(
    `select 'outbox' as what, attempt as failed from outbox where payload ->> 'id' = $1
     union all select 'job', null from pgboss.job where data -> 'payload' ->> 'id' = $1`,
    [id],
  );

test.each([
  ["an outside effect", WaveCommand],
  ["effects in the database", NodCommand],
])("a command with %s that no saga waits for is tried again after a failure, as the same run", async (_what, contract) => {
  const id = newId();
  fault = new Error("not now");
  const runId = await engine.transaction((em) => send(em, contract, { id }));
  await waitFor(async () => (await rest(id)).some(({ what, failed }) => what === "outbox" && failed === 1), { describe: () => rest(id) });
  fault = null;
  await engine.skipWaits();
  await waitFor(async () => attemptsOf(id).length === 2 && (await rest(id)).length === 0);
  expect(attemptsOf(id)).toEqual([
    { id, runId, attempt: 1 },
    { id, runId, attempt: 2 },
  ]);
});

test("when its attempts are used up it is a dead letter, which a redrive sends again", async () => {
  const id = newId();
  fault = new Error("never");
  const runId = await engine.transaction((em) => send(em, NodCommand, { id }));
  const letters = () => engine.sql<{ id: string; attempts: number; status: string; saga_id: null }>("select * from dead_letter where run_id = $1", [runId]);
  await waitFor(
    async () => {
      await engine.skipWaits();
      return (await letters()).length === 1;
    },
    { describe: () => rest(id) },
  );
  expect(await letters()).toMatchObject([{ queue: "nod", message: "NodCommand", saga_id: null, attempts: 10, status: "OPEN", reason_code: "INTERNAL" }]);
  expect(attemptsOf(id)).toHaveLength(10);

  fault = null;
  const redrive = (dryRun: boolean) =>
    engine.transaction((em) =>
      engine.operations.redrive(em, { filter: { message: "NodCommand" }, limit: 10, actorId: OPERATOR_ID, note: "again", resolutionId: newId(), dryRun }),
    );
  expect(await redrive(true)).toMatchObject({ redriven: [(await letters())[0]?.id], refused: [] });
  expect(await letters()).toMatchObject([{ status: "OPEN" }]);
  expect(await redrive(false)).toMatchObject({ refused: [] });
  await waitFor(() => attemptsOf(id).length === 11);
  expect(attemptsOf(id).at(-1)).toEqual({ id, runId, attempt: 1 });
  expect(await letters()).toMatchObject([{ status: "REDRIVEN" }]);
});

test("a failure that no further attempt can help is a dead letter at once", async () => {
  const id = newId();
  fault = new Permanent("no such address");
  const runId = await engine.transaction((em) => send(em, WaveCommand, { id }));
  await waitFor(async () => (await engine.sql("select 1 from dead_letter where run_id = $1", [runId])).length === 1);
  expect(attemptsOf(id)).toHaveLength(1);
  expect(await rest(id)).toEqual([]);
});
