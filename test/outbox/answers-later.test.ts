import { newId } from "../../src/kernel/ids.ts";
import { NoTransactionError, occur, publish, reply } from "../../src/outbox/index.ts";
import { createDepot, DeliverCommand, DeliveredEvent, PackCommand, PackedEvent, type Depot, type ParcelCommand, type Post } from "./post.ts";

let depot: Depot;
let post: Post;
beforeEach(async () => {
  depot = await createDepot();
  post = await depot.open();
});
afterEach(() => depot.dispose());

test.each([
  ["pack", "packed", PackCommand],
  ["deliver", "delivered", DeliverCommand],
] as [string, string, ParcelCommand][])(
  "of a batch of %s commands, some of which are answered later, the others are answered now, and all are done",
  async (queue, done, contract) => {
    const parcels = await depot.order(post, contract, 10);
    const slow = new Set(parcels.filter((_, index) => index % 3 === 1));
    depot.hooks.pack = depot.hooks.deliver = (id) => (slow.has(id) ? "later" : undefined);
    await post.start();
    await depot.happened("answers later", [...slow]);
    await depot.happened(
      "answered",
      parcels.filter((id) => !slow.has(id)),
    );
    for (const id of parcels) expect(await depot.log(id)).toEqual([done, slow.has(id) ? "answers later" : "answered"]);
    expect(await depot.sql("select 1 from pgboss.job where name = $1", [queue])).toEqual([]);
    // Every reply belongs to its own command.
    for (const event of post.published) expect(event.payload).toEqual({ parcelId: event.correlationId });
  },
);

test("an answer from outside is heard as the reply to a run, and its sender finds what it belongs to by its key alone", async () => {
  const [runId, parcelId] = [newId(), newId()];
  const receipt = await post.transaction((em) => reply(em, runId, occur(DeliveredEvent, { parcelId })));
  expect(post.published).toEqual([
    { id: receipt.messageId, contract: DeliveredEvent, payload: { parcelId }, correlationId: null, causationId: null, replyTo: { runId, attempt: 0 } },
  ]);
});

test("a message that its sender has named is published under the same id at every delivery", async () => {
  const [runId, messageId, message] = [newId(), newId(), occur(PackedEvent, { parcelId: newId() })];
  await post.transaction(async (em) => {
    for (const id of [messageId, "evt_7", "evt_7"]) {
      await publish(em, message, { messageId: id });
      await reply(em, runId, message, { messageId: id });
    }
  });
  const ids = post.published.map((event) => event.id);
  expect(ids.slice(0, 2)).toEqual([messageId, messageId]);
  expect(new Set(ids.slice(2)).size).toBe(1);
  expect(post.published.map((event) => event.replyTo?.runId ?? null)).toEqual([null, runId, null, runId, null, runId]);
});

test("an answer from outside needs the caller's transaction", async () => {
  await expect(reply(post.em(), newId(), occur(PackedEvent, { parcelId: newId() }))).rejects.toThrow(NoTransactionError);
  await expect(publish(post.em(), occur(PackedEvent, { parcelId: newId() }), { messageId: "evt_7" })).rejects.toThrow(NoTransactionError);
});
