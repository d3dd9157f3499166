/**
 * Named places between two commits at which a test may end the process the hard way. Disarmed, a crash point is one comparison.
 * The names are the proof's table of contents: a test goes through `crashPoints` and kills the program at each.
 */
export const crashPoints = [
  "mutation:before-commit",
  "mutation:after-commit",
  "relay:before-commit",
  "relay:after-commit",
  "consumer:fetched",
  "consumer:before-commit",
  "consumer:after-commit",
  "leased:fetched",
  "leased:before-commit",
  "leased:after-commit",
  "leased:performed",
  "sweeper:before-commit",
  "sweeper:after-commit",
] as const;

export type CrashPoint = (typeof crashPoints)[number];

let armed: { point: string; countdown: number } | null = null;

/** Arms one point: the process kills itself with SIGKILL the `nth` time it gets there (1 = the first time). */
export function armCrashPoint(point: string, nth: number): void {
  if (!(crashPoints as readonly string[]).includes(point)) {
    throw new Error(`No crash point is called ${point}; there are ${crashPoints.join(", ")}`);
  }
  armed = { point, countdown: nth };
}

export function crashPoint(point: CrashPoint): void {
  if (armed === null || armed.point !== point) return;
  armed.countdown -= 1;
  if (armed.countdown <= 0) process.kill(process.pid, "SIGKILL");
}
