import { Permanent, Transient } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { occur, publish, query } from "../../src/outbox/index.ts";
import { createTestEngine, type TestEngine } from "../support/engine.ts";
import { CertificateRequestedEvent } from "./certificate.messages.ts";
import { certificateParticipants } from "./certificate.participants.ts";
import { certificate } from "./certificate.saga.ts";

// The example of docs/writing-a-saga.md, on a real database.

const printed: { number: number; key: string }[] = [];
const problems: Error[] = [];
let t: TestEngine;

beforeAll(async () => {
  const print = async (number: number, key: string): Promise<void> => {
    const problem = problems.shift();
    if (problem !== undefined) throw problem;
    printed.push({ number, key });
  };
  t = await createTestEngine({ sagas: [certificate], participants: certificateParticipants(print) });
  await t.sql("create sequence certificate_number");
  await t.sql("create table certificate (id uuid primary key, status text not null, number int null unique, updated_at timestamptz not null default now())");
  await t.start();
});
afterAll(() => t.dispose());

/** What a use case does: the row and the event in one transaction. */
async function request(): Promise<string> {
  const certificateId = newId();
  await t.transaction(async (em) => {
    await query(em, "insert into certificate (id, status) values ($1, 'REQUESTED')", [certificateId]);
    await publish(em, occur(CertificateRequestedEvent, { certificateId, learnerId: newId() }));
  });
  return certificateId;
}

const rowOf = (id: string) => t.sql("select status, number from certificate where id = $1", [id]);

test("a hundred certificates get a hundred numbers and are printed", async () => {
  const ids = await Promise.all(Array.from({ length: 100 }, request));
  await t.untilEnded(ids);
  expect(new Set(printed.map((sheet) => sheet.number)).size).toBe(100);
  expect(await t.sql("select status, count(distinct number)::int as count from certificate group by status")).toEqual([{ status: "READY", count: 100 }]);
});

test("a printer that is away for a moment is asked again with the same key", async () => {
  problems.push(new Transient("The printer does not answer"));
  const id = await request();
  await t.until("Certificate", id, (saga) => saga.status === "RETRYING", "a second attempt to be planned");
  await t.skipWaits();
  await t.untilEnded([id]);
  expect(await rowOf(id)).toMatchObject([{ status: "READY" }]);
});

test("one that cannot be printed fails, and its number is voided", async () => {
  problems.push(new Permanent("The title is too long."));
  const id = await request();
  await t.untilEnded([id]);
  expect(await t.saga("Certificate", id)).toMatchObject({ status: "FAILED", reason: { code: "DEPENDENCY_REJECTED", message: "The title is too long." } });
  expect(await rowOf(id)).toEqual([{ status: "FAILED", number: null }]);
});
