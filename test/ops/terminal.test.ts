import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { openTerminal, type Terminal } from "../support/terminal.ts";
import { waitFor } from "../support/wait.ts";

// `npm start` as somebody sees it who tries the program: on a terminal, in development.

const dataDir = mkdtempSync(join(tmpdir(), "mentorplatform-terminal-"));
// The database's account has to get through when the tests run as root.
chmodSync(dataDir, 0o711);
let terminal: Terminal;
let client: pg.Client;
let url: string;

async function start(): Promise<void> {
  terminal = openTerminal(["dist/src/main.js"], { DATA_DIR: dataDir, SEED: "tiny", PORT: "0", SMTP_PORT: "0", NODE_ENV: "development" });
  await waitFor(() => /\bq quit/.test(terminal.screen()), { timeoutMs: 50_000, describe: terminal.screen });
}

beforeAll(async () => {
  await start();
  url = /Product +(http\S+)/.exec(terminal.screen())?.[1] ?? "";
  client = new pg.Client(/psql '([^']+)'/.exec(terminal.screen())?.[1] ?? "");
  client.on("error", () => undefined);
  await client.connect();
});
afterAll(async () => {
  await client.end().catch(() => undefined);
  await terminal.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

const post = async <T>(path: string, body: object, token = ""): Promise<T> => {
  const headers = { "content-type": "application/json", ...(token === "" ? {} : { authorization: `Bearer ${token}` }) };
  return (await (await fetch(new URL(path, url), { method: "POST", headers, body: JSON.stringify(body) })).json()) as T;
};
const rows = async <T extends pg.QueryResultRow>(text: string, parameters: unknown[] = []): Promise<T[]> => (await client.query<T>(text, parameters)).rows;
const sees = (text: RegExp): Promise<RegExpExecArray> => waitFor(() => text.exec(terminal.screen()), { timeoutMs: 20_000, describe: terminal.screen });

test("what can be opened is shown in columns, and which keys there are", () => {
  expect(terminal.screen()).toMatch(
    /^✔ PostgreSQL 18\.\d .*\n✔ Migrations .*\n✔ Demo data +11 accounts, 3 courses\n✔ Ready in [\d.]+ s +api, relay in one process, pid \d+; worker in another, pid \d+\n\n {2}MentorPlatform .* development\n\n {2}Product +http.*\/ +learner-0001@demo\.example\n {2}Console +http.*\/console +operator-0001@demo\.example\n {2}GraphQL +.*\n {2}Mailbox +.*\n {2}Metrics +http.*\/metrics\n {2}Database +psql .*\n {2}Passwords +.*\n {2}Traffic +2 sagas a second +.*\n\n {2}t demo traffic on\/off · m break the mail server for 40 s · k kill the worker · q quit\n/,
  );
});

test("made-up people are at work until t is pressed", async () => {
  await waitFor(async () => (await rows("select from saga where started_at > now() - interval '1 minute'")).length > 0, { timeoutMs: 20_000 });
  terminal.press("t");
  await sees(/Demo traffic is off after \d+ sagas/);
});

test("m breaks the mail server, and a saga whose worker is killed by k goes on in another one", async () => {
  terminal.press("m");
  await sees(/The mail server refuses connections for 40 s/);
  expect(await (await fetch(new URL("/dev/mail.json", url))).json()).toMatchObject({ fault: { mode: "refuse" } });

  const signIn = 'mutation { signIn(email: "learner-0001@demo.example", password: "demo-password-0001") { accessToken } }';
  const { data } = await post<{ data: { signIn: { accessToken: string } } }>("/graphql", { query: signIn });
  const courses = await rows<{ id: string }>(
    "select id from course c where status = 'PUBLISHED' and (capacity is null or seats_taken < capacity) and not exists (select from course_enrollment e join app_user u on u.id = e.learner_id where e.course_id = c.id and e.is_open and u.email = 'learner-0001@demo.example')",
  );
  const enroll = `mutation { enrollInCourse(courseId: "${courses[0]?.id}", idempotencyKey: "on-a-terminal") { saga { id } } }`;
  const answer = await post<{ data: { enrollInCourse: { saga: { id: string } } } }>("/graphql", { query: enroll }, data.signIn.accessToken);
  const { id } = answer.data.enrollInCourse.saga;
  const status = async () => (await rows<{ status: string }>("select status from ops.saga where id = $1", [id]))[0]?.status;
  await waitFor(async () => (await status()) === "RETRYING", { describe: status });

  const pid = /worker in another, pid (\d+)/.exec(terminal.screen())?.[1];
  // Once more while the next one is on its way kills nothing.
  for (let time = 0; time < 3; time++) terminal.press("k");
  const [, killed, next] = await sees(/The worker, pid (\d+), has died; pid (\d+) goes on/);
  expect(killed).toBe(pid);
  await waitFor(async () => JSON.stringify(await rows("select pid from worker where ended_at is null")) === JSON.stringify([{ pid: Number(next) }]), {
    describe: () => rows("select pid, ended_at from worker"),
  });
  await post("/dev/mail/faults", { mode: "none" });
  await waitFor(async () => (await status()) === "COMPLETED", { timeoutMs: 20_000, describe: status });
  expect(await rows("select * from ops.invariant_violation")).toEqual([]);
});

test("q ends it with 0, worker and database too", async () => {
  await client.end();
  terminal.press("q");
  await sees(/Stopping/);
  expect(await terminal.ended).toBe(0);
});

test("a program that is killed takes its worker with it", async () => {
  await start();
  const [, pid, worker] = /in one process, pid (\d+); worker in another, pid (\d+)/.exec(terminal.screen()) ?? [];
  process.kill(Number(pid), "SIGKILL");
  await terminal.ended;
  await waitFor(() => {
    expect(() => process.kill(Number(worker), 0)).toThrow("ESRCH");
    return true;
  });
});
