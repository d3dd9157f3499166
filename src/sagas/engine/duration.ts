const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration with its unit, e.g. `"500ms"`, `"30s"`, `"5m"`, `"12h"`, `"14d"`. */
export type Duration = `${number}${keyof typeof UNITS}`;

/** @throws {TypeError} not a number with one of the units */
export function durationMs(duration: Duration): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
  if (match === null) throw new TypeError(`Duration "${duration}": expected a number with a unit out of ms, s, m, h, d, such as "30s"`);
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** For people: `"3 s"`, `"5 min"`, `"1 h 30 min"`. */
export function describeMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? "" : ` ${rest} min`}`;
}
