import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { QueueDepthsDocument, QueueDocument, type QueueQuery, type QueueRowFragment } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useStream } from "../live.ts";
import { useAddress, useName } from "../ui/address.ts";
import { between, duration, whole } from "../ui/format.ts";
import { Ago, Card, Empty, Failed, Figure, Segments, Skeleton, Statements, useNow } from "../ui/parts.tsx";
import { axisDuration } from "./Overview.tsx";
import { Groups } from "./Groups.tsx";
import { ActOnQueue, PausedPill } from "./Queues.tsx";
import { isLate } from "./QueueTable.tsx";
import { WorkerTable } from "./Workers.tsx";

const Chart = lazy(() => import("./Chart.tsx"));

const ranges = { "1h": 3_600, "6h": 21_600, "24h": 86_400 } as const;
const STRETCHES = 120;

/** One queue: how deep it is and was, who takes from it, and what died on it. */
export function QueuePage() {
  const name = useName();
  const { range = "1h" } = useAddress<{ range: keyof typeof ranges }>();
  const navigate = useNavigate();
  const now = useNow();
  const seconds = ranges[range];
  const every = seconds / STRETCHES;
  const tick = Math.floor(now / Math.max(20_000, every * 1_000));
  const variables = useMemo(() => ({ name, from: new Date(Date.now() - seconds * 1_000).toISOString(), everySeconds: every }), [name, seconds, every, tick]);
  const [{ data, error }, again] = useSteadyQuery({ query: QueueDocument, variables, requestPolicy: "network-only" }, `${name} ${range}`);
  const [live, setLive] = useState<QueueRowFragment | null>(null);
  const [isActing, setActing] = useState(false);
  useStream(
    name,
    QueueDepthsDocument,
    () => ({ names: [name], everySeconds: 2 }),
    ({ queueDepths }) => setLive(queueDepths[0] ?? null),
  );
  if (data?.queues == null)
    return error === undefined ? <Skeleton rows={8} /> : <Failed title={name} error={error} again={() => again({ requestPolicy: "network-only" })} />;
  const [asked] = data.queues;
  if (asked === undefined)
    return (
      <>
        <div className="page-head">
          <h1 tabIndex={-1}>{name}</h1>
        </div>
        <section className="card">
          <Empty>
            There is no queue of this name. <Link to="/console/queues">All queues</Link>
          </Empty>
        </section>
      </>
    );
  const queue = live?.name === name ? live : asked;
  const workers = (data.workers ?? []).filter(({ queues }) => queues.includes(name));
  const groups = data.deadLetterGroups ?? [];
  const age = queue.oldestReadyAt == null ? null : between(queue.oldestReadyAt, now);
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>
          <span className="mono">{name}</span> <PausedPill pause={queue.pause} />
        </h1>
        <div className="buttons">
          <Segments
            label="Range"
            values={Object.keys(ranges)}
            value={range}
            choose={(one) => void navigate({ to: ".", search: { range: one }, replace: true })}
          />
          <button type="button" onClick={() => setActing(true)}>
            {queue.pause == null ? "Pause…" : "Resume…"}
          </button>
        </div>
      </div>
      {asked.pause != null && queue.pause != null && (
        <p className="meta">
          Paused by {asked.pause.by?.fullName ?? "an account that is gone"} <Ago at={queue.pause.at} now={now} />: {queue.pause.note}
        </p>
      )}
      <div className="figures">
        <Figure label="Ready" value={whole(queue.ready)} tone={isLate(queue, now) ? "retrying" : undefined}>
          {age === null ? "nothing waits for a worker" : `the oldest for ${duration(age)}`}
        </Figure>
        <Figure label="Later" value={whole(queue.deferred)}>
          delays, retries and timers
        </Figure>
        <Figure label="Active" value={whole(queue.active)}>
          in hand outside of a transaction
        </Figure>
        <Figure label="Last minute" value={whole(queue.completedLastMinute)}>
          carried out by all processes
        </Figure>
        <Figure label="Dead letters" value={whole(queue.deadLetters)} tone={queue.deadLetters > 0 ? "stuck" : undefined}>
          {queue.deadLetters === 0 ? "nothing has died here" : "wait for a decision"}
        </Figure>
      </div>
      <Past history={asked.history} from={variables.from} everySeconds={every} />
      <Card title="Dead letters" aside={groups.length > 0 ? <Link to="/console/dead">All dead letters</Link> : undefined} flush={groups.length > 0}>
        {groups.length === 0 ? <p className="faint">No command of this queue has used up its attempts.</p> : <Groups groups={groups} now={now} />}
      </Card>
      <Card title="Processes" flush={workers.length > 0}>
        {workers.length === 0 ? (
          <p className="faint">No running process takes from this queue. Its commands are kept and will be done when one starts.</p>
        ) : (
          <WorkerTable workers={workers} queue={name} now={now} />
        )}
      </Card>
      <Card title="Jobs & SQL" flush>
        <Statements
          statements={[
            `select * from ops.job where queue = '${name}' order by created_on desc limit 50;`,
            `select * from ops.queue_depth where queue = '${name}';`,
            `select * from ops.dead_letter where queue = '${name}' and status = 'OPEN' order by failed_at desc;`,
          ]}
        />
      </Card>
      {isActing && <ActOnQueue queue={queue} close={() => setActing(false)} />}
    </>
  );
}

type Sample = NonNullable<QueueQuery["queues"]>[number]["history"][number];

function Past({ history, from, everySeconds }: { readonly history: readonly Sample[]; readonly from: string; readonly everySeconds: number }) {
  const past = useMemo(() => {
    const start = new Date(from).getTime() / 1_000;
    const at = new Map(history.map((one) => [Math.round((new Date(one.at).getTime() / 1_000 - start) / everySeconds), one]));
    const of = (read: (one: Sample) => number): (number | null)[] =>
      Array.from({ length: STRETCHES }, (_, index) => {
        const sample = at.get(index);
        return sample === undefined ? null : read(sample);
      });
    return {
      times: Array.from({ length: STRETCHES }, (_, index) => start + index * everySeconds),
      depths: [
        { name: "ready", tone: "ink", values: of(({ ready }) => ready) },
        { name: "active", tone: "running", values: of(({ active }) => active) },
        { name: "later", tone: "faint", values: of(({ deferred }) => deferred) },
      ],
      ages: [{ name: "the oldest", tone: "ink", values: of(({ oldestReadySeconds }) => oldestReadySeconds * 1_000) }],
    };
  }, [history, from, everySeconds]);
  if (history.length === 0)
    return (
      <section className="card" aria-label="History">
        <Empty>Nothing has been recorded in this time. Processes with the role worker do so every 20 seconds, and it is kept for 24 hours.</Empty>
      </section>
    );
  return (
    <div className="two">
      <Card
        title="Depth"
        aside={
          <span className="legend">
            <i className="line taken" /> ready <i className="line running" /> active <i className="line faint" /> later
          </span>
        }
      >
        <Suspense fallback={<div className="chart" />}>
          <Chart label="Depth" times={past.times} series={past.depths} format={whole} />
        </Suspense>
      </Card>
      <Card title="Age of the oldest that was ready">
        <Suspense fallback={<div className="chart" />}>
          <Chart label="Age of the oldest" times={past.times} series={past.ages} format={axisDuration} />
        </Suspense>
      </Card>
    </div>
  );
}
