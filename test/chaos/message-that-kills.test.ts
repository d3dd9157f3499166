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
  expect(await t.failures(fatal)).toEqual(["The process that carried it out died doing so"]);
  expect(await t.kinds(fatal)).toEqual(expect.arrayContaining(["ATTEMPT_FAILED CountCommand"]));
  await t.skipWaits();
  await t.ended(fatal);
  // Only the second attempt, after the failure was counted, has been run here.
  expect(ran).toBe(1);
  expect(await t.effects(fatal)).toEqual({ net: 1, rows: 1 });
}, 60_000);

test("the lease of a process that has died is given up at once, long before it runs out", async () => {
  const [fatal = ""] = await t.begin();
  expect(await mortal(fatal, "ring")).toBe("SIGKILL");
  expect(await t.sql("select state::text from pgboss.job where name = 'ring'")).toEqual([{ state: "active" }]);
  // The lease itself would last ten minutes.
  await t.start();
  expect(await t.failures(fatal)).toEqual(["The process that carried it out died doing so"]);
  await t.skipWaits();
  await waitFor(async () => (await t.saga("Tally", fatal))?.state === "Tallied");
  expect(await t.effects(fatal, "ring")).toEqual({ net: 1, rows: 1 });
}, 60_000);
