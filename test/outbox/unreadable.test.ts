import { newId } from "../../src/kernel/ids.ts";
import { waitFor } from "../support/wait.ts";
import { createTallies, type Tallies } from "../support/tally.ts";

let t: Tallies;
beforeEach(async () => {
  t = await createTallies();
});
afterEach(() => t.dispose());

const ofAnotherVersion = (id: string, version: number): Promise<unknown> =>
  t.sql("update saga set definition_version = $2 where subject_id = $1", [id, version]);

test("a command of a saga whose version is not loaded waits, those behind it go on, and it is carried out once the version is there", async () => {
  const [foreign = ""] = await t.begin();
  const others = await t.begin(5);
  await ofAnotherVersion(foreign, 2);
  await t.start();
  await t.untilEnded(others);
  await waitFor(async () => (await t.sql("select 1 from pgboss.job where name = 'count' and state = 'created' and start_after > now()")).length === 1, {
    describe: "the command to be put back",
  });
  expect(await t.effects(foreign)).toEqual({ net: 0, rows: 0 });
  await ofAnotherVersion(foreign, 1);
  await t.skipWaits();
  await t.ended(foreign);
  expect(await t.effects(foreign)).toEqual({ net: 1, rows: 1 });
});

test("a leased command of a saga that cannot be read waits without a failed attempt", async () => {
  const [foreign = "", other = ""] = await t.begin(2);
  await t.sql(
    "create function estrange() returns trigger language plpgsql as $$ begin if new.state = 'Ringing' then new.definition_version := 2; end if; return new; end $$",
  );
  await t.sql(`create trigger estrange before update on saga for each row when (new.subject_id = '${foreign}') execute function estrange()`);
  await t.start();
  await t.ended(other);
  await waitFor(async () => (await t.sql("select 1 from pgboss.job where name = 'ring' and state = 'created' and start_after > now()")).length === 1, {
    describe: "the command to be put back",
  });
  await t.sql("drop trigger estrange on saga");
  await ofAnotherVersion(foreign, 1);
  await t.skipWaits();
  await t.ended(foreign);
  expect(await t.kinds(foreign)).not.toContain("ATTEMPT_FAILED RingCommand");
  expect(await t.effects(foreign, "ring")).toEqual({ net: 1, rows: 1 });
});

test("jobs that nobody has sent do not keep the others of their queue from being carried out", async () => {
  const garbage = [
    '{"name":"CountCommand","payload":{},"correlationId":"no id","causationId":null,"replyTo":{"runId":"x","attempt":1}}',
    '{"name":"CountCommand","payload":{"tallyId":1},"correlationId":null,"causationId":null,"replyTo":null}',
    "{}",
    "[]",
    "null",
  ];
  for (const data of garbage) await t.boss.send("count", {}).then((id) => t.sql("update pgboss.job set data = $2::jsonb where id = $1", [id, data]));
  const ids = await t.begin(3);
  await t.start();
  await t.untilEnded(ids);
});

test("a message for a queue that does not exist waits in the outbox, and the others are relayed", async () => {
  await t.sql("insert into outbox (id, queue, name, payload, deliver_at) values ($1, 'nowhere', 'NowhereCommand', '{}', now() - interval '1 hour')", [newId()]);
  const ids = await t.begin(3);
  await t.start();
  await t.untilEnded(ids);
  expect(await t.sql("select queue from outbox")).toEqual([{ queue: "nowhere" }]);
});

test("a passed deadline of a saga that cannot be read keeps no other saga from being given up", async () => {
  const [foreign = "", due = ""] = await t.begin(2);
  await t.sql("update saga set definition_version = 2, deadline_at = now() - interval '1 hour' where subject_id = $1", [foreign]);
  await t.sql("update saga set deadline_at = clock_timestamp() where subject_id = $1", [due]);
  await t.until("Tally", due, (saga) => saga.status === "COMPENSATING", "its deadline to be taken");
  expect(await t.saga("Tally", foreign)).toMatchObject({ status: "RUNNING", steps: [] });
});
