import { type Command, Option } from "commander";
import { requireAccepted } from "../client/api-client.ts";
import { MigrateSagasDocument, type MigrateSagasMutation, type SagaFilter, type SagaType } from "../client/generated/graphql.ts";
import { exitCode } from "./exit-code.ts";
import { UsageError } from "./usage-error.ts";
import { agree, parseCount, parseWords, verb, type Ops } from "./verb.ts";

export function addMigrate(program: Command): void {
  program
    .command("migrate <type>")
    .description("moves sagas of one version of their definition to another, where a migration is declared")
    .requiredOption("--from <version>", "the version on which they run", parseCount)
    .requiredOption("--to <version>", "the version on which they are to go on", parseCount)
    .addOption(new Option("--state <names>", "those in these states, as the definition has them").argParser((text) => text.split(",")))
    .option("--status <words>", "those in these statuses", parseWords)
    .option("--id <ids...>", "these")
    .requiredOption("--note <text>", "why, for the histories")
    .option("--dry-run", "says what would happen, and does nothing")
    .option("--yes", "does it without asking")
    .action(verb(migrate));
}

interface MigrateOptions {
  readonly from: number;
  readonly to: number;
  readonly state?: string[];
  readonly status?: string[];
  readonly id?: string[];
  readonly note: string;
  readonly dryRun?: true;
  readonly yes?: true;
}

type Refusals = NonNullable<MigrateSagasMutation["act"]>["refused"];

/** What became of the sagas. */
interface Moved {
  readonly migrated: number;
  /** Those that stay, by why. */
  readonly refused: Refusals;
}

const batchSize = 200;

async function migrate(ops: Ops, options: MigrateOptions, text: string): Promise<number> {
  const { output } = ops;
  const [type = ""] = parseWords(text);
  if (options.from === options.to) throw new UsageError(`Expected two versions, found ${options.from} twice.`);
  const plan = await all(ops, type, options, true);
  output.line(`${plan.migrated} would move from v${options.from} to v${options.to}, ${countOf(plan.refused)} would stay.`);
  tellRefused(ops, plan);
  if (options.dryRun === true || plan.migrated === 0) {
    output.object({ wouldMigrate: plan.migrated, refused: plan.refused }, () => []);
    output.next(plan.migrated === 0 ? "npm run saga:diff" : "the same without --dry-run");
    return exitCode.done;
  }
  if (!(await agree(`Move ${plan.migrated}?`, options.yes === true))) {
    output.line("Nothing was done.");
    return exitCode.failed;
  }
  const done = await all(ops, type, options, false, plan.migrated);
  output.object(done, () => [`${output.paint("green", "✔")} ${done.migrated} moved, ${countOf(done.refused)} stay.`]);
  output.next("npm run saga:diff");
  return exitCode.done;
}

/** Batch after batch, each a transaction of its own. */
async function all({ session, output }: Ops, type: string, options: MigrateOptions, dryRun: boolean, expected = 0): Promise<Moved> {
  const { from, to, note, state, status, id: ids } = options;
  // The API says which words it does not know.
  const filter = { ...(state && { state }), ...(status && { status }), ...(ids && { ids }) } as SagaFilter;
  const refused = new Map<string, Refusals[number]>();
  let migrated = 0;
  let after: string | null = null;
  do {
    const variables = { type: type as SagaType, from, to, filter, limit: batchSize, after, note, dryRun };
    const batch: NonNullable<MigrateSagasMutation["act"]> = requireAccepted((await session.run(MigrateSagasDocument, variables)).act);
    migrated += batch.migrated ?? 0;
    for (const one of batch.refused) refused.set(one.reason, { ...one, count: one.count + (refused.get(one.reason)?.count ?? 0) });
    after = batch.next ?? null;
    if (!dryRun) output.progress("Moving", Math.min(migrated, expected), expected);
  } while (after !== null);
  return { migrated, refused: [...refused.values()] };
}

const countOf = (refused: Refusals): number => refused.reduce((sum, { count }) => sum + count, 0);

function tellRefused({ output }: Ops, { refused }: Moved): void {
  for (const { reason, count, example } of refused) output.line(`  ${count} stay, for example ${example}: ${reason}`);
}
