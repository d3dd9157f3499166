import { Journey } from "../journeys/support.ts";
import { waitFor } from "../support/wait.ts";
import { CommandLine } from "./support.ts";

// Made-up people at work, from the command line.

let journey: Journey;
let ops: CommandLine;
beforeAll(async () => {
  journey = await Journey.start();
  ops = new CommandLine(journey.url("/"));
});
afterAll(async () => {
  ops.close();
  await journey.end();
});

test("made-up people begin as many sagas as is said, by the public API", async () => {
  const count = async (): Promise<number> => (await journey.sql<{ n: number }>("select count(*)::int as n from saga"))[0]?.n ?? 0;
  const before = await count();
  const traffic = await ops.json<{ begun: number; withFault: number }>("traffic", "--seconds", "5", "--rate", "4", "--faults", "0%");
  expect(traffic).toMatchObject({ begun: (await count()) - before, withFault: 0 });
  expect(traffic.begun).toBeGreaterThan(4);

  const troubled = await ops.json<{ begun: number; withFault: number }>("traffic", "--seconds", "4", "--rate", "5", "--faults", "100%");
  expect(troubled.withFault).toBe(troubled.begun);
  expect(troubled.begun).toBeGreaterThan(0);
  expect((await ops.run("traffic", "--faults", "3")).code).toBe(2);

  // All of it comes to its end, or waits for somebody.
  await waitFor(async () => (await ops.json<unknown[]>("sagas", "--status", "running,compensating")).length === 0, { timeoutMs: 20_000 });
});
