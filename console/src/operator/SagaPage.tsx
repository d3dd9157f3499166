import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useQuery } from "urql";
import { SagaPageDocument, SagaProgressDocument, type SagaPageQuery } from "../generated/graphql.ts";
import { useAddress, useId } from "../ui/address.ts";
import { useStream } from "../live.ts";
import { Ago, Card, Copy, Empty, Problem, Skeleton, useNow } from "../ui/parts.tsx";
import { between, duration, exact, tail, typeName } from "../ui/format.ts";
import { looks, Pill } from "../ui/state.tsx";
import { Act, actions, isAction, type ActionName } from "./Act.tsx";
import { Diagram } from "./Diagram.tsx";
import { Timeline } from "./Timeline.tsx";

type Saga = NonNullable<SagaPageQuery["saga"]>;
const tabs = ["timeline", "events", "letters", "sql"] as const;
type Tab = (typeof tabs)[number];
const titles: Readonly<Record<Tab, string>> = { timeline: "Timeline", events: "Events", letters: "Dead letters", sql: "Jobs & SQL" };

export function SagaPage() {
  const id = useId();
  const [{ data, error, fetching }, again] = useQuery({ query: SagaPageDocument, variables: { id } });
  const reload = (): void => again({ requestPolicy: "network-only" });
  const saga = data?.saga ?? null;
  useStream(
    saga !== null && saga.finishedAt === null ? id : null,
    SagaProgressDocument,
    () => ({ id, after: saga?.sequence ?? null }),
    ({ sagaProgress }) => (sagaProgress.sequence > (saga?.sequence ?? 0) || sagaProgress.final) && reload(),
  );
  if (error !== undefined && saga === null) return <Problem error={error} again={reload} />;
  if (saga === null)
    return fetching ? <Skeleton rows={8} /> : <Empty>There is no saga {id}. It may have been cleaned up, or belong to another database.</Empty>;
  return <Found saga={saga} />;
}

function Found({ saga }: { readonly saga: Saga }) {
  const now = useNow();
  const search = useAddress<{ step: string; tab: Tab }>();
  const navigate = useNavigate();
  const go = (change: { step?: string; tab?: Tab }): void => void navigate({ to: ".", search: { ...search, ...change }, replace: true });
  const [acting, setActing] = useState<{ name: ActionName; given: Readonly<Record<string, unknown>> } | null>(null);
  const tab = search.tab ?? "timeline";
  const end = saga.finishedAt === null ? now : new Date(saga.finishedAt).getTime();
  const remedies = (saga.explanation?.remedies ?? []).filter(({ mutation }) => isAction(mutation));
  const offered = new Map(remedies.map(({ mutation, arguments: given }) => [mutation as ActionName, given]));
  if (saga.finishedAt === null) {
    if (!offered.has("cancelSaga") && saga.status !== "COMPENSATING") offered.set("cancelSaga", {});
    if (saga.pause == null) offered.set("pauseSaga", {});
  }
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>
          {typeName(saga.type)} <span className="mono faint">{tail(saga.id)}</span> <Pill status={saga.status} />
        </h1>
        <div className="buttons">
          {[...offered].map(([name, given], index) => (
            <button key={name} type="button" className={index === 0 && saga.status !== "RUNNING" ? "primary" : ""} onClick={() => setActing({ name, given })}>
              {actions[name].label}
            </button>
          ))}
        </div>
      </div>
      <p className="meta">
        version {saga.definitionVersion} · <code>{saga.id}</code> <Copy text={saga.id} /> · started <Ago at={saga.startedAt} now={now} /> ·{" "}
        <span className="num">{duration(between(saga.startedAt, end))}</span> {saga.finishedAt === null ? "so far" : "in all"}
        {saga.pause != null && <> · paused: {saga.pause.note}</>}
      </p>
      {saga.explanation != null && saga.status !== "COMPLETED" && <Diagnosis saga={saga} now={now} />}
      {saga.definition != null && (
        <Card title="State machine" aside={<Legend />}>
          <Diagram definition={saga.definition} saga={saga} selected={search.step} select={(step) => go({ step })} />
        </Card>
      )}
      <div className="split">
        <section className="card">
          <div className="tabs" role="tablist">
            {tabs.map((one) => (
              <button key={one} type="button" role="tab" aria-selected={tab === one} onClick={() => go({ tab: one })}>
                {titles[one]}
                {one === "events" && <span className="count num">{saga.events.length}</span>}
                {one === "letters" && (saga.deadLetters?.length ?? 0) > 0 && <span className="count num">{saga.deadLetters?.length}</span>}
              </button>
            ))}
          </div>
          <div role="tabpanel" aria-label={titles[tab]}>
            {tab === "timeline" && (
              <Timeline attempts={saga.attempts} startedAt={saga.startedAt} end={end} selected={search.step} select={(step) => go({ step })} />
            )}
            {tab === "events" && <Events saga={saga} />}
            {tab === "letters" && <Letters saga={saga} />}
            {tab === "sql" && <Sql saga={saga} />}
          </div>
        </section>
        <Inspector saga={saga} step={search.step ?? saga.state} />
      </div>
      {acting !== null && <Act {...acting} saga={saga} close={() => setActing(null)} />}
    </>
  );
}

const Legend = () => (
  <span className="legend">
    <i className="line taken" /> taken <i className="line" /> not taken <i className="line undo" /> undo
  </span>
);

/** Why it is here, and what comes next. */
function Diagnosis({ saga, now }: { readonly saga: Saga; readonly now: number }) {
  const { explanation } = saga;
  if (explanation == null) return null;
  const { tone } = looks[saga.status];
  const until = saga.nextAttemptAt ?? explanation.until;
  const left = until == null ? null : new Date(until).getTime() - now;
  return (
    <section className="diagnosis" data-tone={tone} aria-label="Why is it here?">
      <div className="diagnosis-why">
        <p className="eyebrow">Why is it here?</p>
        <p className="headline">{explanation.summary}</p>
        {left !== null && saga.finishedAt === null && (
          <p className="countdown">
            <b className="num">{left <= 0 ? "due now" : duration(left)}</b>{" "}
            {saga.nextAttemptAt != null ? `until attempt ${saga.attempt} of ${saga.maxAttempts}` : "until the clock acts"}
          </p>
        )}
      </div>
      <dl className="facts evidence">
        <dt>Cause</dt>
        <dd>
          <code>{explanation.cause}</code>
          {explanation.since != null && (
            <>
              {" "}
              since <Ago at={explanation.since} now={now} />
            </>
          )}
        </dd>
        {explanation.queue != null && (
          <>
            <dt>Queue</dt>
            <dd>
              <code>{explanation.queue}</code>
            </dd>
          </>
        )}
        {explanation.worker != null && (
          <>
            <dt>In hand of</dt>
            <dd>
              process {explanation.worker.pid} on {explanation.worker.host}
            </dd>
          </>
        )}
        {saga.reason != null && (
          <>
            <dt>Last error</dt>
            <dd>
              <code className="bad">{saga.reason.code}</code> {saga.reason.message}
            </dd>
          </>
        )}
        {explanation.events.length > 0 && (
          <>
            <dt>Waits for</dt>
            <dd>{explanation.events.join(", ")}</dd>
          </>
        )}
        {explanation.remedies.map(({ mutation, description }) => (
          <div key={`${mutation}${description}`} className="row">
            <dt>{mutation}</dt>
            <dd>{description}</dd>
          </div>
        ))}
        {explanation.next.length > 0 && (
          <>
            <dt>Next</dt>
            <dd>
              {explanation.next
                .map(({ on, state }) => `${on} → ${state}`)
                .slice(0, 4)
                .join(" · ")}
            </dd>
          </>
        )}
        {saga.remains.length > 0 && (
          <>
            <dt>Stays</dt>
            <dd>{saga.remains.map(({ state, why }) => `${state} (${why.toLowerCase().replaceAll("_", " ")})`).join(", ")}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Events({ saga }: { readonly saga: Saga }) {
  return (
    <table className="rows">
      <thead>
        <tr>
          <th scope="col" className="right">
            #
          </th>
          <th scope="col">When</th>
          <th scope="col">Message</th>
          <th scope="col">What happened</th>
        </tr>
      </thead>
      <tbody>
        {saga.events.map((event) => (
          <tr key={event.id} data-kind={event.kind}>
            <td className="right num faint">{event.sequence}</td>
            <td className="num" title={exact(event.occurredAt)}>
              +{duration(between(saga.startedAt, event.occurredAt))}
            </td>
            <td>
              {event.message !== null && <code>{event.message}</code>}
              {event.fate !== null && event.fate !== undefined && <div className="faint">{event.fate.toLowerCase().replaceAll("_", " ")}</div>}
            </td>
            <td>
              {event.summary}
              {event.fromState !== event.toState && event.fromState != null && (
                <div className="faint">
                  {event.fromState} → {event.toState}
                </div>
              )}
              {event.data != null && Object.keys(event.data).length > 0 && (
                <details>
                  <summary>data</summary>
                  <pre>{JSON.stringify(event.data, null, 2)}</pre>
                </details>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Letters({ saga }: { readonly saga: Saga }) {
  const letters = saga.deadLetters ?? [];
  if (letters.length === 0) return <Empty>No command of this saga has used up its attempts.</Empty>;
  return (
    <>
      {letters.map((letter) => (
        <div key={letter.id} className="pad">
          <p>
            <code>{letter.message}</code> · {letter.attempts} attempts · {letter.status.toLowerCase()}
          </p>
          <pre>{letter.detail}</pre>
          <pre>{JSON.stringify(letter.payload, null, 2)}</pre>
        </div>
      ))}
    </>
  );
}

function Sql({ saga }: { readonly saga: Saga }) {
  const statements = [
    `select * from ops.saga where id = '${saga.id}';`,
    `select * from ops.saga_timeline where saga_id = '${saga.id}' order by sequence;`,
    `select * from ops.job where saga_id = '${saga.id}';`,
    `select * from ops.dead_letter where saga_id = '${saga.id}';`,
  ];
  return (
    <>
      {statements.map((statement) => (
        <div key={statement} className="statement">
          <pre>{statement}</pre>
          <Copy text={statement} />
        </div>
      ))}
    </>
  );
}

function Inspector({ saga, step }: { readonly saga: Saga; readonly step: string }) {
  const state = saga.definition?.states.find((one) => one.state === step);
  const attempts = saga.attempts.filter((one) => one.state === step);
  const failed = attempts.findLast((one) => one.outcome === "FAILED");
  const waited = attempts.reduce((sum, one) => sum + (one.startedAt === null || one.startedAt === undefined ? 0 : between(one.queuedAt, one.startedAt)), 0);
  const ran = attempts.reduce((sum, one) => sum + (one.startedAt == null || one.finishedAt == null ? 0 : between(one.startedAt, one.finishedAt)), 0);
  return (
    <Card title={step}>
      <dl className="facts">
        <dt>Kind</dt>
        <dd>{state?.kind.toLowerCase() ?? "unknown"}</dd>
        {state?.command != null && (
          <>
            <dt>Command</dt>
            <dd>
              <code>{state.command}</code>
            </dd>
            <dt>Queue</dt>
            <dd>
              <code>{state.queue}</code>
            </dd>
          </>
        )}
        {state?.compensation != null && (
          <>
            <dt>Undo</dt>
            <dd>
              <code>{state.compensation}</code>
            </dd>
          </>
        )}
        <dt>Attempts</dt>
        <dd className="num">{attempts.filter((one) => !one.isUndo).length}</dd>
        {attempts.length > 0 && (
          <>
            <dt>Waited / ran</dt>
            <dd className="num">
              {duration(waited)} / {duration(ran)}
            </dd>
          </>
        )}
      </dl>
      {failed?.reason != null && (
        <>
          <p className="eyebrow">
            Last error <code className="bad">{failed.reason.code}</code>
          </p>
          <pre>{failed.reason.message}</pre>
        </>
      )}
    </Card>
  );
}
