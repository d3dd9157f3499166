import { useId, useState } from "react";
import { useZone } from "./Site.tsx";
import { byDay, timeOf } from "./when.ts";

interface Slot {
  readonly id: string;
  readonly startTime: string;
  readonly open: boolean;
}

/** Days to look at before asking for more. */
const SHORT = 7;

/** One of a mentor's times, by day; those that are taken are shown and cannot be had. */
export function Slots({
  slots,
  chosen,
  choose,
  error,
}: {
  readonly slots: readonly Slot[];
  readonly chosen: string;
  readonly choose: (id: string) => void;
  readonly error?: string | undefined;
}) {
  const zone = useZone();
  const name = useId();
  const days = byDay(slots, zone);
  const [isLong, setLong] = useState(false);
  const isShort = !isLong && days.length > SHORT && !days.slice(SHORT).some(([, those]) => those.some(({ id }) => id === chosen));
  return (
    <div
      className="slots"
      role="radiogroup"
      aria-label="Time"
      aria-invalid={error !== undefined}
      aria-describedby={error === undefined ? undefined : `${name}-said`}
    >
      {(isShort ? days.slice(0, SHORT) : days).map(([day, those]) => (
        <fieldset key={day}>
          <legend>{day}</legend>
          {those.map(({ id, startTime, open }) => (
            <label key={id} data-open={open}>
              <input type="radio" name={name} value={id} checked={chosen === id} disabled={!open} onChange={() => choose(id)} />
              {open ? timeOf(startTime, zone) : <s>{timeOf(startTime, zone)}</s>}
              {!open && <span className="sr"> taken</span>}
            </label>
          ))}
        </fieldset>
      ))}
      {isShort && (
        <button type="button" className="quiet" onClick={() => setLong(true)}>
          Later times, until {days.at(-1)?.[0]}
        </button>
      )}
      {error !== undefined && (
        <p id={`${name}-said`} className="wrong" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
