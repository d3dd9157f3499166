import { Journey, type Person } from "../journeys/support.ts";
import { CommandLine } from "./support.ts";

// An operator without a browser: finds sagas that stand, sees why, and moves them.

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

interface Row {
  readonly id: string;
  readonly status: string;
}

const queue = "request-background-check";
const stuck = async (): Promise<string[]> => (await ops.json<Row[]>("sagas", "--status", "stuck")).map(({ id }) => id);

async function applyInVain(...names: readonly string[]): Promise<{ sagaId: string; who: Person }[]> {
  await journey.breakChecks("401", 3_600);
  const applied = await Promise.all(
    names.map(async (name) => {
      const who = await journey.newcomer(name);
      return { who, ...(await journey.apply(who)) };
    }),
  );
  for (const { sagaId, who } of applied) await journey.follow(sagaId, who, ({ saga }) => saga.status === "STUCK");
  return applied;
}

test("a saga that stands is listed, explained with exit code 3, left alone without a yes, and tried again with one", async () => {
  const [one] = await applyInVain("Ada Novik");
  const id = one?.sagaId ?? "";
  expect(await stuck()).toEqual([id]);
  const list = await ops.run("sagas", "--status", "stuck", "--type", "application-request");
  expect(list.stdout).toMatch(
    new RegExp(`^id +type +state +status .*\n${id}  APPLICATION_REQUEST  RequestingBackgroundCheck  STUCK .*DEPENDENCY_REJECTED\n\nNext: `),
  );
  expect((await ops.run("sagas", "--status", "stuck", "--csv")).stdout).toMatch(
    new RegExp(
      `^id,type,state,status,attempt,changed,next attempt,reason\r\n${id},APPLICATION_REQUEST,RequestingBackgroundCheck,STUCK,1/12,\\d{4}-\\d\\d-\\d\\dT[^,]+Z,,DEPENDENCY_REJECTED\r\n$`,
    ),
  );

  const why = await ops.run("why", id.slice(-12));
  expect(why).toMatchObject({ code: 3, stdout: expect.stringMatching(/STUCK.*\n.*401 \(key not accepted\).*\n[^]*Helps +retrySaga/) });
  const card = await ops.run("saga", id);
  expect(card.stdout).toMatch(/Steps\n +ApplicationSubmitted +DONE\n[^]*Dead letters\n +RequestBackgroundCheckCommand +OPEN[^]*Events\n +1 /);

  // Nobody is there to be asked.
  const unasked = await ops.run("retry", id, "--note", "key rotated");
  expect(unasked).toMatchObject({ code: 2, stdout: expect.stringContaining("sends    RequestBackgroundCheckCommand") });
  expect(unasked.stderr).toContain("Say --yes");
  expect(await stuck()).toEqual([id]);

  // The key is still wrong: it stands again, and the exit code says so.
  expect(await ops.run("retry", id, "--yes", "--wait", "20s")).toMatchObject({ code: 3, stdout: expect.stringContaining("is STUCK in") });
  await journey.breakChecks("none", 1);
  expect(await ops.run("retry", id, "--note", "key rotated", "--yes", "--wait", "20s")).toMatchObject({ code: 0 });
  expect((await ops.run("why", id)).code).toBe(0);
  expect(await journey.sql("select note from ops.operator_action where target = $1 and note is not null", [id])).toEqual([{ note: "key rotated" }]);
});

test("a saga that is cancelled undoes what it did, and a second time is refused in the API's words", async () => {
  const [one] = await applyInVain("Bo Ferrand");
  const id = one?.sagaId ?? "";
  // The undo asks the provider, too.
  await journey.breakChecks("none", 1);
  expect(await ops.run("cancel", id, "--note", "applied twice", "--yes", "--wait", "20s")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("is CANCELLED in ApplicationRejected"),
  });
  const again = await ops.run("cancel", id, "--note", "applied twice", "--yes");
  expect(again.code).toBe(1);
  expect(again.stderr).toMatch(/^✖ .+ {2}WRONG_STATE\n$/);
});

test("dead letters are shown in groups, tried without effect, moved, and counted when they die again", async () => {
  await applyInVain("Cy Halden", "Di Orlov");
  const groups = await ops.json<{ queue: string; count: number }[]>("dead", "--group", "--queue", queue);
  expect(groups).toMatchObject([{ queue, count: 2 }]);
  expect((await ops.run("redrive", "--note", "key rotated", "--yes")).code).toBe(2);

  expect(await ops.json("redrive", "--queue", queue, "--note", "key rotated", "--dry-run")).toMatchObject({ moved: 0, wouldMove: 2 });
  expect(await stuck()).toHaveLength(2);

  const inVain = await ops.run("redrive", "--queue", queue, "--note", "key rotated", "--yes", "--wait", "20s", "--json");
  expect(inVain.code).toBe(3);
  expect(JSON.parse(inVain.stdout)).toEqual({ moved: 2, refused: 0, diedAgain: 2, remaining: 2 });

  await journey.breakChecks("none", 1);
  expect(await ops.json("redrive", "--queue", queue, "--note", "key rotated", "--yes", "--wait", "20s")).toEqual({
    moved: 2,
    refused: 0,
    diedAgain: 0,
    remaining: 0,
  });
  expect(await stuck()).toEqual([]);
});

test("what nobody has, no API knows, or nobody may ask is said with its code", async () => {
  expect(await ops.run("why", "00000000-0000-7000-8000-000000000000")).toMatchObject({ code: 1, stderr: expect.stringMatching(/NOT_FOUND\n$/) });
  expect(await ops.run("sagas", "--status", "sleeping")).toMatchObject({ code: 1, stderr: expect.stringMatching(/"SLEEPING".*BAD_USER_INPUT\n$/) });
  expect(await ops.run("sagas", "--quiet-for", "soon")).toMatchObject({ code: 2 });
  const learner = new CommandLine(journey.url("/"), { OPS_EMAIL: "learner-0001@demo.example", OPS_PASSWORD: "demo-password-0001" });
  expect(await learner.run("queues")).toMatchObject({ code: 1, stderr: expect.stringMatching(/FORBIDDEN\n$/) });
  learner.close();
  const stranger = new CommandLine("https://mentoring.example");
  expect(await stranger.run("queues")).toMatchObject({ code: 2, stderr: expect.stringContaining("OPS_TOKEN") });
  stranger.close();
  const nobody = new CommandLine("http://127.0.0.1:1");
  expect(await nobody.run("queues")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^✖ Expected the API at http:\/\/127\.0\.0\.1:1\/graphql, found: .+ {2}UNREACHABLE\n$/),
  });
  nobody.close();
});

test("a process is shown with what can follow in each state, and as the text of a drawing", async () => {
  const shown = await ops.run("definition", "course-enrollment");
  expect(shown.stdout).toMatch(/^CheckingCapacity +check-course-capacity +ReleaseSeatCommand +CourseCapacityCheckedEvent, hasCapacity: true +NEXT/m);
  expect(shown.stdout).toContain("Undone in this order: GrantingAccess, SendingWelcomeEmail, ConfirmingEnrollment, CheckingCapacity\n");
  expect(await ops.run("definition", "CourseEnrollment", "--mermaid")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^flowchart TB\n/) });
  expect(await ops.run("definition", "course-enrollment", "--version", "99")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("No saga has run on this version of course-enrollment."),
  });
});
