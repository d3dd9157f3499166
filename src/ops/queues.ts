import type { Command } from "commander";
import { requireAccepted } from "../client/api-client.ts";
import { PauseQueueDocument, QueuesDocument, ResumeQueueDocument, type QueueLineFragment } from "../client/generated/graphql.ts";
import { exitCode } from "./exit-code.ts";
import { toInstant, type Column } from "./output.ts";
import { agree, verb, watch, type Ops } from "./verb.ts";

export function addQueueVerbs(program: Command): void {
  program.command("queues").description("shows what is on the queues").option("--watch", "draws them again every two seconds").action(verb(listQueues));
  program
    .command("pause <queue>")
    .description("lets no worker take from a queue")
    .requiredOption("--note <text>", "why, for the others")
    .option("--yes", "does it without asking")
    .action(verb(pause));
  program
    .command("resume <queue>")
    .description("lets workers take from a queue again")
    .option("--note <text>", "why, for the others")
    .option("--yes", "does it without asking")
    .action(verb(resume));
}

async function listQueues(ops: Ops, options: { readonly watch?: true }): Promise<number> {
  const { session, output } = ops;
  const show = async (): Promise<void> => {
    const { queues } = await session.run(QueuesDocument, {});
    if (options.watch === true) output.clear();
    output.rows(queues, columns, "There is no queue.");
  };
  if (options.watch === true) return watch(ops, show);
  await show();
  output.next("npm run ops -- dead --group");
  return exitCode.done;
}

const columns: readonly Column<QueueLineFragment>[] = [
  { title: "queue", value: ({ name }) => name },
  { title: "ready", value: ({ ready }) => ready },
  { title: "deferred", value: ({ deferred }) => deferred },
  { title: "active", value: ({ active }) => active },
  { title: "dead", value: ({ deadLetters }) => deadLetters },
  { title: "done/min", value: ({ completedLastMinute }) => completedLastMinute },
  { title: "oldest", value: ({ oldestReadyAt }) => toInstant(oldestReadyAt) },
  { title: "paused", value: ({ pause }) => toInstant(pause?.at) },
  { title: "because", value: ({ pause }) => pause?.note ?? null },
];

const waiting = ({ name, ready, deferred, active }: QueueLineFragment): string => `${name} has ${ready} ready, ${deferred} for later and ${active} in hand.`;

async function pause({ session, output }: Ops, { note, yes }: { readonly note: string; readonly yes?: true }, name: string): Promise<number> {
  const run = async (dryRun: boolean) => requireAccepted((await session.run(PauseQueueDocument, { name, note, dryRun })).act).queue;
  const before = await run(true);
  if (before != null) output.line(`${waiting(before)} What is in hand is finished; the rest would wait, and its deadlines with it.`);
  if (!(await agree("Pause this queue?", yes === true))) {
    output.line("Nothing was done.");
    return exitCode.failed;
  }
  output.object(await run(false), () => [`${output.paint("green", "✔")} ${name} is paused.`]);
  output.next(`npm run ops -- resume ${name}`);
  return exitCode.done;
}

async function resume({ session, output }: Ops, { note, yes }: { readonly note?: string; readonly yes?: true }, name: string): Promise<number> {
  const run = async (dryRun: boolean) => requireAccepted((await session.run(ResumeQueueDocument, { name, note: note ?? null, dryRun })).act).queue;
  const before = await run(true);
  if (before != null) output.line(`${waiting(before)} Workers would take from it at once.`);
  if (!(await agree("Resume this queue?", yes === true))) {
    output.line("Nothing was done.");
    return exitCode.failed;
  }
  output.object(await run(false), () => [`${output.paint("green", "✔")} ${name} is open.`]);
  output.next("npm run ops -- queues");
  return exitCode.done;
}
