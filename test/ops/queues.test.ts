import { Journey } from "../journeys/support.ts";
import { waitFor } from "../support/wait.ts";
import { CommandLine } from "./support.ts";

// Queues and the doctor, from the command line.

let journey: Journey;
let ops: CommandLine;
beforeAll(async () => {
  // One sign-in a minute: what follows works only because the token is kept.
  journey = await Journey.start({ MAX_SIGN_INS_PER_ACCOUNT: "1" });
  ops = new CommandLine(journey.url("/"), { DATABASE_URL: journey.database });
});
afterAll(async () => {
  ops.close();
  await journey.end();
});

const queue = "send-welcome-email";
const isPaused = async (): Promise<boolean> =>
  (await journey.sql("select from ops.queue_depth where queue = $1 and paused_at is not null", [queue])).length === 1;

test("on a terminal a queue is paused when the person says yes, and only then", async () => {
  for (const answer of ["n", "y"]) {
    const terminal = ops.open("pause", queue, "--note", "mail server is moved");
    await waitFor(() => terminal.screen().includes("[y/N]"), { describe: terminal.screen });
    expect(await isPaused()).toBe(false);
    terminal.press(`${answer}\n`);
    expect(await terminal.ended).toBe(answer === "y" ? 0 : 1);
    expect(terminal.screen()).toContain(answer === "y" ? `${queue} is paused.` : "Nothing was done.");
    expect(await isPaused()).toBe(answer === "y");
  }
  const queues = await ops.json<{ name: string; pause: object | null }[]>("queues");
  expect(queues.find(({ name }) => name === queue)).toMatchObject({ pause: { note: "mail server is moved" } });
  expect((await ops.run("queues")).stdout).toMatch(new RegExp(`^queue +ready[^]*\n${queue} .* ago  mail server is moved\n`));
  expect(await ops.run("resume", queue, "--yes")).toMatchObject({ code: 0 });
  expect(await isPaused()).toBe(false);
});

test("queues are drawn again and again until Ctrl-C", async () => {
  const terminal = ops.open("queues", "--watch");
  await waitFor(() => terminal.screen().split("\u001B[2J").length > 3, { describe: terminal.screen });
  terminal.press("\u0003");
  expect(await terminal.ended).toBe(0);
  expect((await ops.run("queues", "--watch")).stderr).toContain("--watch: expected a terminal");
});

interface Finding {
  readonly about: string;
  readonly result: string;
  readonly found: string;
}

test("the doctor finds nothing wrong, a queue that was forgotten, and a schema of another version", async () => {
  const found = await ops.json<Finding[]>("doctor");
  const about = (findings: readonly Finding[], what: string): Finding | undefined => findings.find((finding) => finding.about === what);
  expect(found.filter(({ result }) => result === "wrong")).toEqual([]);
  for (const what of ["Server", "Clocks", "Workers", "Queues", "PostgreSQL", "Migrations", "pg-boss", "Invariants", "Outbox", "Versions"])
    expect(about(found, what)).toMatchObject({ result: "ok" });

  expect((await ops.run("pause", queue, "--note", "for a while", "--yes")).code).toBe(0);
  await journey.sql("update queue_pause set paused_at = paused_at - interval '2 days'");
  await journey.sql("insert into schema_migration (name, executed_at) values ('Migration99990101000000_of_tomorrow', now())");
  await journey.sql(
    `insert into saga (id, type, definition_version, subject_id, run_number, state, status, sequence, attempt, max_attempts, participants, data, runs, started_at, updated_at)
     values (gen_random_uuid(), 'Lottery', 2, gen_random_uuid(), 1, 'Drawing', 'STUCK', 1, 1, 1, '{}', '{}', '[{"made": {"version": 1}}]', now(), now())`,
  );
  const { code, stdout } = await ops.run("doctor", "--json");
  await journey.sql("delete from saga where type = 'Lottery'");
  await journey.sql("delete from schema_migration where name like '%tomorrow'");
  expect((await ops.run("resume", queue, "--yes")).code).toBe(0);
  const worse = JSON.parse(stdout) as Finding[];
  expect(code).toBe(3);
  expect(about(worse, "Queues")).toMatchObject({ result: "warning", found: expect.stringContaining(queue) });
  expect(about(worse, "Versions")).toMatchObject({ result: "wrong", found: expect.stringContaining("1 needs Lottery v1 and Lottery v2") });
  expect(about(worse, "Migrations")).toMatchObject({ result: "wrong", found: expect.stringContaining("of_tomorrow") });
});
