import pg from "pg";
import { Permanent, Transient } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { command, event, handle, later, leased, occur, publish, query, reply, t, type AnyParticipant } from "../../src/outbox/index.ts";
import {
  fail,
  finish,
  incremental,
  next,
  park,
  saga,
  SagaExplainer,
  SagaRegistry,
  type SagaCause,
  type SagaExplanation,
} from "../../src/sagas/engine/index.ts";
import { nextStates } from "../../src/sagas/engine/explain-next.ts";
import { sagas } from "../../src/sagas/index.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { createTestEngine, OPERATOR_ID, type TestEngine } from "../support/engine.ts";
import { waitFor } from "../support/wait.ts";

const ErrandBegunEvent = event("ErrandBegunEvent", { errandId: t.id() });
const ErrandCancelledEvent = event("ErrandCancelledEvent", { errandId: t.id() });
const FetchedEvent = event("FetchedEvent", { errandId: t.id() });
const PutBackEvent = event("PutBackEvent", { errandId: t.id() });
const AnsweredEvent = event("AnsweredEvent", { errandId: t.id() });
const CollectedEvent = event("CollectedEvent", { errandId: t.id() });
const FetchCommand = command("FetchCommand", { errandId: t.id() }, FetchedEvent);
const PutBackCommand = command("PutBackCommand", { errandId: t.id() }, PutBackEvent);
const AskCommand = command("AskCommand", { errandId: t.id() }, AnsweredEvent);

/** Fetches something by a transactional command, asks somebody who answers later by a leased one, and waits for it to be collected. */
const errand = saga("Errand", {
  version: 1,
  key: "errandId",
  data: { errandId: t.id() },
  states: ["Begun", "Fetching", "Asking", "AwaitingCollection"],
  finals: { Run: "succeeded", Undone: "failed" },
  reasons: { Cancelled: { code: "CANCELLED_BY_USER", message: "Cancelled.", cancels: true } },
})
  .startOn(ErrandBegunEvent, { state: "Begun", key: (e) => e.errandId, init: (e) => e })
  .step("Fetching", {
    invoke: FetchCommand,
    with: (d) => d,
    onReply: { FetchedEvent: next },
    compensate: { invoke: PutBackCommand, with: (d) => d },
    retry: incremental({ first: "30m", step: "1m", times: 1 }),
    timeout: ["1h", fail("Cancelled")],
    onExhausted: park,
  })
  .step("Asking", {
    invoke: AskCommand,
    with: (d) => d,
    onReply: { AnsweredEvent: next },
    effect: "none",
    timeout: ["1h", park],
    onExhausted: park,
  })
  .wait("AwaitingCollection", { for: [CollectedEvent], on: { CollectedEvent: finish("Run") }, deadline: ["1d", park] })
  .interrupt(ErrandCancelledEvent, { during: "any", then: fail("Cancelled") })
  .reflect(
    "errand",
    { status: "status" },
    { Begun: "BEGUN", Fetching: "BEGUN", Asking: "FETCHED", AwaitingCollection: "FETCHED", Run: "RUN", Undone: "UNDONE" },
  )
  .onFailed({ final: "Undone" })
  .build();

/** What participants do before they answer. */
const hooks: { fetch?: () => void | Promise<void>; putBack?: () => void; ask?: () => void | Promise<void> } = {};

const participants: AnyParticipant[] = [
  handle(FetchCommand, async (_em, { payload }) => {
    await hooks.fetch?.();
    return occur(FetchedEvent, payload);
  }),
  handle(PutBackCommand, async (_em, { payload }) => {
    hooks.putBack?.();
    return occur(PutBackEvent, payload);
  }),
  leased(AskCommand, {
    loadAll: async (_em, commands) => commands,
    perform: async () => await hooks.ask?.(),
    recordAll: async (_em, done) => done.map(() => later()),
  }),
];

let database: TestDatabase;
/** Two processes on one database: all carries out everything; relay only puts commands onto their queues. */
let all: TestEngine;
let relay: TestEngine;
let client: pg.Client;
const explainer = new SagaExplainer();

beforeEach(async () => {
  database = await createTestDatabase();
  await database.sql("create table errand (id uuid primary key, status text not null, updated_at timestamptz)");
  all = await createTestEngine({ sagas: [errand], participants, database });
  relay = await createTestEngine({ sagas: [errand], participants: [], database });
  client = new pg.Client({ connectionString: database.url, application_name: "a console" });
  await client.connect();
  for (const name of ["fetch", "putBack", "ask"] as const) delete hooks[name];
});
afterEach(async () => {
  await client.end();
  await relay.dispose();
  await all.dispose();
  await database.dispose();
});

/** @returns the saga's id; the errand's is the same as far as the test is concerned */
async function begin(): Promise<string> {
  const errandId = newId();
  await all.transaction(async (em) => {
    await query(em, "insert into errand (id, status) values ($1, 'NEW')", [errandId]);
    await publish(em, occur(ErrandBegunEvent, { errandId }));
  });
  const [row] = await database.sql<{ id: string }>("select id from saga where subject_id = $1", [errandId]);
  return row?.id ?? "";
}

const subjectOf = async (sagaId: string): Promise<string> =>
  (await database.sql<{ subject_id: string }>("select subject_id from saga where id = $1", [sagaId]))[0]?.subject_id ?? "";

async function told(sagaId: string): Promise<SagaExplanation> {
  const explanation = (await explainer.explain(all.em(), all.registry, [sagaId])).get(sagaId);
  if (explanation === undefined) throw new Error("It was not explained");
  return explanation;
}

/** Waits until the saga is explained by this cause. */
async function until(sagaId: string, cause: SagaCause, is: (explanation: SagaExplanation) => boolean = () => true): Promise<SagaExplanation> {
  return waitFor(
    async () => {
      const explanation = await told(sagaId);
      return explanation.cause === cause && is(explanation) ? explanation : null;
    },
    { timeoutMs: 20_000, describe: async () => `${cause}; it is ${JSON.stringify(await told(sagaId))}` },
  );
}

/** A saga whose command is on its queue, with no process alive. */
async function queued(): Promise<string> {
  const id = await begin();
  await relay.start();
  await waitFor(async () => (await database.sql("select 1 from pgboss.job where name = 'fetch'")).length > 0, { describe: "the command to be relayed" });
  await relay.pause();
  return id;
}

/** Blocks a participant until it is let go. */
function gate(): { readonly hook: () => Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { hook: () => promise, open: () => resolve() };
}

/** A saga that waits for its collection, and processes that are alive. */
async function collecting(): Promise<string> {
  const id = await begin();
  await all.start();
  await until(id, "WAITING_FOR_EVENT");
  const [run] = await database.sql<{ run_id: string }>("select runs -> -1 ->> 'id' as run_id from saga where id = $1", [id]);
  const errandId = await subjectOf(id);
  await all.transaction(async (em) => {
    await reply(em, run?.run_id ?? "", occur(AnsweredEvent, { errandId }));
  });
  return id;
}

test("RELAY_BEHIND: the command is due and there is no relay; or its queue is not there", async () => {
  const id = await begin();
  const explanation = await told(id);
  expect(explanation).toMatchObject({ cause: "RELAY_BEHIND", queue: "fetch", remedies: [], worker: null });
  expect(explanation.summary).toContain("no relay has put it onto its queue");
  await database.sql("update outbox set queue = 'nowhere'");
  expect((await told(id)).summary).toContain("the queue nowhere does not exist");
});

test("RELAY_BEHIND: the command is held and the saga is not paused; the remedies, one after the other, release it", async () => {
  const id = await begin();
  await database.sql("update outbox set deliver_at = 'infinity'");
  const { cause, remedies } = await told(id);
  expect(cause).toBe("RELAY_BEHIND");
  for (const { mutation, arguments: given } of remedies) {
    const expectedSequence = given["expectedSequence"] as number | null;
    await all.act(id, { kind: mutation === "pauseSaga" ? "pause" : "resume" }, expectedSequence === null ? {} : { expectedSequence });
  }
  expect(await told(id)).toMatchObject({ cause: "RELAY_BEHIND", remedies: [] });
});

test("NO_WORKER: the command is on its queue and nobody alive takes from it, whether there are other workers or not", async () => {
  const id = await queued();
  expect(await told(id)).toMatchObject({ cause: "NO_WORKER", queue: "fetch" });
  await relay.start();
  expect(await told(id)).toMatchObject({ cause: "NO_WORKER", queue: "fetch" });
});

test("NO_WORKER: what a worker had in hand when it died does not run", async () => {
  const id = await queued();
  await database.sql("insert into worker (id, host, pid, queues, loads) values ($1, 'ash', 1, '{fetch}', '{Errand v1}')", [newId()]);
  await database.sql(
    "insert into worker_hand (worker_id, queue, message_ids, alone) select w.id, 'fetch', array(select id from pgboss.job where name = 'fetch'), false from worker w",
  );
  await database.sql("update pgboss.job set state = 'active', started_on = now() where name = 'fetch'");
  expect(await told(id)).toMatchObject({ cause: "NO_WORKER", worker: null });
});

test("VERSION_NOT_LOADED: workers are alive, and none has loaded the version", async () => {
  const id = await queued();
  await database.sql("update saga set definition_version = 7");
  const explanation = await told(id);
  expect(explanation).toMatchObject({ cause: "VERSION_NOT_LOADED", next: [] });
  expect(explanation.summary).toContain("has loaded Errand v7 (no worker is alive)");
  await all.start();
  await waitFor(async () => / \(1 worker alive: \S+ has Errand v1\)/.test((await told(id)).summary), { describe: () => told(id) });
});

test("a version that this process has not loaded, but a worker has, is explained nevertheless", async () => {
  const id = await queued();
  const empty = new SagaRegistry([]);
  const explain = async () => (await explainer.explain(all.em(), empty, [id])).get(id);
  expect(await explain()).toMatchObject({ cause: "VERSION_NOT_LOADED", queue: "fetch" });
  const { hook, open } = gate();
  hooks.fetch = hook;
  await all.start();
  await waitFor(async () => (await explain())?.cause === "RUNNING", { describe: async () => JSON.stringify(await explain()) });
  expect(await explain()).toMatchObject({ queue: "fetch", worker: { pid: process.pid }, next: [] });
  open();
});

test("DATA_UNREADABLE: the stored data do not fit the version, or the runs are none", async () => {
  const [broken, torn, sound] = [await begin(), await begin(), await begin()];
  await database.sql("update saga set data = '{\"errandId\": 5}' where id = $1", [broken]);
  await database.sql("update saga set runs = '{}' where id = $1", [torn]);
  const all3 = await explainer.explain(all.em(), all.registry, [broken, torn, sound]);
  expect([broken, torn, sound].map((id) => all3.get(id)?.cause)).toEqual(["DATA_UNREADABLE", "DATA_UNREADABLE", "RELAY_BEHIND"]);
  expect(all3.get(broken)?.summary).toContain("errandId: expected id, found number 5");
});

test("QUEUE_PAUSED: by whom, since when and why, as long as it is", async () => {
  const id = await queued();
  await all.transaction((em) => all.operations.pauseQueue(em, { queue: "fetch", actorId: OPERATOR_ID, note: "Moving house" }));
  await all.start();
  const explanation = await until(id, "QUEUE_PAUSED");
  expect(explanation.summary).toContain(OPERATOR_ID);
  expect(explanation.summary).toContain("Moving house");
  expect(explanation.remedies).toMatchObject([{ mutation: "resumeQueue", arguments: { name: "fetch" } }]);
  await all.transaction((em) => all.operations.resumeQueue(em, { queue: "fetch", actorId: OPERATOR_ID, note: "Moved" }));
  await until(id, "WAITING_FOR_EVENT");
});

test("QUEUED: behind the jobs that are ready and come before it", async () => {
  // One worker takes one message at a time, and the first one keeps it busy.
  const { hook, open } = gate();
  hooks.fetch = hook;
  const one = await createTestEngine({ sagas: [errand], participants, database, batchSize: 1 });
  const ids = [await begin(), await begin(), await begin()];
  await one.start();
  await until(ids[0] ?? "", "RUNNING");
  const last = await until(ids[2] ?? "", "QUEUED");
  // What is in hand of a transaction looks ready to others.
  expect(last.summary).toContain("behind 2 ready jobs; 1 process takes from it");
  await database.sql("update pgboss.job set start_after = now() + interval '1 hour' where data ->> 'correlationId' = $1", [ids[2]]);
  expect((await told(ids[2] ?? "")).summary).toContain("was put back");
  open();
  await until(ids[1] ?? "", "WAITING_FOR_EVENT");
  await one.dispose();
});

test("RUNNING: who has the command in hand, in a transaction or under a lease; a pause comes after it", async () => {
  const id = await begin();
  const [fetching, asking] = [gate(), gate()];
  hooks.fetch = fetching.hook;
  hooks.ask = asking.hook;
  await all.start();
  const running = await until(id, "RUNNING");
  expect(running).toMatchObject({ queue: "fetch", worker: { pid: process.pid } });
  expect(running.summary).toMatch(/^FetchCommand, attempt 1 of 2, has been in hand of worker \S+:\d+ since /u);
  fetching.open();
  const leasedNow = await until(id, "RUNNING", ({ queue }) => queue === "ask");
  expect(leasedNow.worker).toMatchObject({ pid: process.pid });
  expect(leasedNow.until?.getTime()).toBeGreaterThan(leasedNow.since?.getTime() ?? Number.NaN);
  await all.act(id, { kind: "pause" }, { note: "Wait a moment" });
  expect((await told(id)).summary).toContain("Wait a moment");
  expect((await told(id)).cause).toBe("RUNNING");
  asking.open();
  await until(id, "PAUSED");
});

test("LOCK_HELD: somebody's transaction holds the saga's row, and with it the worker's", async () => {
  const id = await queued();
  await client.query("begin");
  await client.query("select 1 from saga where id = $1 for update", [id]);
  const held = await until(id, "LOCK_HELD");
  expect(held.summary).toContain("(a console, user ");
  expect(held.summary).not.toContain("in hand");
  await all.start();
  const blocking = await until(id, "LOCK_HELD", ({ worker }) => worker !== null);
  expect(blocking.worker).toMatchObject({ pid: process.pid });
  expect(blocking.summary).toContain("(a console, user ");
  expect(blocking.since?.getTime()).toBeLessThan(Date.now());
  await client.query("rollback");
  await until(id, "WAITING_FOR_EVENT");
});

test("LOCK_HELD: somebody's transaction holds a row that the command needs", async () => {
  const id = await begin();
  await client.query("begin");
  await client.query("update errand set status = 'MINE'");
  await all.start();
  const held = await until(id, "LOCK_HELD");
  expect(held.summary).toContain("(a console, user ");
  expect(held.worker).toMatchObject({ pid: process.pid });
  await client.query("rollback");
  await until(id, "WAITING_FOR_EVENT");
});

test("LOCK_HELD: of those that wait for each other, whoever all of them wait for", async () => {
  const [first, second] = [await begin(), await begin()];
  const other = new pg.Client({ connectionString: database.url, application_name: "another console" });
  await other.connect();
  const lock = "select 1 from saga where id = $1 for update";
  await client.query("begin");
  await client.query(lock, [first]);
  await other.query("begin");
  await other.query(lock, [second]);
  const waiting = other.query(lock, [first]);
  await until(second, "LOCK_HELD", ({ summary }) => summary.includes("(a console, user "));
  await client.query("rollback");
  await waiting;
  await until(second, "LOCK_HELD", ({ summary }) => summary.includes("(another console, user "));
  await other.end();
});

test("LOCK_HELD: somebody's transaction holds the command, in the outbox or on its queue", async () => {
  const id = await begin();
  await client.query("begin");
  await client.query("select 1 from outbox for update");
  await until(id, "LOCK_HELD");
  await client.query("rollback");
  expect((await told(id)).cause).toBe("RELAY_BEHIND");
  await queued();
  await client.query("begin");
  await client.query("delete from pgboss.job where data ->> 'correlationId' = $1", [id]);
  await until(id, "LOCK_HELD");
  await client.query("commit");
  expect((await told(id)).cause).toBe("COMMAND_MISSING");
});

test("PAUSED: by whom, since when and why; resumed, what it was before", async () => {
  const id = await queued();
  await all.act(id, { kind: "pause" }, { note: "Ask the customer" });
  const paused = await told(id);
  expect(paused).toMatchObject({ cause: "PAUSED", remedies: [{ mutation: "resumeSaga", arguments: { id } }] });
  expect(paused.summary).toContain(`${OPERATOR_ID} has paused it since`);
  expect(paused.summary).toContain("Ask the customer. Apart from that: FetchCommand is on the queue fetch");
  // A worker that meets the command puts it aside, until the saga is resumed.
  await all.start();
  await until(id, "PAUSED", ({ summary }) => summary.includes("is held and is sent at once"));
  await all.act(id, { kind: "resume" });
  await until(id, "WAITING_FOR_EVENT");
});

test("ENTITY_MISSING: the row whose status the saga reflects is gone, until it is back", async () => {
  const id = await begin();
  const errandId = await subjectOf(id);
  await database.sql("delete from errand");
  await all.start();
  const explanation = await until(id, "ENTITY_MISSING");
  expect(explanation.summary).toContain(`its row ${errandId} in errand is gone`);
  expect(explanation.remedies.map(({ mutation }) => mutation)).toEqual(["retrySaga"]);
  await database.sql("insert into errand (id, status) values ($1, 'BEGUN')", [errandId]);
  expect((await told(id)).cause).toBe("STEP_PARKED");
  await all.act(id, { kind: "retry" });
  await until(id, "WAITING_FOR_EVENT");
});

test("STEP_PARKED: the attempts are used up, with the error and the dead letter", async () => {
  hooks.fetch = () => {
    throw new Permanent("The shop has closed for good");
  };
  const id = await begin();
  await all.start();
  const explanation = await until(id, "STEP_PARKED");
  expect(explanation.summary).toContain("Fetching stands since");
  expect(explanation.summary).toContain("DEPENDENCY_REJECTED: The shop has closed for good.");
  const [letter] = await database.sql<{ id: string }>("select id from dead_letter");
  expect(explanation.remedies.map(({ mutation }) => mutation)).toEqual(["retrySaga", "redriveDeadLetters", "completeSagaStep", "skipSagaStep", "cancelSaga"]);
  expect(explanation.remedies[1]?.arguments).toMatchObject({ filter: { ids: [letter?.id] } });
});

test("RETRY_SCHEDULED: which attempt, when, and after which error", async () => {
  hooks.fetch = () => {
    throw new Transient("The shop is closed today");
  };
  const id = await begin();
  await all.start();
  const explanation = await until(id, "RETRY_SCHEDULED");
  expect(explanation.summary).toMatch(/^Attempt 2 of 2 of FetchCommand is due at \S+, after DEPENDENCY_UNAVAILABLE: The shop is closed today\.$/u);
  const [row] = await database.sql<{ deliver_at: Date }>("select deliver_at from outbox");
  expect(explanation.until).toEqual(row?.deliver_at);
  // Only the attempt that counts is the saga's command.
  await database.sql("update outbox set attempt = 1");
  expect((await told(id)).cause).toBe("COMMAND_MISSING");
  await database.sql("update outbox set attempt = 2");
  delete hooks.fetch;
  await all.skipWaits();
  await until(id, "WAITING_FOR_EVENT");
});

test("an undo is explained like a step: it is retried after its own error, stands, and goes on", async () => {
  let error: Error = new Transient("The shelf is full");
  hooks.putBack = () => {
    throw error;
  };
  const id = await begin();
  await all.start();
  await until(id, "WAITING_FOR_EVENT");
  const errandId = await subjectOf(id);
  await all.transaction((em) => publish(em, occur(ErrandCancelledEvent, { errandId })));
  const retried = await until(id, "RETRY_SCHEDULED");
  expect(retried.summary).toContain("of PutBackCommand is due at");
  expect(retried.summary).toContain("after DEPENDENCY_UNAVAILABLE: The shelf is full.");
  error = new Permanent("The shelf is gone");
  await all.skipWaits();
  const parked = await until(id, "UNDO_PARKED");
  expect(parked.summary).toContain("DEPENDENCY_REJECTED: The shelf is gone.");
  expect(parked.next).toContainEqual({ on: "retrySaga", state: "Fetching", at: null });
  delete hooks.putBack;
  await all.act(id, { kind: "retry" });
  const ended = await until(id, "ENDED");
  expect(ended).toMatchObject({ remedies: [], next: [] });
  expect(ended.summary).toContain("It ended as Undone (CANCELLED)");
});

test("WAITING_FOR_EVENT: for an answer from outside, then in a wait, until when", async () => {
  const id = await begin();
  await all.start();
  const asked = await until(id, "WAITING_FOR_EVENT");
  expect(asked).toMatchObject({ events: ["AnsweredEvent"], remedies: [] });
  expect(asked.summary).toContain("AskCommand was carried out, and its answer comes from outside");
  await all.pause();
  const second = await collecting();
  const waiting = await until(second, "WAITING_FOR_EVENT", ({ events }) => events.includes("CollectedEvent"));
  const [row] = await database.sql<{ deadline_at: Date }>("select deadline_at from saga where id = $1", [second]);
  expect(waiting.until).toEqual(row?.deadline_at);
  expect(waiting.next).toContainEqual({ on: "deadline", state: "AwaitingCollection", at: row?.deadline_at });
});

test("a deadline that has passed with nobody there to take it", async () => {
  const id = await collecting();
  await all.pause();
  // Nobody looks: both processes have stopped looking for timers.
  await all.engine.stop();
  await relay.engine.stop();
  await database.sql("update saga set deadline_at = clock_timestamp() - interval '10 seconds' where id = $1", [id]);
  const explanation = await told(id);
  expect(explanation.cause).toBe("NO_WORKER");
  expect(explanation.summary).toContain("no process with the role worker is alive to take it");
});

test("COMMAND_MISSING: somebody has deleted it, from the outbox or from its queue", async () => {
  const id = await begin();
  await database.sql("delete from outbox");
  expect(await told(id)).toMatchObject({ cause: "COMMAND_MISSING", queue: "fetch" });
  const second = await queued();
  await database.sql("delete from pgboss.job where name = 'fetch'");
  const explanation = await told(second);
  const [row] = await database.sql<{ deadline_at: Date }>("select deadline_at from saga where id = $1", [second]);
  expect(explanation).toMatchObject({ cause: "COMMAND_MISSING", until: row?.deadline_at });
  // The remedy that is offered works.
  expect(explanation.remedies.map(({ mutation }) => mutation)).toContain("fireSagaTimer");
  await all.act(second, { kind: "fire-timer", timer: "DEADLINE" });
  expect((await told(second)).cause).not.toBe("COMMAND_MISSING");
});

test("what is written in the same transaction is explained by it, and its own lock is nobody's", async () => {
  const id = await queued();
  const inside = all.transaction(async (em) => {
    await query(em, "select 1 from saga where id = $1 for update", [id]);
    await query(em, "delete from pgboss.job where name = 'fetch'");
    const explanation = (await explainer.explain(em, all.registry, [id])).get(id);
    throw new Error(explanation?.cause);
  });
  await expect(inside).rejects.toThrow("COMMAND_MISSING");
  expect((await told(id)).cause).toBe("NO_WORKER");
});

test("any number of sagas is explained by the same number of statements, and one that does not exist by none", async () => {
  const ids = [await begin(), await begin(), await begin(), await begin(), await begin()];
  const count = async (some: readonly string[]): Promise<number> => {
    const em = all.em();
    const getKysely = em.getKysely.bind(em);
    let statements = 0;
    em.getKysely = ((...parameters: Parameters<typeof getKysely>) => (statements++, getKysely(...parameters))) as typeof em.getKysely;
    expect([...(await explainer.explain(em, all.registry, some)).keys()].toSorted()).toEqual(some.filter((id) => ids.includes(id)).toSorted());
    return statements;
  };
  expect(await count(ids.slice(0, 1))).toBe(2);
  expect(await count([...ids, newId()])).toBe(2);
  expect(await count([])).toBe(0);
});

test("while sagas are at work, no look ever takes a command for missing or a saga for stuck", async () => {
  const ids = await Promise.all(Array.from({ length: 40 }, begin));
  await all.start();
  const seen = new Set<string>();
  await waitFor(
    async () => {
      const explained = [...(await explainer.explain(all.em(), all.registry, ids)).values()];
      for (const { cause } of explained) seen.add(cause);
      return explained.every(({ cause }) => cause === "WAITING_FOR_EVENT");
    },
    { timeoutMs: 30_000, describe: () => `all to wait; seen were ${[...seen].join(", ")}` },
  );
  for (const cause of seen) expect(["RELAY_BEHIND", "QUEUED", "RUNNING", "WAITING_FOR_EVENT"]).toContain(cause);
});

test.each(sagas.map(({ definition }) => [definition.name, definition] as const))("of every state of %s, what comes next is declared", (_name, definition) => {
  const declared = [...definition.nodes.keys(), ...Object.keys(definition.finals)];
  const row = { runs: [], status: "RUNNING", pausedAt: null, deadlineAt: null, finishedAt: null } as unknown as Parameters<typeof nextStates>[1];
  for (const node of definition.nodes.values()) {
    for (const status of ["RUNNING", "STUCK"] as const) {
      const states = nextStates(definition, { ...row, state: node.state, status });
      if (node.kind !== "milestone") expect(states).not.toEqual([]);
      for (const { state } of states) expect(declared).toContain(state);
    }
  }
});
