import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SagaRegistry } from "../../src/sagas/engine/index.ts";
import { courseEnrollment } from "../../src/sagas/course-enrollment.ts";
import { applicationRequest, mentoringSession, oneFinishesFirst, oneToTwo, versionOne, versionTwo } from "./sagas.ts";

const root = join(import.meta.dirname, "../..");
const EXPECTED = /^\s*\/\/ @ts-expect-error (TS\d+) (.+?): (.+)$/;

/** The compiler's errors about a file, by line. */
async function errorsOf(source: string): Promise<Map<number, string>> {
  const directory = await mkdtemp(join(tmpdir(), "refused-"));
  try {
    await writeFile(join(directory, "refused.mts"), source.replaceAll('from "../../', `from "${root}/`).replaceAll('from "./', `from "${root}/test/types/`));
    await writeFile(
      join(directory, "tsconfig.json"),
      JSON.stringify({
        extends: join(root, "tsconfig.check.json"),
        compilerOptions: { rootDir: "/", typeRoots: [join(root, "node_modules/@types")] },
        include: [],
        files: ["refused.mts"],
      }),
    );
    const output = await new Promise<string>((resolve) =>
      execFile(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", directory, "--pretty", "false"], (_error, stdout) => resolve(stdout)),
    );
    const errors = output.split(/^(?=\S)/m).map((error) => /refused\.mts\((\d+),\d+\): error (.*)/s.exec(error) ?? ["", "0", error]);
    return new Map(errors.map(([, line, text]) => [Number(line), text?.trim() ?? ""]));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test("the compiler refuses what makes no sense in a definition, and for the reason that the case gives", async () => {
  const lines = (await readFile(join(import.meta.dirname, "refused.ts"), "utf8")).split("\n");
  const cases = lines.flatMap((line, index) => {
    const [, code, piece] = EXPECTED.exec(line) ?? [];
    return code === undefined || piece === undefined ? [] : [{ line: index + 2, code, piece }];
  });
  expect(lines.filter((line) => line.includes("@ts-expect-error"))).toHaveLength(cases.length);
  const errors = await errorsOf(lines.map((line) => (EXPECTED.test(line) ? "" : line)).join("\n"));
  const got = cases.map(({ line, code, piece }) => {
    const error = errors.get(line) ?? "no error";
    return `${line} ${error.startsWith(`${code}: `) && error.includes(piece) ? `${code} ${piece}` : error}`;
  });
  expect(got).toEqual(cases.map(({ line, code, piece }) => `${line} ${code} ${piece}`));
  expect([...errors].filter(([line]) => !cases.some((one) => one.line === line))).toEqual([]);
});

test("sagas with waits, loops, choices by data and an undo of their start compile and pass the start-up checks", () => {
  expect(new SagaRegistry([mentoringSession, courseEnrollment, applicationRequest]).types()).toEqual([
    "MentoringSession",
    "CourseEnrollment",
    "ApplicationRequest",
  ]);
  expect(() => new SagaRegistry([versionOne, versionTwo])).not.toThrow();
});

test("a migration says where vanished states lead and how the data changes", () => {
  expect(oneToTwo).toMatchObject({ name: "Release", fromVersion: 1, toVersion: 2, states: { Freeing: "Releasing" } });
  expect(oneToTwo.data({ sessionId: "s", mentorId: "m" } as never)).toEqual({ sessionId: "s", mentorId: "m", seat: "standard" });
  expect(oneFinishesFirst.states).toEqual({ Freeing: "stay" });
});
