import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { startedDirectory } from "./support/started-directory.ts";
import { startProgram, type Program } from "./support/process.ts";
import { waitFor } from "./support/wait.ts";

// What the README has its readers do.

const settings = { DATA_DIR: "", SEED: "tiny" };
const children: ChildProcess[] = [];
let program: Program;

beforeAll(async () => {
  settings.DATA_DIR = await startedDirectory("tiny");
  program = await startProgram(settings);
});
afterAll(async () => {
  for (const child of children) child.kill();
  await program.stop();
  rmSync(settings.DATA_DIR, { recursive: true, force: true });
});

interface Command {
  readonly output: () => string;
  readonly exitCode: Promise<number | null>;
}

function run(command: string, ...args: string[]): Command {
  const child = spawn(command, args, { cwd: join(import.meta.dirname, ".."), stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let written = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (written += text));
  return { output: () => written, exitCode: once(child, "close").then(([code]) => code as number | null) };
}

/** Seconds of a mail server that refuses connections, so that there is a middle to kill the program in. */
async function breakMail(seconds: number): Promise<void> {
  const response = await fetch(`${program.ready.urls?.mailbox}/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ mode: "refuse", seconds }),
  });
  expect(response.status).toBe(200);
}

/** The example is a shell script around curl, which not every machine has. */
const withCurl = spawnSync("curl", ["--version"]).status === 0 ? test : test.skip;

withCurl(
  "the enrollment of the README goes on after kill -9, and so does watching it",
  async () => {
    await breakMail(300);
    const api = program.ready.urls?.graphql ?? "";
    const enrolling = run("bash", "examples/enroll.sh", api);
    expect({ exitCode: await enrolling.exitCode, output: enrolling.output() }).toEqual({ exitCode: 0, output: expect.stringContaining('"status":"PENDING"') });

    const [, saga = "", token = ""] = /watch\.mjs (\S+) (\S+)/.exec(enrolling.output()) ?? [];
    const watching = run(process.execPath, "examples/watch.mjs", saga, token, api);
    await waitFor(() => watching.output().includes("Attempt 1 of 10 failed"), {
      timeoutMs: 30_000,
      describe: () => ["the watcher to see an attempt fail", watching.output()],
    });

    await program.kill();
    program = await startProgram({ ...settings, PORT: new URL(api).port });
    expect(await watching.exitCode).toBe(0);
    expect(watching.output()).toContain(" connected again\n");
    expect(watching.output()).toMatch(/GrantingAccess led to the end: EnrollmentCompleted\.\n$/);
    // Every event once and in order, over two processes.
    const numbers = [...watching.output().matchAll(/^ *(\d+) /gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  },
  150_000,
);
