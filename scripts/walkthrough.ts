import { execFile } from "node:child_process";
import { promisify } from "node:util";

// The answers in docs/walkthrough.md: what stands as `text` right below a block that comes from examples/walkthrough.

const ANSWERED = /<!-- source: (examples\/walkthrough\/[^\s:]+): (.+?) -->\n```sh\n(?:(?!```).*\n)*```\n\n```text\n((?:(?!```).*\n)*)```\n/g;

export interface Answer {
  readonly script: string;
  /** How the comment above the paragraph begins. */
  readonly paragraph: string;
  readonly text: string;
}

export const answersIn = (markdown: string): Answer[] =>
  [...markdown.matchAll(ANSWERED)].map(([, script = "", paragraph = "", text = ""]) => ({ script, paragraph, text }));

/** The text with other answers. */
export const withAnswers = (markdown: string, find: (answer: Answer) => string): string =>
  markdown.replaceAll(ANSWERED, (block, script: string, paragraph: string, text: string) => {
    const end = block.length - text.length - "```\n".length;
    return `${block.slice(0, end)}${find({ script, paragraph, text })}${block.slice(end + text.length)}`;
  });

/**
 * Runs a script of the walkthrough and tells what each of its paragraphs has written.
 *
 * @param source the text of the script
 * @param settings variables that it finds set
 * @throws {Error} a command of the script has failed; with what it wrote to standard error
 */
export async function runScript(source: string, settings: Record<string, string>): Promise<(paragraph: string) => string> {
  const paragraphs = source.split("\n\n");
  const marked = paragraphs.join("\n\nprintf '\\036'\n\n");
  const { stdout } = await promisify(execFile)("bash", ["-c", marked], { env: { ...process.env, ...settings }, timeout: 120_000 }).catch((error: unknown) => {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`A command of the script has failed after ${JSON.stringify(stdout.slice(-300))}: ${stderr}`);
  });
  const written = stdout.split("\u001e");
  return (beginning) => {
    const index = paragraphs.findIndex((one) => one.startsWith(`# ${beginning}`));
    if (index === -1) throw new Error(`There is no paragraph that begins with the comment "${beginning}"`);
    return written[index] ?? "";
  };
}

/** Without what is another thing in every run: ids, keys, instants, days, ports, and how long a random wait is. */
export const comparable = (text: string): string =>
  text
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>")
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|\d{8}T\d{6}Z/g, "<instant>")
    .replaceAll(/\d{4}-\d\d-\d\d/g, "<day>")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:<port>")
    .replaceAll(/\d+(?:\.\d)? s\b/g, "<seconds> s");
