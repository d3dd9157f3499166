import pg from "pg";
import { createOrm } from "../../../../src/database/orm.ts";
import { createTransaction } from "../../../../src/database/transaction.ts";
import { domainEntities } from "../../../../src/domain/entities.ts";
import { createLog } from "../../../../src/kernel/log.ts";
import { event, handle, occur, publish, query, t, type AnyParticipant } from "../../../../src/outbox/index.ts";
import type { AnySaga, SagaMigration } from "../../../../src/sagas/engine/index.ts";
import { createTestEngine } from "../../../support/engine.ts";
import { Release } from "../paper.ts";

// A process of the shop with the definitions of one release. Whoever has started it says by messages which events to publish.

const url = process.env["SHOP_DATABASE_URL"] ?? "";
const name = process.env["SHOP_RELEASE"] ?? "";
const { sagas, migrations } = (await import(`./${name}.ts`)) as { sagas: AnySaga[]; migrations?: SagaMigration[] };
const release = new Release(sagas, migrations ?? []);
const log = createLog("error");
const orm = await createOrm({ url, entities: domainEntities, log });
const transaction = createTransaction(orm, log);
const pool = new pg.Pool({ connectionString: url, max: 2 });

const answers: Readonly<Record<string, object>> = { StandReservedEvent: { stand: "A3" }, MendedEvent: { minutes: 20 } };
const participants: AnyParticipant[] = [...release.registry.commands().keys()].map((command) =>
  handle(release.command(command), async (em, { payload }) => {
    const { repairId } = payload as { repairId: string };
    const [reply] = release.command(command).replies;
    if (reply === undefined) throw new Error(`${command} has no answer`);
    await query(em, "insert into done (repair_id, command, release) values ($1, $2, $3)", [repairId, command, name]);
    return occur(reply, { repairId, ...answers[reply.name] }) as never;
  }),
);
const engine = await createTestEngine({
  sagas,
  participants,
  ...(migrations === undefined ? {} : { migrations }),
  database: {
    url,
    orm,
    transaction,
    sql: async (text, parameters = []) => (await pool.query(text, [...parameters])).rows,
    dispose: () => orm.close(),
  },
});
await engine.start();

process.on("message", (message: { readonly event: string; readonly payload: Readonly<Record<string, string>> }) => {
  void transaction((em) => {
    // A process publishes events of which no saga of its release knows.
    const contract = release.event(message.event) ?? event(message.event, { repairId: t.id() });
    return publish(em, occur(contract, message.payload));
  }).then((receipt) => process.send?.(receipt));
});
// The test that started it is gone.
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
