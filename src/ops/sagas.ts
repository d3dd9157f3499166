import type { Command } from "commander";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, requireAccepted } from "../client/api-client.ts";
import {
  CancelSagaDocument,
  FindSagaDocument,
  RetrySagaDocument,
  SagaCardDocument,
  SagasDocument,
  SagaStatusDocument,
  WhyDocument,
  type DiagnosisFragment,
  type PlannedLineFragment,
  type SagaFilter,
  type SagaLineFragment,
  type SagaStatus,
} from "../client/generated/graphql.ts";
import { monotonicMs, processNow } from "../kernel/clock.ts";
import { isId } from "../kernel/ids.ts";
import { exitCode } from "./exit-code.ts";
import { duration, fromNow, toInstant, type Column, type Output } from "./output.ts";
import { readPages } from "./pages.ts";
import { agree, parseCount, parseDuration, parseWords, verb, watch, type Ops } from "./verb.ts";

export function addSagaVerbs(program: Command): void {
  program
    .command("sagas")
    .description("lists sagas, the latest changes first")
    .option("--status <words>", "running, waiting, retrying, compensating, stuck, completed, failed, cancelled", parseWords)
    .option("--type <words>", "processes, e.g. course-enrollment", parseWords)
    .option("--reason <codes>", "reason codes, e.g. dependency-unavailable", parseWords)
    .option("--quiet-for <time>", "nothing has happened for so long, e.g. 10m", parseDuration)
    .option("--limit <count>", "how many at most", parseCount, 20)
    .option("--watch", "draws the list again every two seconds")
    .action(verb(listSagas));
  program
    .command("saga <id>")
    .description("shows one: why it stands, its steps, its newest events; the last 8 characters of an id will do")
    .action(verb(showSaga));
  program.command("why <id>").description("says why a saga stands where it does; exit code 3 when it needs an operator").action(verb(explainSaga));
  program
    .command("retry <id>")
    .description("lets a saga try its step, or its undo, again")
    .option("--note <text>", "why, for the saga's history")
    .option(...wait)
    .option(...yes)
    .action(verb((ops, options: ActOptions, id: string) => act(ops, { ...options, verb: "retry", aim: "COMPLETED" }, id)));
  program
    .command("cancel <id>")
    .description("lets a saga undo what it has done")
    .requiredOption("--note <text>", "why, for the saga's history")
    .option(...wait)
    .option(...yes)
    .action(verb((ops, options: ActOptions, id: string) => act(ops, { ...options, verb: "cancel", aim: "CANCELLED" }, id)));
}

const wait = ["--wait [time]", "waits for the end, 60s unless said, and tells it by the exit code", parseDuration] as const;
const yes = ["--yes", "does it without asking"] as const;

interface ListOptions {
  readonly status?: string[];
  readonly type?: string[];
  readonly reason?: string[];
  readonly quietFor?: number;
  readonly limit: number;
  readonly watch?: true;
}

async function listSagas(ops: Ops, options: ListOptions): Promise<number> {
  const { output } = ops;
  // The API says which words it does not know.
  const filter = {
    ...(options.status === undefined ? {} : { status: options.status }),
    ...(options.type === undefined ? {} : { type: options.type }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.quietFor === undefined ? {} : { quietForSeconds: Math.round(options.quietFor / 1_000) }),
  } as SagaFilter;
  const show = async (): Promise<void> => {
    const rows = await readPages(options.limit, async (page) => (await ops.session.run(SagasDocument, { filter, ...page })).sagas);
    if (options.watch === true) output.clear();
    output.rows(rows, columns, "No saga is like that.");
  };
  if (options.watch === true) return watch(ops, show);
  await show();
  output.next("npm run ops -- saga <id>");
  return exitCode.done;
}

const columns: readonly Column<SagaLineFragment>[] = [
  { title: "id", value: ({ id }) => id },
  { title: "type", value: ({ type }) => type },
  { title: "state", value: ({ state }) => state },
  { title: "status", value: ({ status }) => status },
  { title: "attempt", value: ({ attempt, maxAttempts }) => `${attempt}/${maxAttempts}` },
  { title: "changed", value: ({ updatedAt }) => toInstant(updatedAt) },
  { title: "next attempt", value: ({ nextAttemptAt }) => toInstant(nextAttemptAt) },
  { title: "reason", value: ({ reason }) => reason?.code ?? null },
];

/** @throws {ApiError} NOT_FOUND, also where several sagas end like that */
async function findId({ session }: Ops, text: string): Promise<string> {
  if (isId(text)) return text;
  const { find } = await session.run(FindSagaDocument, { text });
  const ids = [...new Set(find.flatMap(({ saga }) => (saga == null ? [] : [saga.id])))];
  const [id] = ids;
  if (id === undefined) throw notFound(text);
  if (ids.length > 1) throw new ApiError("NOT_FOUND", `Expected one saga for ${JSON.stringify(text)}, found ${ids.join(", ")}`);
  return id;
}

const notFound = (id: string): ApiError => new ApiError("NOT_FOUND", `There is no saga with the id ${id}.`);

/** @throws {ApiError} NOT_FOUND */
function required<Saga>(id: string, saga: Saga | null | undefined): Saga {
  if (saga == null) throw notFound(id);
  return saga;
}

const readSaga = async ({ session }: Ops, id: string): Promise<SagaLineFragment> => required(id, (await session.run(SagaStatusDocument, { id })).saga);

async function explainSaga(ops: Ops, _options: object, text: string): Promise<number> {
  const { session, output } = ops;
  const id = await findId(ops, text);
  const saga = required(id, (await session.run(WhyDocument, { id })).saga);
  output.object(saga, () => diagnosis(output, saga));
  output.next(needsOperator(saga) ? `npm run ops -- retry ${id} --note "…"` : `npm run ops -- saga ${id}`);
  return needsOperator(saga) ? exitCode.stuck : exitCode.done;
}

const needsOperator = ({ status }: { readonly status: SagaStatus }): boolean => status === "STUCK";

/** The card in six lines at most: which saga, why it stands, and what comes of it. */
function diagnosis(output: Output, saga: DiagnosisFragment): string[] {
  const now = processNow();
  const { explanation } = saga;
  const times = [
    explanation?.since == null ? [] : [`since ${fromNow(new Date(explanation.since), now)}`],
    explanation?.until == null ? [] : [`until ${fromNow(new Date(explanation.until), now)}`],
    explanation?.queue == null ? [] : [`queue ${explanation.queue}`],
    explanation?.worker == null ? [] : [`worker ${explanation.worker.host} ${explanation.worker.pid}`],
  ].flat();
  const next = (explanation?.next ?? []).map(({ on, state, at }) => `${state} on ${on}${at == null ? "" : ` (${fromNow(new Date(at), now)})`}`);
  const remedies = (explanation?.remedies ?? []).map(({ mutation }) => mutation);
  return [
    `${output.paint("bold", saga.type)}  ${saga.id}`,
    `${saga.state}  ${output.paint(needsOperator(saga) ? "red" : "green", saga.status)}  attempt ${saga.attempt} of ${saga.maxAttempts}`,
    explanation?.summary ?? "The API does not say why.",
    ...(times.length === 0 ? [] : [`${explanation?.cause ?? ""}  ${times.join(", ")}`]),
    ...(next.length === 0 ? [] : [`May become  ${next.join(" · ")}`]),
    ...(remedies.length === 0 ? [] : [`Helps       ${remedies.join(" · ")}`]),
  ];
}

const newestCount = 30;

interface Remainder {
  readonly state: string;
  readonly why: string;
  readonly sagaType?: string | null;
  readonly sagaId?: string | null;
}

async function showSaga(ops: Ops, _options: object, text: string): Promise<number> {
  const { session, output } = ops;
  const id = await findId(ops, text);
  const { sequence } = await readSaga(ops, id);
  // A history may be long.
  const saga = required(id, (await session.run(SagaCardDocument, { id, events: Math.max(0, sequence - newestCount) })).saga);
  output.object(saga, () => {
    const now = processNow();
    const time = (instant: string): string => new Date(instant).toISOString().replace("T", " ").slice(0, 19);
    const remedies = (saga.explanation?.remedies ?? []).map(({ mutation, description }) => `  ${mutation.padEnd(18)} ${description}`);
    const steps = saga.steps.map(({ state, status, attempts }) => `  ${state.padEnd(28)} ${status.padEnd(12)} ${attempts === 0 ? "" : `attempt ${attempts}`}`);
    const letters = (saga.deadLetters ?? []).map(({ id, message, status, attempts }) => `  ${message}  ${status} after ${attempts}  ${id}`);
    const events = saga.events.map(
      ({ sequence, occurredAt, kind, summary }) => `  ${String(sequence).padStart(4)}  ${time(occurredAt)}  ${kind.padEnd(16)} ${summary}`,
    );
    return [
      ...diagnosis(output, saga),
      `Subject     ${saga.subjectId}, definition ${saga.definitionVersion}, begun ${fromNow(new Date(saga.startedAt), now)}`,
      ...saga.remains.map((one) => `Remains     ${remainder(one)}`),
      ...section(output, "Remedies", remedies),
      ...section(output, "Steps", steps),
      ...section(output, "Dead letters", letters),
      ...section(output, saga.sequence > newestCount ? `The newest ${newestCount} events` : "Events", events),
    ].map((line) => line.trimEnd());
  });
  output.next(needsOperator(saga) ? `npm run ops -- retry ${id} --note "…"` : `npm run ops -- why ${id}`);
  return exitCode.done;
}

const remainder = ({ state, why, sagaType, sagaId }: Remainder): string => `${state}${sagaId == null ? "" : ` of the ${sagaType} ${sagaId}`}: ${why}`;

const section = (output: Output, title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : ["", output.paint("bold", title), ...lines]);

interface ActOptions {
  readonly note?: string;
  /** Milliseconds; true: as long as is usual. */
  readonly wait?: number | true;
  readonly yes?: true;
}

interface Act extends ActOptions {
  readonly verb: "retry" | "cancel";
  /** The end that the verb is for. */
  readonly aim: SagaStatus;
}

async function act(ops: Ops, options: Act, text: string): Promise<number> {
  const { session, output } = ops;
  const id = await findId(ops, text);
  const saga = await readSaga(ops, id);
  const run = async (dryRun: boolean): Promise<PlannedLineFragment> => {
    const variables = { id, sequence: saga.sequence, dryRun };
    const { act } =
      options.verb === "retry"
        ? await session.run(RetrySagaDocument, { ...variables, note: options.note ?? null })
        : await session.run(CancelSagaDocument, { ...variables, note: options.note ?? "" });
    return requireAccepted(act);
  };
  const { plan } = await run(true);
  for (const line of preview(saga, plan)) output.line(line);
  if (!(await agree(`${options.verb === "retry" ? "Retry" : "Cancel"} this saga?`, options.yes === true))) {
    output.line("Nothing was done.");
    return exitCode.failed;
  }
  const done = await run(false);
  const end = options.wait === undefined ? null : await waitForEnd(ops, id, options.wait === true ? usualWaitMs : options.wait);
  const now = end ?? done.saga ?? saga;
  const code = end === null ? exitCode.done : exitCodeOf(end, options.aim);
  const mark = code === exitCode.done ? output.paint("green", "✔") : output.paint("red", "✖");
  output.object(now, () => [`${mark} ${now.type} ${id} is ${now.status} in ${now.state}.`]);
  output.next(`npm run ops -- why ${id}`);
  return code;
}

const usualWaitMs = 60_000;
const pollMs = 250;
const ends: readonly SagaStatus[] = ["COMPLETED", "FAILED", "CANCELLED"];

/** Until the saga has ended, or goes on only when somebody does something; or the time is over. */
async function waitForEnd(ops: Ops, id: string, waitMs: number): Promise<SagaLineFragment> {
  const until = monotonicMs() + waitMs;
  ops.output.line(`Waiting for its end, ${duration(waitMs)} at most.`);
  for (;;) {
    const saga = await readSaga(ops, id);
    if ([...ends, "STUCK", "WAITING"].includes(saga.status) || monotonicMs() > until) return saga;
    await delay(pollMs);
  }
}

function exitCodeOf({ status }: SagaLineFragment, aim: SagaStatus): number {
  if (status === aim || (status === "WAITING" && aim === "COMPLETED")) return exitCode.done;
  if (status === "STUCK") return exitCode.stuck;
  return ends.includes(status) ? exitCode.endedOtherwise : exitCode.underWay;
}

/** What the dry run says would happen. */
function preview(saga: SagaLineFragment, plan: PlannedLineFragment["plan"]): string[] {
  if (plan == null) return [];
  const now = processNow();
  return [
    `${saga.type} ${saga.id} is ${saga.status} in ${saga.state}. This would make it ${plan.status} in ${plan.state}:`,
    ...plan.sends.map((command) => `  sends    ${command}`),
    ...plan.undoes.map(({ state, command }) => `  undoes   ${state} by ${command}`),
    ...plan.remains.map((one) => `  remains  ${remainder(one)}`),
    ...(plan.nextAttemptAt == null ? [] : [`  attempt  ${fromNow(new Date(plan.nextAttemptAt), now)}`]),
    ...(plan.endsIn == null ? [] : [`  ends in  ${plan.endsIn}`]),
  ];
}
