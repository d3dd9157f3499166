import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProgram } from "./process.ts";
import { waitFor } from "./wait.ts";

const MAKING_MS = 120_000;

/**
 * A DATA_DIR as a program leaves it that was started once and stopped: a database with these made-up data, keys, files. One is made in a run of the
 * tests, by whoever needs it first, and the others are copies of it, since a first start takes several times as long as a second one.
 * The caller removes it. How a first start goes is the matter of test/program.test.ts.
 */
export async function startedDirectory(seed: "tiny" | "demo"): Promise<string> {
  const run = process.env["TEST_RUN_DIRECTORY"];
  if (run === undefined) throw new Error("Expected the global set-up to have made a directory for the run; run the tests by npm test");
  const [made, being] = [join(run, seed), join(run, `${seed}.being-made`)];
  await waitFor(() => existsSync(made) || make(made, being, seed), { timeoutMs: MAKING_MS, describe: `a directory that was started with the seed ${seed}` });
  const directory = mkdtempSync(join(tmpdir(), "mentorplatform-started-"));
  // Keeps owners, of which there may be two: the database has an account of its own when the tests run as root.
  execFileSync("cp", ["-a", `${made}/.`, directory]);
  return directory;
}

/** True when it has been made; false while another process is at it. */
async function make(made: string, being: string, seed: string): Promise<boolean> {
  try {
    mkdirSync(being);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  // The database's account has to get through.
  chmodSync(being, 0o711);
  const program = await startProgram({ DATA_DIR: being, SEED: seed });
  await program.stop();
  renameSync(being, made);
  return true;
}
