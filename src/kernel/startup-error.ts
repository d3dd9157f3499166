/** One reason why the program cannot start, as an operator reads it: what was expected and found, why, and what to do. */
export interface StartupProblem {
  /** First line: the setting or thing concerned, what was expected, what was found. */
  readonly found: string;
  /** Second line: why it matters. */
  readonly why: string;
  /** Third line: what to do about it. */
  readonly remedy: string;
  /** Stable, for searching; printed last. */
  readonly code: string;
}

/** The program refuses to start. Printed as three lines per problem and without a stack: nothing in our code is broken. */
export class StartupError extends Error {
  readonly problems: readonly StartupProblem[];
  constructor(problems: readonly StartupProblem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join("\n"), options);
    this.name = "StartupError";
    this.problems = problems;
  }
}

export const startupError = (problem: StartupProblem, cause?: unknown): StartupError => new StartupError([problem], cause === undefined ? {} : { cause });

export const formatProblem = (problem: StartupProblem): string => `✖ ${problem.found}\n  ${problem.why}\n  ${problem.remedy}  ${problem.code}`;
