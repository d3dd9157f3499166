/** `38 ms`, `1.4 s`, `12 s`, `1 m 04 s`, `2 h 05 m`, `2 d 5 h`; never negative. */
export function duration(ms: number): string {
  const clamped = Math.max(0, ms);
  if (clamped < 1) return "<1 ms";
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

/** By its largest unit alone: `12 s ago`, `14 m ago`, `2 d ago`. */
export function ago(instant: string, now: number): string {
  const ms = between(instant, now);
  if (ms < 2_000) return "just now";
  return `${ms < 60_000 ? `${Math.floor(ms / 1_000)} s` : duration(ms).split(" ").slice(0, 2).join(" ")} ago`;
}

/** `00:12` for less than an hour. */
export function countdown(ms: number): string {
  if (ms >= 3_600_000) return duration(ms);
  const pad = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${pad(ms / 60_000)}:${pad((ms / 1_000) % 60)}`;
}

/** A sentence of the server with its instants in local time. */
export const inLocalTime = (sentence: string): string =>
  sentence.replaceAll(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g, (instant) => {
    const isToday = new Date(instant).toDateString() === new Date().toDateString();
    return (isToday ? timeOfDay : dateAndTime).format(new Date(instant));
  });

// Made once: to make one takes longer than all the rest of a row.
const dateAndZone = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const timeOfDay = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const number = new Intl.NumberFormat();

/** Local time with its zone, to the millisecond. */
export const exact = (instant: string): string => `${dateAndZone.format(new Date(instant))} (${instant})`;

/** Local time of day, e.g. 21:04:12. */
export const clock = (instant: number): string => timeOfDay.format(instant);

export const whole = (value: number): string => number.format(value);

/** The end of an id tells sagas apart; its beginning is the time. */
export const tail = (id: string): string => `…${id.slice(-8)}`;

/** What a state is, in words. */
export const kindName = ({ kind, subSaga }: { readonly kind: string; readonly subSaga?: string | null | undefined }): string =>
  subSaga == null ? kind.toLowerCase() : "sub-saga";

/** COURSE_ENROLLMENT as the code calls it. */
export const typeName = (type: string): string => type.toLowerCase().replaceAll(/(^|_)(\w)/g, (_, _before, letter: string) => letter.toUpperCase());
