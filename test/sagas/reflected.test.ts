import { checkReflected, finish, park, saga, SagaRegistry, t } from "../../src/sagas/engine/index.ts";
import { command, event } from "../../src/outbox/index.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

// What a saga reflects on is there when the program starts.

const id = { parcelId: t.id() };
const ParcelPostedEvent = event("ParcelPostedEvent", id);
const SendParcelCommand = command("SendParcelCommand", id, event("ParcelSentEvent", id));
const parcel = saga("Parcel", {
  version: 1,
  key: "parcelId",
  participants: [],
  data: id,
  states: ["Posted", "Sending"],
  finals: { Sent: "succeeded" },
  reasons: {},
})
  .startOn(ParcelPostedEvent, { state: "Posted", key: (e) => e.parcelId, init: (e) => ({ ...e }) })
  .step("Sending", {
    invoke: SendParcelCommand,
    with: (d) => ({ ...d }),
    onReply: { ParcelSentEvent: finish("Sent") },
    effect: "irreversible",
    timeout: ["1h", park],
    onExhausted: park,
  })
  .reflect("parcel", { status: "status", reason: "failure" }, { Posted: "NEW", Sending: "NEW", Sent: "SENT" })
  .build();

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.dispose());

const check = () => checkReflected(database.orm.em.fork(), new SagaRegistry([parcel]).definitions);

test("a table that a saga reflects on and that is not there is named, and then each of its columns, until it has all of them", async () => {
  await expect(check()).rejects.toMatchObject({
    name: "DefinitionError",
    problems: ["Parcel v1 reflects on the table parcel, which is not there. Make it by a migration."],
  });
  await database.sql("create table parcel (id uuid primary key, status text not null, failure_code text, failure_message text)");
  await expect(check()).rejects.toMatchObject({
    problems: ["Parcel v1 reflects on the table parcel, which has no updated_at, failure_at. Add what is missing by a migration."],
  });
  await database.sql("alter table parcel add updated_at timestamptz not null default now(), add failure_at timestamptz");
  await check();
});
