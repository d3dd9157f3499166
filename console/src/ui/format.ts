/** `38 ms`, `1.4 s`, `12 s`, `1 m 04 s`, `2 h 05 m`, `2 d 5 h`; never negative. */
export function duration(ms: number): string {
  const clamped = Math.max(0, ms);
  if (clamped < 1_000) return `${Math.round(clamped)} ms`;
  const seconds = clamped / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const pad = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${pad((seconds % 3_600) / 60)} m`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}

export const between = (from: string, to: string | number): number => new Date(to).getTime() - new Date(from).getTime();

export function ago(instant: string, now: number): string {
  const ms = between(instant, now);
  return ms < 2_000 ? "just now" : `${duration(ms)} ago`;
}

/** Local time with its zone, to the millisecond. */
export const exact = (instant: string): string =>
  new Intl.DateTimeFormat(undefined, {
    dateStyle: "medium",
    timeStyle: "long",
  }).format(new Date(instant)) + ` (${instant})`;

export const whole = (value: number): string => new Intl.NumberFormat().format(value);

/** The end of an id tells sagas apart; its beginning is the time. */
export const tail = (id: string): string => `…${id.slice(-8)}`;

/** COURSE_ENROLLMENT as the code calls it. */
export const typeName = (type: string): string => type.toLowerCase().replaceAll(/(^|_)(\w)/g, (_, _before, letter: string) => letter.toUpperCase());
