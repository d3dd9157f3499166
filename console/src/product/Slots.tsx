import { useId } from "react";
import { useZone } from "./Site.tsx";
import { byDay, timeOf } from "./when.ts";

interface Slot {
  readonly id: string;
  readonly startTime: string;
  readonly open: boolean;
}

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
  return (
    <div
      className="slots"
      role="radiogroup"
      aria-label="Time"
      aria-invalid={error !== undefined}
      aria-describedby={error === undefined ? undefined : `${name}-said`}
    >
      {byDay(slots, zone).map(([day, those]) => (
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
      {error !== undefined && (
        <p id={`${name}-said`} className="wrong" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
