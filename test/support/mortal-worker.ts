import pg from "pg";
import { createOrm } from "../../src/database/orm.ts";
import { createTransaction } from "../../src/database/transaction.ts";
import { domainEntities } from "../../src/domain/entities.ts";
import { createLog } from "../../src/kernel/log.ts";
import { createTestEngine } from "./engine.ts";
import { tally, tallyParticipants } from "./tally.ts";

// A process of its own that carries out tallies on somebody else's database until it meets the message that kills it.
const url = process.env["MORTAL_DATABASE_URL"] ?? "";
const fatal = process.env["MORTAL_FATAL"] ?? "";
const command = process.env["MORTAL_COMMAND"] === "ring" ? "ring" : "count";
const log = createLog("error");
const orm = await createOrm({ url, entities: domainEntities, log });
const pool = new pg.Pool({ connectionString: url, max: 2 });
const die = (id: string): void => {
  if (id === fatal) process.kill(process.pid, "SIGKILL");
};
const engine = await createTestEngine({
  sagas: [tally],
  attemptTimeoutMs: 600_000,
  participants: tallyParticipants({ [command]: die }),
  database: {
    url,
    orm,
    transaction: createTransaction(orm, log),
    sql: async (text, parameters = []) => (await pool.query(text, [...parameters])).rows,
    dispose: () => orm.close(),
  },
});
await engine.start();
setTimeout(() => process.exit(3), 30_000);
