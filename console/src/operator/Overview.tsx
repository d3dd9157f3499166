import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useRef } from "react";
import { OverviewDocument, type QueueRowFragment, SagaActivityDocument } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useStream, useThrottled } from "../live.ts";
import { useAddress } from "../ui/address.ts";
import { between, duration, whole } from "../ui/format.ts";
import { Card, Empty, Failed, Figure, Segments, Skeleton, useNow, useSince } from "../ui/parts.tsx";
import type { SagaRowFragment } from "../generated/graphql.ts";
import { statuses } from "../ui/state.tsx";
import { QueueTable } from "./QueueTable.tsx";
import { SagaTable } from "./SagaTable.tsx";

const Chart = lazy(() => import("./Chart.tsx"));

/** Of an axis: nothing is nothing. */
export const axisDuration = (ms: number): string => (ms === 0 ? "0" : duration(ms));

const ranges = { "15m": 900, "1h": 3_600, "6h": 21_600, "24h": 86_400 } as const;
type Range = keyof typeof ranges;
const STRETCHES = 60;
/** "A minute" is the mean of so long. */
const RECENT_S = 300;
const every = 15_000;

export function Overview() {
  const { range = "1h" } = useAddress<{ range: Range }>();
  const navigate = useNavigate();
  const now = useNow();
  const tick = Math.floor(now / every);
  const seconds = ranges[range];
  const hourAgo = useSince(3_600, now);
  const variables = useMemo(() => {
    const to = (tick + 1) * every;
    return { from: new Date(to - seconds * 1_000).toISOString(), to: new Date(to).toISOString(), everySeconds: seconds / STRETCHES, hourAgo };
  }, [tick, seconds, hourAgo]);
  const [{ data, error }, again] = useSteadyQuery({ query: OverviewDocument, variables, requestPolicy: "network-only" }, range);
  const soon = useThrottled(() => again({ requestPolicy: "network-only" }), 3_000);
  const cursor = useRef<string | null>(null);
  useStream(
    "overview",
    SagaActivityDocument,
    () => ({ after: cursor.current }),
    ({ sagaActivity }) => {
      cursor.current = sagaActivity.cursor;
      if (sagaActivity.events.length > 0) soon();
    },
  );
  if (error !== undefined && data === undefined) return <Failed title="Overview" error={error} again={() => again({ requestPolicy: "network-only" })} />;
  if (data?.sagaMetrics == null) return <Skeleton rows={8} />;
  const { sagaMetrics: metrics } = data;
  const counts = new Map<string, number>();
  for (const { status, count } of data.sagaCounts ?? []) counts.set(status, (counts.get(status) ?? 0) + count);
  const of = (...names: readonly string[]): number => names.reduce((sum, name) => sum + (counts.get(name) ?? 0), 0);
  const sum = (read: (one: (typeof metrics)[number]) => number): number => metrics.reduce((total, one) => total + read(one), 0);
  const ended = sum((one) => one.completed + one.failed + one.cancelled);
  const latest = metrics.findLast((one) => one.settledP95Ms !== null);
  const attention = (data.attention?.nodes ?? []).toSorted((a, b) => rank(a) - rank(b)).slice(0, 6);
  const oldestStuck = (data.sagaCounts ?? [])
    .filter(({ status }) => status === "STUCK")
    .map(({ oldestUpdatedAt }) => oldestUpdatedAt)
    .toSorted()[0];
  const queues = (data.queues ?? []).toSorted((a, b) => inHand(b) - inHand(a) || b.completedLastMinute - a.completedLastMinute).slice(0, 7);
  const times = metrics.map((one) => new Date(one.from).getTime() / 1_000);
  const recent = metrics.slice(-Math.max(1, Math.round(RECENT_S / variables.everySeconds)));
  const perMinute = (value: number): number => (value / variables.everySeconds) * 60;
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Overview</h1>
        <Segments label="Range" values={Object.keys(ranges)} value={range} choose={(one) => void navigate({ to: "/console", search: { range: one } })} />
      </div>
      <div className="figures">
        <Figure label="Stuck" tone={of("STUCK") > 0 ? "stuck" : undefined} value={whole(of("STUCK"))} status="STUCK">
          {oldestStuck === undefined ? "nothing needs an operator" : `need an operator, the oldest for ${duration(between(oldestStuck, now))}`}
        </Figure>
        <Figure label="Retrying" tone={of("RETRYING") > 0 ? "retrying" : undefined} value={whole(of("RETRYING"))} status="RETRYING">
          {whole(sum((one) => one.failedAttempts))} failed attempts in the range
        </Figure>
        <Figure label="In flight" value={whole(of("RUNNING", "RETRYING", "COMPENSATING", "WAITING", "STUCK"))}>
          {whole(of("WAITING"))} wait for people, providers or the clock
        </Figure>
        <Figure
          label="Completed a minute"
          value={whole(Math.round(perMinute(recent.reduce((total, one) => total + one.completed, 0) / recent.length) * 10) / 10)}
        >
          {ended === 0 ? "none has ended" : `${Math.round((100 * sum((one) => one.firstAttempt)) / ended)} % at the first attempt`}
        </Figure>
        <Figure label="p95 start to settled" value={latest?.settledP95Ms == null ? "·" : duration(latest.settledP95Ms)}>
          {latest?.settledP50Ms == null ? "nothing has settled" : `half of them within ${duration(latest.settledP50Ms)}`}
        </Figure>
      </div>
      <div className="two">
        <Card
          title="Finished a minute"
          aside={
            <span className="legend">
              <i className="dot" data-tone="completed" /> completed <i className="dot" data-tone="neutral" /> failed or cancelled{" "}
              <i className="dot" data-tone="stuck" /> stuck
            </span>
          }
        >
          <Suspense fallback={<div className="chart" />}>
            <Chart
              label="Finished a minute"
              times={times}
              series={[
                { name: "stuck", tone: "stuck", values: metrics.map((one) => perMinute(one.becameStuck)) },
                { name: "failed or cancelled", tone: "neutral", values: metrics.map((one) => perMinute(one.failed + one.cancelled)) },
                { name: "completed", tone: "completed", values: metrics.map((one) => perMinute(one.completed)) },
              ]}
              stacked
              format={(value) => whole(Math.round(value * 10) / 10)}
            />
          </Suspense>
        </Card>
        <Card
          title="Start to settled"
          aside={
            <span className="legend">
              <i className="line taken" /> p95 <i className="line faint" /> p50
            </span>
          }
        >
          <Suspense fallback={<div className="chart" />}>
            <Chart
              label="Start to settled"
              times={times}
              series={[
                { name: "p95", tone: "ink", values: metrics.map((one) => one.settledP95Ms ?? null) },
                { name: "p50", tone: "faint", values: metrics.map((one) => one.settledP50Ms ?? null) },
              ]}
              format={axisDuration}
            />
          </Suspense>
        </Card>
      </div>
      <div className="two">
        <Card title="Needs attention" aside={<Link to="/console/sagas">All sagas</Link>} flush>
          {attention.length === 0 ? <Empty>Nothing needs attention.</Empty> : <SagaTable sagas={attention} now={now} label="Needs attention" brief />}
        </Card>
        <Card title="Queues" aside={<Link to="/console/queues">All queues</Link>} flush>
          <QueueTable queues={queues} pasts={new Map(queues.map(({ name, history }) => [name, history]))} now={now} brief />
        </Card>
      </div>
    </>
  );
}

const inHand = ({ ready, deferred, active }: QueueRowFragment): number => ready + deferred + active;
const rank = ({ status }: SagaRowFragment): number => statuses.indexOf(status);
