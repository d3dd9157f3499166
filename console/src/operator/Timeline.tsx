import type { SagaPageQuery } from "../generated/graphql.ts";
import { duration } from "../ui/format.ts";
import { type Tone, toneIcons } from "../ui/state.tsx";
import { useWidth } from "../ui/width.ts";

type Attempt = NonNullable<SagaPageQuery["saga"]>["attempts"][number];

interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Share of the width, 0 to 1. */
  readonly left: number;
  readonly width: number;
  readonly isQuiet: boolean;
}

const at = (instant: string): number => new Date(instant).getTime();
const QUIET_MS = 60_000;

/** Stretches in which nothing was active, longer than a minute and than a third of everything, are pressed into a few percent each. */
function stretchesOf(attempts: readonly Attempt[], from: number, to: number): Stretch[] {
  const busy = attempts
    .map((one) => [at(one.startedAt ?? one.queuedAt), one.finishedAt === null ? to : at(one.finishedAt)] as const)
    .toSorted(([a], [b]) => a - b);
  const quiet: [number, number][] = [];
  const longest = Math.max(QUIET_MS, (to - from) * 0.3);
  let until = from;
  for (const [begin, end] of busy) {
    if (begin - until > longest) quiet.push([until, begin]);
    until = Math.max(until, end);
  }
  if (to - until > longest) quiet.push([until, to]);
  const share = 0.07;
  const loud = to - from - quiet.reduce((sum, [a, b]) => sum + b - a, 0);
  const room = 1 - quiet.length * share;
  const stretches: Stretch[] = [];
  let [left, start] = [0, from];
  const add = (end: number, isQuiet: boolean): void => {
    const width = isQuiet ? share : loud <= 0 ? room : ((end - start) / loud) * room;
    stretches.push({ from: start, to: end, left, width, isQuiet });
    left += width;
    start = end;
  };
  for (const [a, b] of quiet) {
    if (a > start) add(a, false);
    add(b, true);
  }
  if (to > start || stretches.length === 0) add(to, false);
  return stretches;
}

const SECOND = 1_000;
const [MINUTE, HOUR, DAY] = [60 * SECOND, 3_600 * SECOND, 86_400 * SECOND];
const roundSteps = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  ...[1, 2, 5, 10, 20, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 20, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 4, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 30, 90].map((days) => days * DAY),
];
const [TICK_PX, LAST_TICK_PX, BAR_PX, NUMBER_PX, WORDS_PX] = [84, 64, 8, 12, 92];

/** Instants at round distances from the beginning, as many as have room. */
function ticksOf(from: number, to: number, x: (instant: number) => number, width: number): number[] {
  const step = roundSteps.find((one) => ((to - from) / one) * TICK_PX <= width * 4) ?? 365 * DAY;
  const ticks: number[] = [];
  let before = 0;
  for (let instant = from + step; instant < to && ticks.length < 40; instant += step) {
    if (x(instant) - before < TICK_PX || x(instant) > width - LAST_TICK_PX) continue;
    ticks.push(instant);
    before = x(instant);
  }
  return ticks;
}

const toneOf = ({ outcome, isUndo }: Attempt): Tone =>
  outcome === "FAILED" ? "stuck" : outcome === "GIVEN_UP" ? "neutral" : isUndo ? "compensating" : outcome === "OPEN" ? "running" : "completed";

/** What an attempt is, for those who hear it. */
const said = (one: Attempt, end: number): string =>
  `Attempt ${one.number}: ${one.outcome === "OPEN" ? "under way" : one.outcome.toLowerCase().replace("_", " ")}${one.startedAt === null ? "" : `, ran ${duration(end - at(one.startedAt))}`}`;

/** Every attempt as a bar: hatched while it waited for its turn, dotted from a failure to the next one, solid while it was made. For screen readers a table. */
export function Timeline({
  attempts,
  startedAt,
  end,
  isOver,
  select,
  selected,
}: {
  readonly attempts: readonly Attempt[];
  readonly startedAt: string;
  /** Of a saga that has ended when it did, of any other now. */
  readonly end: number;
  readonly isOver: boolean;
  readonly select: (state: string) => void;
  readonly selected: string | undefined;
}) {
  const [width, box] = useWidth<HTMLTableCellElement>();
  const from = at(startedAt);
  const to = Math.max(end, from + 10);
  const stretches = stretchesOf(attempts, from, to);
  const x = (instant: number): number => {
    const stretch = stretches.find((one) => instant <= one.to) ?? stretches.at(-1);
    if (stretch === undefined) return 0;
    const inside = stretch.to === stretch.from ? 0 : (Math.min(Math.max(instant, stretch.from), stretch.to) - stretch.from) / (stretch.to - stretch.from);
    return (stretch.left + inside * stretch.width) * (width - BAR_PX);
  };
  const rows = [...Map.groupBy(attempts, ({ state, isUndo }) => `${isUndo ? "undo " : ""}${state}`)];
  const quiet = stretches.filter(({ isQuiet }) => isQuiet);
  const ticks = ticksOf(from, to, x, width);
  return (
    <>
      <table className="timeline">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col" className="lane" ref={box}>
              {[from, ...ticks].map((instant) => (
                <span key={instant} className="tick num" style={{ left: x(instant) }}>
                  +{instant === from ? "0" : duration(instant - from).replace(/\.0 /, " ")}
                </span>
              ))}
            </th>
            <th scope="col" className="right">
              In step
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([key, ofRow]) => {
            const [first, last] = [ofRow[0] as Attempt, ofRow.at(-1) as Attempt];
            const tone = toneOf(last);
            const Icon = toneIcons[tone];
            return (
              <tr key={key} aria-selected={selected === first.state} onClick={() => select(first.state)}>
                <th scope="row" data-tone={tone}>
                  <button type="button" className="link" onClick={() => select(first.state)}>
                    {Icon !== undefined && <Icon size={14} />}
                    <span>
                      {first.isUndo && <span className="sr">undo of </span>}
                      {first.state}
                    </span>
                  </button>
                </th>
                <td className="lane">
                  {ticks.map((instant) => (
                    <i key={instant} className="grid" style={{ left: x(instant) }} />
                  ))}
                  {quiet.map((one) => (
                    <i key={one.from} className="quiet-stretch" style={{ left: x(one.from), width: x(one.to) - x(one.from) }} />
                  ))}
                  {ofRow.map((one, index) => {
                    const begun = one.startedAt === null ? null : at(one.startedAt);
                    const ended = one.finishedAt === null ? to : at(one.finishedAt);
                    const before = ofRow[index - 1];
                    const isRetry = one.number > 1 && before?.finishedAt != null;
                    // What waits for its next attempt is not under way, and its time may be still to come.
                    const waitsFrom = isRetry ? at(before.finishedAt as string) : at(one.queuedAt);
                    const waitsTo = begun ?? (isRetry && one.outcome === "OPEN" ? to : waitsFrom);
                    const wait = [x(waitsFrom) + (isRetry ? BAR_PX : 0), x(waitsTo)] as const;
                    const next = ofRow[index + 1];
                    const left = x(begun ?? at(one.queuedAt));
                    const room = (next === undefined ? width : x(at(next.startedAt ?? next.queuedAt))) - left;
                    const isWaiting = isRetry && begun === null && one.outcome === "OPEN";
                    const words = isWaiting && at(one.queuedAt) > to ? `next in ${duration(at(one.queuedAt) - to)}` : duration(waitsTo - waitsFrom);
                    return (
                      <span key={`${one.number}${one.queuedAt}`}>
                        {wait[1] > wait[0] && (
                          <i className={isRetry ? "backoff" : "bar queued"} style={{ left: wait[0], width: wait[1] - wait[0] }}>
                            {isRetry && wait[1] - wait[0] >= WORDS_PX && <b className="num">{words}</b>}
                          </i>
                        )}
                        {!isWaiting && (
                          <i
                            className="bar"
                            data-tone={toneOf(one)}
                            title={said(one, ended)}
                            style={{ left, width: Math.min(Math.max(BAR_PX, ofRow.length > 1 ? NUMBER_PX : 0, x(ended) - left), Math.max(room - 1, 3)) }}
                          >
                            {ofRow.length > 1 && room >= NUMBER_PX && <b>{one.number}</b>}
                          </i>
                        )}
                        <span className="sr">{said(one, ended)}. </span>
                      </span>
                    );
                  })}
                  {!isOver && <i className="now" style={{ left: x(to) + BAR_PX - 1 }} />}
                </td>
                <td className="right num">{duration((last.finishedAt === null ? to : at(last.finishedAt)) - at(first.queuedAt))}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {quiet.map((one) => (
        <p key={one.from} className="hint pad">
          A quiet stretch of {duration(one.to - one.from)} is shown compressed.
        </p>
      ))}
    </>
  );
}
