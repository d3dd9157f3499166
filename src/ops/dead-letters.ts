import { type Command, Option } from "commander";
import { setTimeout as delay } from "node:timers/promises";
import { requireAccepted } from "../client/api-client.ts";
import {
  DeadLetterGroupsDocument,
  DeadLettersDocument,
  RedriveDeadLettersDocument,
  SagasDocument,
  type DeadLetterFilter,
  type DeadLetterGroupsQuery,
  type DeadLettersQuery,
} from "../client/generated/graphql.ts";
import { monotonicMs, processNow } from "../kernel/clock.ts";
import { newId } from "../kernel/ids.ts";
import { exitCode } from "./exit-code.ts";
import { toInstant, type Column } from "./output.ts";
import { readPages } from "./pages.ts";
import { UsageError } from "./usage-error.ts";
import { agree, parseCount, parseDuration, parseWords, verb, type Ops } from "./verb.ts";

export function addDeadLetterVerbs(program: Command): void {
  withFilter(program.command("dead"))
    .description("lists open dead letters, the latest first")
    .option("--group", "those that say the same together")
    .option("--limit <count>", "how many at most", parseCount, 20)
    .action(verb(listDead));
  withFilter(program.command("redrive"))
    .description("sends dead letters round again through their sagas, the oldest first")
    .option("--all", "without a filter: every open one")
    .requiredOption("--note <text>", "why, for the histories")
    .option("--limit <count>", "how many at most", parseCount, 1_000)
    .option("--dry-run", "says what would happen, and does nothing")
    .option("--wait [time]", "waits until their sagas stand or have ended, 60s unless said", parseDuration)
    .option("--yes", "does it without asking")
    .action(verb(redrive));
}

const withFilter = (command: Command): Command =>
  command
    .option("--queue <name>", "of this queue")
    .option("--message <name>", "of this command or event")
    .option("--reason <codes>", "reason codes", parseWords)
    .option("--pattern <text>", "of a group")
    .addOption(new Option("--type <word>", "of sagas of this type").argParser((text) => parseWords(text)[0]))
    .option("--id <ids...>", "these");

interface Filter {
  readonly queue?: string;
  readonly message?: string;
  readonly reason?: string[];
  readonly pattern?: string;
  readonly type?: string;
  readonly id?: string[];
}

// The API says which words it does not know.
const filterOf = ({ queue, message, reason, pattern, type, id }: Filter): DeadLetterFilter =>
  ({
    status: ["OPEN"],
    ...(queue === undefined ? {} : { queue }),
    ...(message === undefined ? {} : { message }),
    ...(reason === undefined ? {} : { reason }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(type === undefined ? {} : { sagaType: type }),
    ...(id === undefined ? {} : { ids: id }),
  }) as DeadLetterFilter;

type Letter = NonNullable<DeadLettersQuery["deadLetters"]>["nodes"][number];
type Group = NonNullable<DeadLetterGroupsQuery["deadLetterGroups"]>[number];

async function listDead({ session, output }: Ops, options: Filter & { readonly group?: true; readonly limit: number }): Promise<number> {
  const filter = filterOf(options);
  if (options.group === true) {
    const { deadLetterGroups } = await session.run(DeadLetterGroupsDocument, { filter });
    const columns: Column<Group>[] = [
      { title: "count", value: ({ count }) => count },
      { title: "message", value: ({ message }) => message },
      { title: "queue", value: ({ queue }) => queue },
      { title: "reason", value: ({ reason }) => reason },
      { title: "last", value: ({ lastFailedAt }) => toInstant(lastFailedAt) },
      { title: "says", value: ({ example }) => example },
    ];
    output.rows(deadLetterGroups, columns, "No dead letter is open.");
  } else {
    const letters = await readPages(options.limit, async (page) => (await session.run(DeadLettersDocument, { filter, ...page })).deadLetters);
    const columns: Column<Letter>[] = [
      { title: "id", value: ({ id }) => id },
      { title: "message", value: ({ message }) => message },
      { title: "attempts", value: ({ attempts }) => attempts },
      { title: "failed", value: ({ failedAt }) => toInstant(failedAt) },
      { title: "saga", value: ({ saga }) => saga?.id ?? null },
      { title: "status", value: ({ saga }) => saga?.status ?? null },
      { title: "reason", value: ({ reason }) => reason.code },
      { title: "says", value: ({ reason }) => reason.message },
    ];
    output.rows(letters, columns, "No dead letter is open.");
  }
  output.next(`npm run ops -- redrive --queue <name> --note "…" --dry-run`);
  return exitCode.done;
}

interface RedriveOptions extends Filter {
  readonly all?: true;
  readonly note: string;
  readonly limit: number;
  readonly dryRun?: true;
  readonly wait?: number | true;
  readonly yes?: true;
}

/** What became of the letters. */
interface Redriven {
  readonly moved: number;
  readonly refused: number;
  readonly diedAgain: number;
  readonly remaining: number;
}

const batchSize = 50;

async function redrive(ops: Ops, options: RedriveOptions): Promise<number> {
  const { session, output } = ops;
  const filter = filterOf(options);
  if (options.all !== true && Object.keys(filter).length === 1)
    throw new UsageError("Expected which ones: --queue, --message, --reason, --pattern, --type, --id, or --all.");
  const run = async (which: DeadLetterFilter, limit: number, dryRun: boolean) =>
    requireAccepted((await session.run(RedriveDeadLettersDocument, { filter: which, limit, note: options.note, key: newId(), dryRun })).act);

  const preview = await run(filter, Math.min(1_000, options.limit), true);
  const letters = preview.deadLetters ?? [];
  output.line(`${letters.length} would go round again; ${preview.refused.length} would stay, ${preview.remaining ?? 0} are beyond the limit.`);
  const reasons = Map.groupBy(preview.refused, ({ reason }) => reason);
  for (const [reason, those] of reasons) output.line(`  ${those.length} stay: ${reason}`);
  if (options.dryRun === true || letters.length === 0) {
    output.object({ moved: 0, wouldMove: letters.length, refused: preview.refused.length, remaining: preview.remaining }, () => []);
    output.next(letters.length === 0 ? "npm run ops -- dead" : "the same without --dry-run");
    return exitCode.done;
  }
  if (!(await agree(`Redrive ${letters.length}?`, options.yes === true))) {
    output.line("Nothing was done.");
    return exitCode.failed;
  }

  const since = processNow();
  const sagas = new Set<string>();
  let moved = 0;
  let refused = 0;
  for (let at = 0; at < letters.length; at += batchSize) {
    // By their ids, so that what was shown is what goes.
    const ids = letters.slice(at, at + batchSize).map(({ id }) => id);
    const batch = await run({ ids }, batchSize, false);
    for (const { saga } of batch.deadLetters ?? []) if (saga != null) sagas.add(saga.id);
    moved += batch.deadLetters?.length ?? 0;
    refused += batch.refused.length;
    output.progress("Redriving", Math.min(letters.length, at + batchSize), letters.length);
  }
  const isSettled = options.wait === undefined || (await waitForAll(ops, [...sagas], options.wait === true ? usualWaitMs : options.wait));
  const diedAgain = await countOpen(ops, { ...filter, ids: null, failedAfter: since.toISOString() }, sagas);
  const left = await run(filter, 1, true);
  const remaining = (left.deadLetters?.length ?? 0) + left.refused.length + (left.remaining ?? 0);
  const result: Redriven = { moved, refused, diedAgain, remaining };
  output.object(result, () => [
    `${output.paint(diedAgain === 0 ? "green" : "red", diedAgain === 0 ? "✔" : "✖")} ${moved} moved, ${diedAgain} died again, ${remaining} remain.`,
  ]);
  output.next(diedAgain === 0 ? "npm run ops -- queues" : "npm run ops -- dead --group");
  return diedAgain > 0 ? exitCode.stuck : isSettled ? exitCode.done : exitCode.underWay;
}

const usualWaitMs = 60_000;
const pollMs = 250;

/** @returns whether they all stand or have ended before the time is over */
async function waitForAll({ session, output }: Ops, ids: readonly string[], waitMs: number): Promise<boolean> {
  const until = monotonicMs() + waitMs;
  const left = [...ids];
  while (left.length > 0) {
    // A page holds a hundred.
    const { sagas } = await session.run(SagasDocument, {
      filter: { ids: left.slice(0, 100), status: ["RUNNING", "RETRYING", "COMPENSATING"] },
      first: 100,
    });
    const moving = new Set(sagas.nodes.map(({ id }) => id));
    left.splice(0, 100, ...left.slice(0, 100).filter((id) => moving.has(id)));
    output.progress("Waiting  ", ids.length - left.length, ids.length);
    if (monotonicMs() > until) return left.length === 0;
    if (moving.size > 0) await delay(pollMs);
  }
  return true;
}

async function countOpen({ session }: Ops, filter: DeadLetterFilter, sagas: ReadonlySet<string>): Promise<number> {
  const letters = await readPages(Infinity, async (page) => (await session.run(DeadLettersDocument, { filter, ...page })).deadLetters);
  return letters.filter(({ saga }) => saga != null && sagas.has(saga.id)).length;
}
