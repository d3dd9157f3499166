import { Command, CommanderError, Option } from "commander";
import { ApiError } from "../client/api-client.ts";
import { readEnvironment } from "../config.ts";
import { printFailure } from "../terminal.ts";
import { addDeadLetterVerbs } from "./dead-letters.ts";
import { addDefinitionVerb } from "./definitions.ts";
import { addDoctor } from "./doctor.ts";
import { exitCode } from "./exit-code.ts";
import { addMigrate } from "./migrate.ts";
import { Output } from "./output.ts";
import { addQueueVerbs } from "./queues.ts";
import { addSagaVerbs } from "./sagas.ts";
import { addTraffic } from "./traffic.ts";
import { UsageError } from "./usage-error.ts";

// Before the options look for their variables: `.env` may have them.
const environment = readEnvironment();
const program = new Command("npm run ops --")
  .description("Looks at sagas, queues and dead letters of a running program, and moves them. Speaks to its GraphQL API only.")
  .addOption(new Option("--url <url>", "where the program is").env("OPS_URL").default(`http://localhost:${environment["PORT"] ?? "4000"}`))
  .addOption(new Option("--email <address>", "of an operator, whose password is in OPS_PASSWORD; on this machine the made-up one if unset").env("OPS_EMAIL"))
  .addOption(new Option("--token <token>", "an access token, instead of signing in").env("OPS_TOKEN"))
  .option("--json", "writes what the API answers")
  .option("--csv", "writes lists for spreadsheets")
  .exitOverride()
  .showHelpAfterError("(--help says what there is)");
addSagaVerbs(program);
addMigrate(program);
addDeadLetterVerbs(program);
addQueueVerbs(program);
addDefinitionVerb(program);
addDoctor(program);
addTraffic(program);

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever reads has read enough, as `head` does.
  if (error.code !== "EPIPE") throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = fail(error);
}

function fail(error: unknown): number {
  const output = new Output("table", process.stdout, process.stderr);
  // Commander has written what it has to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.usage;
  if (error instanceof UsageError) {
    output.complain(`✖ ${error.message}`);
    return exitCode.usage;
  }
  if (error instanceof ApiError) {
    output.complain(`✖ ${error.message}  ${error.code}`);
    return exitCode.failed;
  }
  printFailure(error, environment["LOG_LEVEL"] === "debug", process.stderr);
  return exitCode.failed;
}
