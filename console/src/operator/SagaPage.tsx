import { Link, useNavigate } from "@tanstack/react-router";
import { Fragment, type ReactNode, useState } from "react";
import { useQuery } from "urql";
import { SagaCountsDocument, SagaPageDocument, SagaProgressDocument, type SagaPageQuery } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useAddress, useId } from "../ui/address.ts";
import { useStream, useThrottled } from "../live.ts";
import { Ago, Card, Copy, Empty, Failed, Skeleton, Statements, useNow } from "../ui/parts.tsx";
import { between, countdown, duration, exact, inLocalTime, kindName, tail, typeName, whole } from "../ui/format.ts";
import { type Icon, IconAlertOctagonFilled, IconAlertTriangle, IconChevronLeft, IconChevronRight, IconCircleCheckFilled, IconInfoCircle } from "../ui/icons.ts";
import { looks, Name, Pill } from "../ui/state.tsx";
import { useStore } from "../store.ts";
import { Act, actions, type Answer, isAction, type ActionName } from "./Act.tsx";
import { Diagram } from "./Diagram.tsx";
import { listed } from "./Sagas.tsx";
import { Timeline } from "./Timeline.tsx";

type Saga = NonNullable<SagaPageQuery["saga"]>;
const tabs = ["timeline", "events", "letters", "sql"] as const;
type Tab = (typeof tabs)[number];
const titles: Readonly<Record<Tab, string>> = { timeline: "Timeline", events: "Events", letters: "Dead letters", sql: "Jobs & SQL" };

export function SagaPage() {
  const id = useId();
  const [{ data, error, fetching }, again] = useSteadyQuery({ query: SagaPageDocument, variables: { id } });
  const reload = (): void => again({ requestPolicy: "network-only" });
  const saga = data?.saga ?? null;
  const moved = useThrottled(reload, 1_000);
  useStream(
    saga !== null && saga.finishedAt === null ? id : null,
    SagaProgressDocument,
    () => ({ id, after: saga?.sequence ?? null }),
    ({ sagaProgress }) => (sagaProgress.sequence > (saga?.sequence ?? 0) || sagaProgress.final) && moved(),
  );
  if (error !== undefined && saga === null) return <Failed title="Saga" error={error} again={reload} />;
  if (saga === null)
    return (
      <>
        <div className="page-head">
          <h1 tabIndex={-1}>
            Saga <span className="mono faint">{tail(id)}</span>
          </h1>
          <div className="buttons">
            <Neighbours id={id} />
          </div>
        </div>
        {fetching ? (
          <Skeleton rows={8} />
        ) : (
          <section className="card">
            <Empty>There is no saga {id}. It may have been cleaned up, or belong to another database.</Empty>
          </section>
        )}
      </>
    );
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
  const isUndoing = saga.status === "COMPENSATING" || saga.explanation?.cause === "UNDO_PARKED";
  if (saga.finishedAt === null) {
    if (!offered.has("completeSagaStep") && saga.status !== "RUNNING") offered.set("completeSagaStep", {});
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
          <Neighbours id={saga.id} />
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
        {saga.parent != null && (
          <>
            {" "}
            · begun by <Related {...saga.parent} />
          </>
        )}
        {saga.subSagas.map((one, index) => (
          <Fragment key={one.id}>
            {index === 0 ? " · has begun " : ", "}
            <Related {...one} />
          </Fragment>
        ))}
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
              <Timeline
                attempts={saga.attempts}
                startedAt={saga.startedAt}
                end={end}
                isOver={saga.finishedAt !== null}
                selected={search.step}
                select={(step) => go({ step })}
              />
            )}
            {tab === "events" && <Events saga={saga} />}
            {tab === "letters" && <Letters saga={saga} />}
            {tab === "sql" && <Sql saga={saga} />}
          </div>
        </section>
        <Inspector saga={saga} step={search.step ?? saga.state} />
      </div>
      {acting !== null && (
        <Act
          {...acting}
          saga={saga}
          steps={openSteps(saga, isUndoing)}
          answersOf={(step) => (isUndoing ? [] : answersOf(saga, step))}
          close={() => setActing(null)}
        />
      )}
    </>
  );
}

/** A saga that has begun another one, or was begun by it. */
const Related = ({ id, type, status }: { readonly id: string; readonly type: string; readonly status: string }) => (
  <Link to="/console/sagas/$id" params={{ id }}>
    {typeName(type)} <span className="mono">{tail(id)}</span> ({status.toLowerCase()})
  </Link>
);

/** The sagas before and after it in the list that it was opened from. */
function Neighbours({ id }: { readonly id: string }) {
  const ids = useStore(listed);
  const place = ids.indexOf(id);
  const leading = (title: string, key: string, Icon: Icon, to: string | undefined) =>
    to !== undefined && (
      <Link to="/console/sagas/$id" params={{ id: to }} className="button" aria-label={title} title={title} aria-keyshortcuts={key}>
        <Icon size={16} />
      </Link>
    );
  if (place < 0) return null;
  return (
    <>
      {leading("Previous saga of the list", "[", IconChevronLeft, ids[place - 1])}
      {leading("Next saga of the list", "]", IconChevronRight, ids[place + 1])}
    </>
  );
}

/** Of a group, the steps that are open, or those whose undo is; empty where there is no more than one. */
function openSteps({ state, attempts, definition }: Saga, isUndoing: boolean): readonly string[] {
  const inGroup = (definition?.states ?? []).filter(({ group }) => (isUndoing ? group !== null : group === state));
  const open = inGroup.filter((step) => {
    const last = attempts.findLast((one) => one.state === step.state && one.isUndo === isUndoing);
    return last?.outcome === "OPEN" || last?.outcome === "FAILED";
  });
  return open.length > 1 ? open.map((step) => step.state) : [];
}

/** Events by which a step or wait may be answered, with what is known of their bodies; those that it is there for come first. */
function answersOf({ state, definition, explanation }: Saga, step: string | null): readonly Answer[] {
  const proposed = (explanation?.remedies ?? []).flatMap(({ mutation, arguments: given, description }) => {
    const { reply, step: meant = null } = given as Readonly<Record<string, unknown>>;
    return mutation === "completeSagaStep" && typeof reply === "string" && meant === step ? [{ event: reply, hint: description }] : [];
  });
  const declared = (definition?.states.find((one) => one.state === (step ?? state))?.outcomes ?? [])
    .filter(({ interrupt }) => !interrupt)
    .toSorted((a, b) => Number(a.kind === "FAIL") - Number(b.kind === "FAIL"))
    .flatMap(({ on }) => /^\w+Event\b/.exec(on)?.[0] ?? []);
  return [...proposed, ...[...new Set(declared)].filter((event) => proposed.every((one) => one.event !== event)).map((event) => ({ event, hint: undefined }))];
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
  const until = saga.nextAttemptAt ?? explanation.until;
  const left = until == null ? null : new Date(until).getTime() - now;
  const [headline = "", ...detail] = inLocalTime(explanation.summary).split(/(?<=[.!?]) (?=[A-Z])/);
  const next = explanation.next.filter(({ on }) => !/^[a-z]\w*(:|$)/.test(on) || on === "deadline").slice(0, 3);
  return (
    <section className="diagnosis" data-tone={looks[saga.status].tone} aria-label="Why is it here?">
      <div className="diagnosis-why">
        <p className="eyebrow">Why is it here?</p>
        <p className="headline">{headline}</p>
        {detail.length > 0 && <p>{detail.join(" ")}</p>}
        {left !== null && saga.finishedAt === null && (
          <p className="countdown">
            <b className="num">{left <= 0 ? "due now" : countdown(left)}</b>{" "}
            {saga.nextAttemptAt == null ? "until the clock acts" : `until attempt ${saga.attempt} of ${saga.maxAttempts}`}
          </p>
        )}
      </div>
      <dl className="evidence">
        <Evidence level="info" label="Cause">
          <code>{explanation.cause}</code>
          {explanation.since != null && (
            <>
              {" "}
              since <Ago at={explanation.since} now={now} />
            </>
          )}
        </Evidence>
        {saga.reason != null && (
          <Evidence level={saga.status === "STUCK" ? "problem" : saga.status === "RETRYING" ? "warning" : "info"} label="Last error">
            <code className={saga.status === "STUCK" || saga.status === "RETRYING" ? "bad" : ""}>{saga.reason.code}</code> {saga.reason.message}
          </Evidence>
        )}
        {saga.finishedAt === null && <Alike saga={saga} />}
        {explanation.queue != null && (
          <Evidence
            level="info"
            label="Queue"
            link={
              <Link to="/console/queues/$name" params={{ name: explanation.queue }}>
                Open queue
              </Link>
            }
          >
            <code>{explanation.queue}</code>
          </Evidence>
        )}
        {explanation.worker != null && (
          <Evidence level="ok" label="In hand of">
            process {explanation.worker.pid} on {explanation.worker.host}
          </Evidence>
        )}
        {explanation.events.length > 0 && (
          <Evidence level="info" label="Waits for">
            {explanation.events.join(", ")}
          </Evidence>
        )}
        {next.length > 0 && (
          <Evidence level="info" label="Then">
            {next.map(({ on, state }) => (
              <p key={`${on}${state}`}>
                {on} → {state}
              </p>
            ))}
          </Evidence>
        )}
        {saga.remains.length > 0 && (
          <Evidence level="warning" label="Stays">
            {saga.remains.map(({ state, why, sagaType, sagaId }, index) => (
              <Fragment key={`${sagaId} ${state}`}>
                {`${index === 0 ? "" : ", "}${state} (${why.toLowerCase().replaceAll("_", " ")})`}
                {sagaId != null && (
                  <>
                    {" of "}
                    <Link to="/console/sagas/$id" params={{ id: sagaId }}>
                      {sagaType}
                    </Link>
                  </>
                )}
              </Fragment>
            ))}
          </Evidence>
        )}
      </dl>
    </section>
  );
}

const levels = {
  ok: { tone: "completed", Icon: IconCircleCheckFilled },
  info: { tone: "queued", Icon: IconInfoCircle },
  warning: { tone: "retrying", Icon: IconAlertTriangle },
  problem: { tone: "stuck", Icon: IconAlertOctagonFilled },
} as const;

function Evidence({
  level,
  label,
  link,
  children,
}: {
  readonly level: keyof typeof levels;
  readonly label: string;
  readonly link?: ReactNode;
  readonly children: ReactNode;
}) {
  const { tone, Icon } = levels[level];
  return (
    <div>
      <dt data-tone={tone}>
        <Icon size={15} /> {label}
      </dt>
      <dd>
        <div>{children}</div>
        {link}
      </dd>
    </div>
  );
}

/** How many others stand in the same place, which tells one saga's trouble from everybody's. */
function Alike({ saga: { type, state, status } }: { readonly saga: Saga }) {
  const [{ data }] = useQuery({ query: SagaCountsDocument });
  const alike = data?.sagaCounts?.find((one) => one.type === type && one.state === state && one.status === status);
  const others = (alike?.count ?? 1) - 1;
  if (others <= 0) return null;
  return (
    <Evidence
      level={status === "RETRYING" || status === "STUCK" ? "warning" : "info"}
      label="Others"
      link={
        <Link to="/console/sagas" search={{ type, state, status }}>
          Show them
        </Link>
      }
    >
      {whole(others)} more {others === 1 ? "saga is" : "sagas are"} {looks[status].label.toLowerCase()} in {state}
    </Evidence>
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

const Sql = ({ saga: { id } }: { readonly saga: Saga }) => (
  <Statements
    statements={[
      `select * from ops.saga where id = '${id}';`,
      `select * from ops.saga_timeline where saga_id = '${id}' order by sequence;`,
      `select * from ops.job where saga_id = '${id}';`,
      `select * from ops.dead_letter where saga_id = '${id}';`,
    ]}
  />
);

const stepsOf = ({ definition }: Saga, group: string) => definition?.states.filter((one) => one.group === group) ?? [];
const attemptsAt = ({ attempts }: Saga, step: string): number => attempts.filter((one) => one.state === step && !one.isUndo).length;

function Inspector({ saga, step }: { readonly saga: Saga; readonly step: string }) {
  const state = saga.definition?.states.find((one) => one.state === step);
  const attempts = saga.attempts.filter((one) => one.state === step);
  const failed = attempts.findLast((one) => one.outcome === "FAILED");
  const waited = attempts.reduce((sum, one) => sum + (one.startedAt === null || one.startedAt === undefined ? 0 : between(one.queuedAt, one.startedAt)), 0);
  const ran = attempts.reduce((sum, one) => sum + (one.startedAt == null || one.finishedAt == null ? 0 : between(one.startedAt, one.finishedAt)), 0);
  return (
    <Card title={step}>
      <dl className="facts narrow">
        <dt>Kind</dt>
        <dd>
          {state === undefined ? "unknown" : kindName(state)} {state?.subSaga}
        </dd>
        {state?.command != null && (
          <>
            <dt>Command</dt>
            <dd>
              <code>
                <Name>{state.command}</Name>
              </code>
            </dd>
            <dt>Queue</dt>
            <dd>
              <Link to="/console/queues/$name" params={{ name: state.queue ?? "" }} className="mono">
                {state.queue}
              </Link>
            </dd>
          </>
        )}
        {state?.compensation != null && (
          <>
            <dt>Undo</dt>
            <dd>
              <code>
                <Name>{state.compensation}</Name>
              </code>
            </dd>
          </>
        )}
        <dt>Attempts</dt>
        <dd className="num">
          {state?.kind !== "GROUP"
            ? attemptsAt(saga, step)
            : stepsOf(saga, step).map((one) => (
                <div key={one.state}>
                  {attemptsAt(saga, one.state)} <Name>{one.state}</Name>
                </div>
              ))}
        </dd>
        {attempts.length > 0 && state?.kind !== "WAIT" && (
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
          <p className="eyebrow above">
            Last error <code className="bad">{failed.reason.code}</code>
          </p>
          <pre>{failed.reason.message}</pre>
        </>
      )}
    </Card>
  );
}
