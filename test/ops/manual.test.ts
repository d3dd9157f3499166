import { readFileSync } from "node:fs";
import { CommandLine } from "./support.ts";

// docs/operations.md against the command line that it describes.

const [, section = ""] = /## The command line\n([^]*?)\n## /.exec(readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8")) ?? [];
const ops = new CommandLine("http://127.0.0.1:1");
afterAll(() => ops.close());

test("the manual knows every verb, and only options that exist", async () => {
  const { stdout } = await ops.run("--help");
  const verbs = [...stdout.matchAll(/^ {2}(\w+) .*/gm)].map(([, verb = ""]) => verb).filter((verb) => verb !== "help");
  const told = [...section.matchAll(/^\| (`.+?`) \| /gm)].flatMap(([, cell = ""]) => [...cell.matchAll(/`(\w+)/g)].map(([, verb = ""]) => verb));
  expect(told.toSorted()).toEqual(verbs.toSorted());
  expect(verbs.length).toBeGreaterThan(8);

  const helps = [stdout, ...(await Promise.all(verbs.map((verb) => ops.run(verb, "--help")))).map((told) => told.stdout)];
  const options = [...section.matchAll(/(?<=[` ])(--[a-z-]+)/g)].map(([, option = ""]) => option);
  expect(options.filter((option) => !helps.some((help) => help.includes(option)))).toEqual([]);
});
