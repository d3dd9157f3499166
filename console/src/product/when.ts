/** All times are shown in one zone, which the page names. */
export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

const format = (options: Intl.DateTimeFormatOptions) => (instant: string, timeZone: string) =>
  new Intl.DateTimeFormat(undefined, { ...options, timeZone }).format(new Date(instant));

/** `14:30` */
export const timeOf = format({ hour: "2-digit", minute: "2-digit" });
/** `Tue 24 Nov` */
export const dayOf = format({ weekday: "short", day: "numeric", month: "short" });
/** `Tue 24 Nov, 14:30` */
export const dayAndTime = format({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
/** `24 November 2026` */
export const dateOf = format({ dateStyle: "long" });

export const minutesBetween = (from: string, to: string): number => Math.round((Date.parse(to) - Date.parse(from)) / 60_000);

/** What starts on one day of that zone, in order. */
export function byDay<Slot extends { readonly startTime: string }>(
  slots: readonly Slot[],
  timeZone: string,
): readonly (readonly [day: string, slots: Slot[]])[] {
  const days = new Map<string, Slot[]>();
  for (const slot of slots) {
    const day = dayOf(slot.startTime, timeZone);
    days.set(day, [...(days.get(day) ?? []), slot]);
  }
  return [...days];
}

/** `2 days`, `3 hours`, `now`: how long until, in the largest unit that fits. */
export function untilOf(instant: string, now: number): string {
  const minutes = Math.round((Date.parse(instant) - now) / 60_000);
  if (minutes < 1) return "now";
  const [count, unit] = minutes < 90 ? [minutes, "minute"] : minutes < 2_880 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1_440), "day"];
  return new Intl.NumberFormat(undefined, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** From that day on in UTC, or from the beginning of this hour, so that the same question is the same for a while. */
export function daysAhead(days: number, day?: string): { from: string; to: string } {
  const given = Date.parse(`${day}T00:00:00Z`);
  const from = Number.isNaN(given) ? Math.floor(Date.now() / 3_600_000) * 3_600_000 : given;
  return { from: new Date(from).toISOString(), to: new Date(from + days * 86_400_000).toISOString() };
}

/** As an input of the browser wants it, `2026-11-24T14:30`, in that zone. */
export const localOf = (instant: string, timeZone: string): string =>
  new Intl.DateTimeFormat("sv-SE", { timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" })
    .format(new Date(instant))
    .replace(" ", "T");

/** The instant at which clocks of that zone show this; of a time that they skip, the one after. */
export function instantOf(local: string, timeZone: string): string {
  const shown = Date.parse(`${local}Z`);
  const ahead = (at: number): number => Date.parse(`${localOf(new Date(at).toISOString(), timeZone)}Z`) - at;
  const guess = shown - ahead(shown);
  return new Date(shown - ahead(guess)).toISOString();
}
