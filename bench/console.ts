import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { chromium, type Page } from "playwright-core";
import { hashPassword } from "../src/domain/users/password.ts";
import { newId } from "../src/kernel/ids.ts";
import { formatTable, percentile, show } from "./figures.ts";
import { Learner } from "./learner.ts";
import { courseId, learnerId } from "./population.ts";
import { startPrograms, tokensFor } from "./programs.ts";
import { progress } from "./progress.ts";
import type { Database, Server } from "./server.ts";

const executablePath = "/usr/bin/chromium";
const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"];
/** Each makes about six changes. */
const sagasPerSecond = 20;
const pages = 40;
const longMs = 50;

const enroll = "mutation ($course: ID!, $key: String!) { enrollInCourse(courseId: $course, idempotencyKey: $key) { saga { id } userErrors { code } } }";

/** An operator pages and scrolls through the list of more than 10,000 sagas, in Chromium, while sagas change. */
export async function consoleUnderLoad(server: Server): Promise<{ text: string; passed: boolean }> {
  progress("Building the console");
  await promisify(execFile)("vite", ["build", "--config", "console/vite.config.ts", "--logLevel", "error"]);
  const database = await server.fresh("console");
  const running = await startPrograms(database, 1, { MAIL_MODE: "sink" });
  const browser = await chromium.launch({ executablePath, args });
  const ending = new AbortController();
  let load: Promise<void> | null = null;
  try {
    await makeOperator(database);
    const tokens = await tokensFor(
      running,
      Array.from({ length: 2_000 }, (_, number) => learnerId(number + 1)),
    );
    const learners = tokens.map((token) => new Learner(running.urls, token, 0));
    const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } });
    let [changes, frames] = [0, 0];
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        const { payload: message } = JSON.parse(payload.toString()) as { payload?: { data?: { sagaActivity?: { events: readonly unknown[] } } } };
        const count = message?.data?.sagaActivity?.events.length ?? 0;
        changes += count;
        if (count > 0) frames += 1;
      }),
    );
    await page.goto(`${new URL(running.urls[0] ?? "").origin}/console/sagas`);
    await page.getByLabel("Email").fill(operator.email);
    await page.getByLabel("Password").fill(operator.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("tr[data-saga]").first().waitFor();
    const [{ count } = { count: 0 }] = await database.sql<{ count: number }>("select count(*)::int as count from saga");

    load = begin(learners, ending.signal);
    await delay(5_000);
    await browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline"] });
    const from = { at: performance.now(), changes, frames };
    const turnMs: number[] = [];
    for (let number = 1; number <= pages; number++) {
      progress(`Page ${number} of ${pages}`, number / pages);
      turnMs.push(await turn(page));
      for (let top = 0; top <= 2_400; top += 400) {
        await page.mouse.wheel(0, 400);
        await delay(50);
      }
      await page.evaluate("scrollTo(0, 0)");
    }
    const seconds = (performance.now() - from.at) / 1_000;
    // To hand the trace over takes seconds, in which changes go on.
    const pushed = { changes: changes - from.changes, frames: frames - from.frames };
    const long = longTasksOf(await browser.stopTracing());
    const busy = long.filter(({ cpuMs }) => cpuMs > longMs);
    const rows: [string, string, string][] = [
      ["sagas in the list", show(count), "10,000 or more"],
      ["changes pushed a second", show(pushed.changes / seconds), "100"],
      ["in so many pushes", show(pushed.frames / seconds), ""],
      [`tasks that took more than ${longMs} ms of CPU`, show(busy.length), "0"],
      ["the longest of all, ms of CPU", show(Math.max(0, ...long.map(({ cpuMs }) => cpuMs))), ""],
      [`more than ${longMs} ms by the clock, on shared cores`, show(long.length), ""],
      ["next page p50, ms", show(percentile(turnMs, 0.5)), ""],
      ["p95, ms", show(percentile(turnMs, 0.95)), ""],
    ];
    return { text: formatTable([[`${pages} pages in ${show(seconds)} s`, "measured", "wanted"], ...rows]), passed: busy.length === 0 };
  } finally {
    ending.abort();
    await load;
    await browser.close();
    await running.stop();
    await database.drop();
  }
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds, by the clock and of CPU. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/**
 * Tasks of the page's thread that took long by the clock. Where the cores are shared, most of them have waited for one: what is the page's own
 * doing is the CPU.
 */
function longTasksOf(trace: Buffer): { cpuMs: number }[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: readonly TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const mainThreads = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(threadOf));
  const tasks = traceEvents.filter((event) => event.name === "RunTask" && mainThreads.has(threadOf(event)));
  if (tasks.length === 0) throw new Error("Expected the trace of the browser to have tasks of the page's thread, found none");
  return tasks.filter(({ dur = 0 }) => dur > longMs * 1_000).map(({ tdur = 0 }) => ({ cpuMs: tdur / 1_000 }));
}

const operator = { email: "operator@bench.example", password: "a long password for the bench" };

async function makeOperator(database: Database): Promise<void> {
  await database.sql("update app_user set email = $1, password_hash = $2, roles = '{LEARNER,OPERATOR}', email_verified_at = now() where id = $3", [
    operator.email,
    await hashPassword(operator.password),
    learnerId(0),
  ]);
}

/** Begins sagas at a steady rate, whatever the answers take. */
async function begin(learners: readonly Learner[], signal: AbortSignal): Promise<void> {
  const asked: Promise<unknown>[] = [];
  for (const [number, learner] of learners.entries()) {
    if (signal.aborted) break;
    asked.push(learner.ask(enroll, { course: courseId(number), key: newId() }).catch(() => undefined));
    await delay(1_000 / sagasPerSecond);
  }
  await Promise.all(asked);
}

/** To the next page of the list. @returns milliseconds until its rows are there */
async function turn(page: Page): Promise<number> {
  const first = await page.locator("tr[data-saga]").first().getAttribute("data-saga");
  const at = performance.now();
  await page.getByRole("button", { name: "Next", exact: true }).click();
  await page.locator(`tbody tr[data-saga]:first-child:not([data-saga="${first}"])`).waitFor();
  return performance.now() - at;
}
