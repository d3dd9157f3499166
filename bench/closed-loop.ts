import { startContender } from "./contender-processes.ts";
import type { ContenderName } from "./contenders.ts";
import { untilEnded, warmContender, warmUp } from "./drain.ts";
import { checkEffects } from "./population.ts";
import { progress } from "./progress.ts";
import type { Server } from "./server.ts";

const clients = 50;

/** Fifty clients, each of which waits for the end of its saga before it begins another. @returns sagas per second */
export async function closedLoop(server: Server, name: ContenderName, seconds: number, label: string, profile: string | null): Promise<number> {
  const database = await server.fresh("closed");
  const contender = await startContender(name, database);
  const warm = await warmContender(contender, name, server);
  progress(`${label}: ${clients} clients for ${seconds} s`);
  if (profile !== null) await contender.call("startProfile");
  const { count, ms } = await contender.call("beginAndWait", { from: 0, count: server.learners - warmUp, clients, forMs: seconds * 1_000 });
  if (profile !== null) await contender.call("stopProfile", { directory: profile, label });
  await untilEnded(contender, 0, 0, label);
  await contender.close();
  await checkEffects(database, count + warm, name === "engine");
  await database.drop();
  return count / (ms / 1_000);
}
