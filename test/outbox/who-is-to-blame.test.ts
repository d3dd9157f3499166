import { newId } from "../../src/kernel/ids.ts";
import { command, event, handleAll, occur, publish, t } from "../../src/outbox/index.ts";
import { fail, finish, next, noRetry, park, saga } from "../../src/sagas/engine/index.ts";
import { createTestEngine } from "../support/engine.ts";
import { createTallies } from "../support/tally.ts";
import { waitFor } from "../support/wait.ts";

const DuoBegunEvent = event("DuoBegunEvent", { duoId: t.id() });
const FirstDoneEvent = event("FirstDoneEvent", { duoId: t.id() });
const SecondDoneEvent = event("SecondDoneEvent", { duoId: t.id(), note: t.text() });
const DoFirstCommand = command("DoFirstCommand", { duoId: t.id() }, FirstDoneEvent);
const DoSecondCommand = command("DoSecondCommand", { duoId: t.id() }, SecondDoneEvent);
const times = { retry: noRetry, attemptTimeout: "5s", timeout: ["1m", fail("TooLate")], onExhausted: park, effect: "none" } as const;

const duo = saga("Duo", {
  version: 1,
  key: "duoId",
  data: { duoId: t.id(), note: t.maybe(t.text()) },
  states: ["Begun", "First", "Second"],
  finals: { Fine: "succeeded", Bad: "failed" },
  reasons: { TooLate: { code: "TIMED_OUT", message: "Too late." } },
})
  .startOn(DuoBegunEvent, { state: "Begun", key: (e) => e.duoId, init: (e) => ({ ...e }) })
  .step("First", { invoke: DoFirstCommand, with: ({ duoId }) => ({ duoId }), onReply: { FirstDoneEvent: next }, ...times })
  .step("Second", {
    invoke: DoSecondCommand,
    with: ({ duoId }) => ({ duoId }),
    onReply: { SecondDoneEvent: { save: ({ note }) => ({ note }), then: finish("Fine") } },
    ...times,
  })
  .onFailed({ final: "Bad" })
  .build();

test("a step whose reply cannot be saved is the one that stands, and not the one that it followed in the same transaction", async () => {
  const engine = await createTestEngine({
    sagas: [duo],
    participants: [
      handleAll(DoFirstCommand, (_em, commands) => Promise.resolve(commands.map(({ payload }) => occur(FirstDoneEvent, payload)))),
      handleAll(DoSecondCommand, (_em, commands) =>
        Promise.resolve(commands.map(({ payload }) => occur(SecondDoneEvent, { ...payload, note: "no row holds \0" }))),
      ),
    ],
  });
  await engine.start();
  const duoId = newId();
  await engine.transaction((em) => publish(em, occur(DuoBegunEvent, { duoId })));
  const stuck = await waitFor(async () => {
    const found = await engine.saga("Duo", duoId);
    return found?.status === "STUCK" ? found : null;
  });
  expect(stuck.steps.filter(({ startedAt }) => startedAt !== null).map(({ state, status, attempts }) => [state, status, attempts])).toEqual([
    ["First", "DONE", 1],
    ["Second", "FAILED", 1],
  ]);
  await engine.dispose();
});

test("of effects that were performed together, one that cannot be recorded and a database in trouble make none be performed again", async () => {
  const tallies = await createTallies();
  const performed = new Map<string, number>();
  const all = Promise.withResolvers<void>();
  tallies.hooks.ring = async (id) => {
    performed.set(id, (performed.get(id) ?? 0) + 1);
    if (performed.size === 4) all.resolve();
    await all.promise;
  };
  const ids = await tallies.begin(4);
  // Together they fail by one bad record; after that, the disk is full for a moment.
  await tallies.sql("create sequence calls");
  await tallies.sql(`create function trouble() returns trigger language plpgsql as $$ declare c int; begin
    if new.what <> 'ring' then return new; end if;
    c := nextval('calls');
    if c = 1 then raise exception 'bad record' using errcode = '23514'; elsif c = 2 then raise exception 'disk full' using errcode = '53100'; end if;
    return new; end $$`);
  await tallies.sql("create trigger trouble before insert on tally for each row execute function trouble()");
  await tallies.start();
  await tallies.untilEnded(ids);
  expect([...performed.values()]).toEqual([1, 1, 1, 1]);
  expect(await tallies.sql("select count(*)::int from saga_event where kind = 'ATTEMPT_FAILED'")).toEqual([{ count: 0 }]);
  await tallies.dispose();
});

test("a failure whose words no row can hold is counted like any other", async () => {
  const tallies = await createTallies();
  let calls = 0;
  tallies.hooks.count = () => {
    calls += 1;
    if (calls === 1) throw new Error("a \0 in it");
  };
  await tallies.start();
  const ids = await tallies.begin();
  await tallies.untilEnded(ids);
  expect(await tallies.sql("select reason_message from saga_event where kind = 'ATTEMPT_FAILED'")).toEqual([{ reason_message: "a \u{FFFD} in it" }]);
  await tallies.dispose();
});
