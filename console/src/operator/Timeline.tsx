import type { SagaPageQuery } from "../generated/graphql.ts";
import { duration } from "../ui/format.ts";

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

/** Every attempt as a bar: hatched while it waited for its turn, solid while it was made. For screen readers a table. */
export function Timeline({
  attempts,
  startedAt,
  end,
  select,
  selected,
}: {
  readonly attempts: readonly Attempt[];
  readonly startedAt: string;
  /** Of a saga that has ended when it did, of any other now. */
  readonly end: number;
  readonly select: (state: string) => void;
  readonly selected: string | undefined;
}) {
  const from = at(startedAt);
  const to = Math.max(end, from + 10);
  const stretches = stretchesOf(attempts, from, to);
  const place = (instant: number): number => {
    const stretch = stretches.find((one) => instant <= one.to) ?? stretches.at(-1);
    if (stretch === undefined) return 0;
    const inside = stretch.to === stretch.from ? 0 : (Math.min(Math.max(instant, stretch.from), stretch.to) - stretch.from) / (stretch.to - stretch.from);
    return (stretch.left + inside * stretch.width) * 100;
  };
  const rows = [...Map.groupBy(attempts, ({ state, isUndo }) => `${isUndo ? "undo " : ""}${state}`)];
  const quiet = stretches.filter(({ isQuiet }) => isQuiet);
  return (
    <>
      <table className="timeline">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col" className="lane">
              <span className="tick num">+0</span>
              <span className="tick num end">+{duration(to - from)}</span>
            </th>
            <th scope="col" className="right">
              In step
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([key, ofRow]) => {
            const [first, last] = [ofRow[0] as Attempt, ofRow.at(-1) as Attempt];
            return (
              <tr key={key} aria-selected={selected === first.state} onClick={() => select(first.state)}>
                <th scope="row">
                  <button type="button" className="link" onClick={() => select(first.state)}>
                    {first.isUndo ? `↩ ${first.state}` : first.state}
                  </button>
                </th>
                <td className="lane">
                  {ofRow.map((one) => {
                    const [queued, begun, ended] = [
                      at(one.queuedAt),
                      one.startedAt === null ? null : at(one.startedAt),
                      one.finishedAt === null ? to : at(one.finishedAt),
                    ];
                    const tone =
                      one.outcome === "FAILED"
                        ? "stuck"
                        : one.isUndo
                          ? "compensating"
                          : one.outcome === "OPEN"
                            ? "running"
                            : one.outcome === "GIVEN_UP"
                              ? "neutral"
                              : "completed";
                    const solid = begun ?? queued;
                    const said = `Attempt ${one.number}: ${one.outcome === "OPEN" ? "under way" : one.outcome.toLowerCase().replace("_", " ")}${begun === null ? "" : `, ran ${duration(ended - begun)}`}`;
                    return (
                      <span key={`${one.number}${one.queuedAt}`}>
                        {begun !== null && begun - queued > 0 && (
                          <i className="bar queued" style={{ left: `${place(queued)}%`, width: `${place(begun) - place(queued)}%` }} />
                        )}
                        <i
                          className="bar"
                          data-tone={tone}
                          title={said}
                          style={{ left: `${place(solid)}%`, width: `max(8px, ${Math.max(0, place(ended) - place(solid))}%)` }}
                        >
                          {ofRow.length > 1 && <b>{one.number}</b>}
                        </i>
                        <span className="sr">{said}. </span>
                      </span>
                    );
                  })}
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
