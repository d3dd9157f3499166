import type { QueuesQuery } from "../generated/graphql.ts";
import { whole } from "../ui/format.ts";

export type Sample = NonNullable<QueuesQuery["queues"]>[number]["history"][number];

const [WIDTH, HEIGHT, SPAN_MS] = [96, 20, 3_600_000];
/** Two samples that are further apart have nothing between them that is known. */
const GAP_MS = 150_000;

/** How many waited in the hour until now; where nothing was written down there is no line. */
export function Sparkline({ history, now }: { readonly history: readonly Sample[] | undefined; readonly now: number }) {
  if (history === undefined || history.length === 0) return <span className="faint">not recorded</span>;
  const most = Math.max(...history.map(({ ready }) => ready), 4);
  const points = history.map(({ at, ready }) => {
    const time = new Date(at).getTime();
    return { time, x: Math.max(0, WIDTH - ((now - time) / SPAN_MS) * WIDTH), y: HEIGHT - 1 - (ready / most) * (HEIGHT - 3) };
  });
  const stretches: (typeof points)[] = [];
  for (const point of points) {
    const stretch = stretches.at(-1);
    if (stretch === undefined || point.time - (stretch.at(-1)?.time ?? 0) > GAP_MS) stretches.push([point]);
    else stretch.push(point);
  }
  const label = `In the last hour at most ${whole(Math.max(...history.map(({ ready }) => ready)))} were ready`;
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <title>{label}</title>
      {stretches.map((stretch) => {
        const line = stretch.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
        const [first, last] = [stretch[0]?.x ?? 0, (stretch.at(-1)?.x ?? 0) + 1];
        return (
          <g key={first}>
            <path d={`M${line}H${last}V${HEIGHT}H${first}Z`} className="area" />
            <path d={`M${line}H${last}`} />
          </g>
        );
      })}
    </svg>
  );
}
