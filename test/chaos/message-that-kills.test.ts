import { spawn } from "node:child_process";
import { once } from "node:events";
import { waitFor } from "../support/wait.ts";
import { createTallies, type Tallies } from "../support/tally.ts";

let t: Tallies;
beforeEach(async () => {
  t = await createTallies();
});
afterEach(() => t.dispose());

/** A process that carries tallies out and dies at once, without a word, when it is given `fatal`. @returns how it died */
async function mortal(fatal: string, command: "count" | "ring"): Promise<unknown> {
  const child = spawn(process.execPath, ["--import", "./swc-hooks.mjs", "test/support/mortal-worker.ts"], {
    cwd: new URL("../..", import.meta.url),
    env: { ...process.env, MORTAL_DATABASE_URL: t.database.url, MORTAL_FATAL: fatal, MORTAL_COMMAND: command },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  return signal;
}

test("a message that kills its process is found out: taken in a batch, then alone, then counted as failed, while the others end", async () => {
  const ids = await t.begin(20);
  const fatal = ids[7] ?? "";
  expect(await mortal(fatal, "count")).toBe("SIGKILL");
  expect(await mortal(fatal, "count")).toBe("SIGKILL");
  // Twice is enough: here the message would not kill, but it is not even run before its failure has been counted.
  let ran = 0;
  t.hooks.count = (id) => void (ran += id === fatal ? 1 : 0);
  await t.start();
  await t.untilEnded(ids.filter((id) => id !== fatal));
  const retrying = await t.until("Tally", fatal, (saga) => saga.attempt === 2, "its death to be counted");
  expect(retrying).toMatchObject({ status: "RETRYING", reason: { code: "DEPENDENCY_UNAVAILABLE", message: "The process that carried it out died doing so" } });
  expect(ran).toBe(0);
  await t.skipWaits();
  await t.ended(fatal);
  expect(await t.effects(fatal)).toEqual({ net: 1, rows: 1 });
}, 60_000);

test("the lease of a process that has died is given up at once, long before it runs out", async () => {
  const [fatal = ""] = await t.begin();
  expect(await mortal(fatal, "ring")).toBe("SIGKILL");
  expect(await t.sql("select state::text from pgboss.job where name = 'ring'")).toEqual([{ state: "active" }]);
  // The lease itself would last seven seconds from its start.
  const since = performance.now();
  await t.start();
  await t.until("Tally", fatal, (saga) => saga.status === "RETRYING", "the lease to be given up");
  expect(performance.now() - since).toBeLessThan(5_000);
  await t.skipWaits();
  await waitFor(async () => (await t.saga("Tally", fatal))?.state === "Tallied");
  expect(await t.effects(fatal, "ring")).toEqual({ net: 1, rows: 1 });
}, 60_000);
