import { useEffect, useRef, useSyncExternalStore } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

interface Series {
  readonly name: string;
  readonly tone: string;
  readonly values: readonly (number | null)[];
}

const alone = (values: ArrayLike<number | null | undefined>): number[] =>
  Array.from(values, (value, index) => (value != null && values[index - 1] == null && values[index + 1] == null ? index : -1)).filter((index) => index >= 0);

const color = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colorOf = (tone: string): string => (tone === "ink" ? color("--ink") : tone === "faint" ? color("--ink-3") : color(`--${tone}-solid`));

/** A canvas has the colours of the moment it is drawn in. */
const useShownTheme = (): string | undefined =>
  useSyncExternalStore(
    (changed) => {
      const observer = new MutationObserver(changed);
      observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
      return () => observer.disconnect();
    },
    () => document.documentElement.dataset["theme"],
  );

const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** Values over time; for those who do not see it, its last values in words. */
export default function Chart({
  label,
  times,
  series,
  stacked = false,
  format,
}: {
  readonly label: string;
  /** Seconds. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly stacked?: boolean;
  readonly format: (value: number) => string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const theme = useShownTheme();
  useEffect(() => {
    const target = box.current;
    if (target === null) return;
    const below = times.map(() => 0);
    // The lowest of a stack is drawn last, over those that reach higher.
    const drawn = series
      .map((one) => ({ ...one, values: stacked ? one.values.map((value, index) => (below[index] = (below[index] ?? 0) + (value ?? 0))) : one.values }))
      .toReversed();
    const isFlat = drawn.every(({ values }) => values.every((value) => value === null || value === 0));
    const axis = { stroke: color("--ink-3"), font: "11px JetBrains Mono Variable, monospace", ticks: { show: false } };
    const plot = new uPlot(
      {
        width: target.clientWidth,
        height: 168,
        cursor: { sync: { key: "overview" }, points: { show: false } },
        legend: { show: false },
        scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
        padding: [8, 24, 0, 0],
        axes: [
          { ...axis, size: 22, gap: 6, grid: { show: false }, values: (_plot, values) => values.map((value) => timeOfDay.format(value * 1_000)) },
          {
            ...axis,
            gap: 6,
            size: (_plot, values) => 12 + 7 * Math.max(1, ...(values ?? []).map((value) => value.length)),
            grid: { stroke: color("--line"), width: 1 },
            values: (_plot, values) => values.map((value) => (isFlat && value > 0 ? "" : format(value))),
          },
        ],
        series: [
          {},
          ...drawn.map(({ tone }) =>
            stacked
              ? {
                  fill: colorOf(tone),
                  stroke: colorOf(tone),
                  width: 0,
                  points: { show: false },
                  paths: (uPlot.paths.bars as NonNullable<typeof uPlot.paths.bars>)({ size: [0.8] }),
                }
              : {
                  stroke: colorOf(tone),
                  width: 1.5,
                  // A value with none beside it has no line.
                  points: { show: true, size: 3, fill: colorOf(tone), filter: (plot: uPlot, index: number) => alone(plot.data[index] ?? []) },
                },
          ),
        ],
      },
      [times as number[], ...drawn.map(({ values }) => values as number[])],
      target,
    );
    const resized = new ResizeObserver(() => plot.setSize({ width: target.clientWidth, height: 168 }));
    resized.observe(target);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [times, series, stacked, format, theme]);
  const last = series.map(({ name, values }) => `${name} ${format(values.findLast((value) => value !== null) ?? 0)}`).join(", ");
  return <div ref={box} className="chart" role="img" aria-label={`${label}: at last ${last}`} />;
}
