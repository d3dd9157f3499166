import type { EntityManager } from "@mikro-orm/postgresql";
import pg from "pg";
import { migrationsList } from "../../migrations/index.ts";
import { createLog, silentLog } from "../../src/kernel/log.ts";
import { createOrm } from "../../src/database/orm.ts";
import { migrate } from "../../src/database/migrate.ts";
import { newId } from "../../src/kernel/ids.ts";
import { SagaReader, SagaRegistry } from "../../src/sagas/engine/index.ts";
import { cloneTemplate } from "../support/database.ts";
import { CountCommand, tally } from "../support/tally.ts";

// Every migration that changes tables with rows in them, run on rows of the shape before it.

/** A database that stands right before a migration. */
async function databaseBefore(name: string): Promise<{ url: string; sql: pg.Client; finish: () => Promise<void> }> {
  const { url, drop } = await cloneTemplate();
  await drop();
  const earlier = migrationsList.slice(
    0,
    migrationsList.findIndex((migration) => migration.name === name),
  );
  await migrate({ url, migrations: earlier, log: silentLog, createDatabase: true });
  const sql = new pg.Client(url);
  await sql.connect();
  return {
    url,
    sql,
    async finish() {
      await sql.end();
      await drop();
    },
  };
}

test("sagas under way, their history, dead letters and workers survive the engine's second migration", async () => {
  const { url, sql, finish } = await databaseBefore("Migration20261125001000_engine");
  const [sagaId, subjectId, runId, letterId, workerId] = [newId(), newId(), newId(), newId(), newId()];
  const run = { id: runId, state: "Counting", status: "active", attempts: 1, startedAt: new Date(), endedAt: null, undo: null };
  await sql.query(
    `insert into saga (id, type, definition_version, subject_id, participants, state, status, sequence, attempt, max_attempts, deadline_at, data, runs, started_at, updated_at)
     values ($1, 'Tally', 1, $2, '{}', 'Counting', 'RUNNING', 1, 1, 4, now() + interval '1 hour', $3, $4, now(), now())`,
    [sagaId, subjectId, JSON.stringify({ tallyId: subjectId }), JSON.stringify([run])],
  );
  await sql.query(
    `insert into saga_event (saga_id, sequence, kind, message, message_id, from_state, to_state, status, summary)
     values ($1, 1, 'TRANSITION', 'TallyStartedEvent', $2, 'Started', 'Counting', 'RUNNING', 'Started is done; now Counting.')`,
    [sagaId, newId()],
  );
  await sql.query(
    "insert into dead_letter (id, queue, message, saga_id, payload, attempts, reason_code, reason_message, detail) values ($1, 'count', $2, $3, '{}', 4, 'INTERNAL', 'x', 'x')",
    [letterId, CountCommand.name, sagaId],
  );
  await sql.query("insert into worker (id, host, pid) values ($1, 'here', 1)", [workerId]);
  await sql.query("insert into worker_hand (worker_id, queue, message_ids, alone) values ($1, 'count', '{}', false)", [workerId]);

  await migrate({ url, migrations: migrationsList, log: silentLog });

  const orm = await createOrm({ url, entities: [], log: createLog("error"), poolSize: 1 });
  const em: EntityManager = orm.em.fork();
  const reader = new SagaReader(new SagaRegistry([tally]));
  expect((await reader.findById(em, [sagaId])).get(sagaId)).toMatchObject({ status: "RUNNING", state: "Counting", pause: null, remindAt: null, remains: [] });
  expect(await reader.events(em, [{ sagaId, afterSequence: 0, first: 10 }])).toMatchObject([[{ sequence: 1, fate: null }]]);
  await orm.close();
  expect((await sql.query("select run_id, status from dead_letter")).rows).toEqual([{ run_id: null, status: "OPEN" }]);
  expect((await sql.query("select queues, loads from worker")).rows).toEqual([{ queues: [], loads: [] }]);
  expect((await sql.query("select type, asides, parked, heard, run_number from saga")).rows).toEqual([
    { type: "Tally", asides: [], parked: [], heard: [], run_number: 1 },
  ]);
  expect((await sql.query("select fate from ops.saga_timeline")).rows).toEqual([{ fate: null }]);
  // A process of the version before may still be writing such rows while the new one starts.
  await sql.query(
    "insert into saga_event (saga_id, sequence, kind, from_state, to_state, status, summary) values ($1, 2, 'TRANSITION', 'Counting', 'Counting', 'RUNNING', 'x')",
    [sagaId],
  );
  await sql.query("update saga set sequence = 2");
  await finish();
});

test("accounts from before confirmations are confirmed, and those who were mentors have a profile", async () => {
  const { url, sql, finish } = await databaseBefore("Migration20261126000100_accounts");
  const [learner, mentor] = [newId(), newId()];
  await sql.query(
    `insert into app_user (id, email, password_hash, full_name, time_zone, roles, created_at)
     values ($1, 'a@demo.example', 'none', 'Ada', 'UTC', '{LEARNER}', '2026-01-02T03:04:05Z'), ($2, 'b@demo.example', 'none', 'Bo', 'UTC', '{LEARNER,MENTOR}', now())`,
    [learner, mentor],
  );
  await migrate({ url, migrations: migrationsList, log: silentLog });
  expect((await sql.query("select id, email_verified_at, oidc_issuer, avatar_file_id from app_user where id = $1", [learner])).rows).toEqual([
    { id: learner, email_verified_at: new Date("2026-01-02T03:04:05Z"), oidc_issuer: null, avatar_file_id: null },
  ]);
  expect((await sql.query("select count(*)::int as count from app_user where email_verified_at is null")).rows).toEqual([{ count: 0 }]);
  expect((await sql.query("select user_id, max_sessions_per_week, min_notice_hours, headline from mentor_profile")).rows).toEqual([
    { user_id: mentor, max_sessions_per_week: 10, min_notice_hours: 12, headline: null },
  ]);
  await finish();
});
