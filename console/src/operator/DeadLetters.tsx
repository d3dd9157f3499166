import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useClient } from "urql";
import {
  DeadLetterGroupsDocument,
  DeadLettersDocument,
  type DeadLettersQuery,
  DiscardDeadLettersDocument,
  RedriveDeadLettersDocument,
} from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { newKey } from "../send.ts";
import { useThrottled } from "../live.ts";
import { useAddress } from "../ui/address.ts";
import { tail, typeName, whole } from "../ui/format.ts";
import { Ago, Dialog, Empty, Failed, NoteForm, Problem, Skeleton, useNow } from "../ui/parts.tsx";
import { IconCircleCheckFilled } from "../ui/icons.ts";
import { Pill } from "../ui/state.tsx";
import { type Group, Groups, keyOf } from "./Groups.tsx";
import { Outcomes, useOutcomes } from "./Outcomes.tsx";

type DeadLetter = NonNullable<DeadLettersQuery["deadLetters"]>["nodes"][number];
const filterOf = ({ queue, message, reason, pattern }: Group) => ({ status: ["OPEN" as const], queue, message, reason: [reason], pattern });
const AT_MOST = 1_000;

export function DeadLetters() {
  const { group: wanted } = useAddress<{ group: string }>();
  const now = useNow();
  const [{ data, error }, again] = useSteadyQuery({ query: DeadLetterGroupsDocument, requestPolicy: "network-only" });
  const [acting, setActing] = useState<{ readonly what: "redrive" | "discard"; readonly group: Group; readonly ids: readonly string[] } | null>(null);
  const [version, setVersion] = useState(0);
  const groups = data?.deadLetterGroups ?? null;
  const reload = (): void => {
    again({ requestPolicy: "network-only" });
    setVersion((before) => before + 1);
  };
  if (groups === null) return error === undefined ? <Skeleton rows={6} /> : <Failed title="Dead letters" error={error} again={reload} />;
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  const group = groups.find((one) => keyOf(one) === wanted) ?? groups[0];
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>
          Dead letters{" "}
          <span className="faint num aside">{total === 0 ? "" : `${whole(total)} in ${whole(groups.length)} ${groups.length === 1 ? "group" : "groups"}`}</span>
        </h1>
      </div>
      {acting?.what === "redrive" && <Redrive key={keyOf(acting.group)} group={acting.group} changed={reload} close={() => setActing(null)} />}
      {acting?.what === "discard" && <Discard {...acting} changed={reload} close={() => setActing(null)} />}
      {group === undefined ? (
        <section className="card">
          <Empty>
            <span className="tone" data-tone="completed">
              <IconCircleCheckFilled size={18} />
            </span>{" "}
            No dead letters.
          </Empty>
        </section>
      ) : (
        <div className="letters">
          <section className="card" aria-label="Groups">
            <Groups groups={groups} chosen={group} now={now} />
          </section>
          <Letters key={keyOf(group)} group={group} version={version} now={now} act={(what, ids) => setActing({ what, group, ids })} />
        </div>
      )}
    </>
  );
}

/** What the engine does with such a letter, by what it says. */
const whatFollows = (group: Group): string =>
  group.reason === "INTERNAL"
    ? "This looks like a defect: sent round again, it fails the same way until the code changes."
    : "Sent round again, a step that stands begins anew; where its saga went on without it, only the command is sent.";

function Letters({
  group,
  version,
  now,
  act,
}: {
  readonly group: Group;
  /** Changes when the letters may have. */
  readonly version: number;
  readonly now: number;
  readonly act: (what: "redrive" | "discard", ids: readonly string[]) => void;
}) {
  const [{ data, error }, again] = useSteadyQuery({ query: DeadLettersDocument, variables: { filter: filterOf(group) }, requestPolicy: "network-only" });
  useEffect(() => {
    if (version > 0) again({ requestPolicy: "network-only" });
  }, [version, again]);
  const letters = data?.deadLetters?.nodes ?? null;
  return (
    <section className="card" aria-label="Letters">
      <div className="card-head">
        <h2>
          <code className="bad">{group.reason}</code> on{" "}
          <Link to="/console/queues/$name" params={{ name: group.queue }} className="mono">
            {group.queue}
          </Link>
        </h2>
        <div className="buttons">
          <button
            type="button"
            className="danger"
            disabled={letters === null}
            onClick={() =>
              act(
                "discard",
                (letters ?? []).map(({ id }) => id),
              )
            }
          >
            Discard…
          </button>
          <button type="button" className="primary" onClick={() => act("redrive", [])}>
            Redrive {whole(group.count)}…
          </button>
        </div>
      </div>
      <p className="pad faint">{whatFollows(group)}</p>
      {letters === null ? (
        error === undefined ? (
          <Skeleton rows={4} />
        ) : (
          <Problem error={error} again={() => again({ requestPolicy: "network-only" })} />
        )
      ) : (
        <div className="card-flush" role="group" aria-label="Letters of the group" tabIndex={0}>
          <table className="rows">
            <thead>
              <tr>
                <th scope="col">Saga</th>
                <th scope="col">Saga is now</th>
                <th scope="col" className="right">
                  Attempts
                </th>
                <th scope="col" className="right">
                  Died
                </th>
                <th scope="col">
                  <span className="sr">Error</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {letters.map((letter) => (
                <Letter key={letter.id} letter={letter} now={now} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Letter({ letter, now }: { readonly letter: DeadLetter; readonly now: number }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <tr data-row>
        <td>
          {letter.saga == null ? (
            <span className="faint">none</span>
          ) : (
            <Link to="/console/sagas/$id" params={{ id: letter.saga.id }} className="row-link">
              {typeName(letter.saga.type)} <span className="mono faint">{tail(letter.saga.id)}</span>
            </Link>
          )}
        </td>
        <td>{letter.saga != null && <Pill status={letter.saga.status} />}</td>
        <td className="right num">{letter.attempts}</td>
        <td className="right">
          <Ago at={letter.failedAt} now={now} />
        </td>
        <td className="right">
          <button type="button" className="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? "Less" : "Error"}
          </button>
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={5}>
            <p>{letter.reason.message}</p>
            <pre>{letter.detail}</pre>
            <p className="eyebrow">Payload</p>
            <pre>{JSON.stringify(letter.payload, null, 2)}</pre>
          </td>
        </tr>
      )}
    </>
  );
}

interface Moved {
  readonly count: number;
  readonly sagaIds: readonly string[];
  readonly remaining: number;
  readonly refused: readonly string[];
}

/** Sends the letters of a group round again: says before how many can be, and after what became of them. */
function Redrive({ group, changed, close }: { readonly group: Group; readonly changed: () => void; readonly close: () => void }) {
  const client = useClient();
  const [key] = useState(newKey);
  const [preview, setPreview] = useState<Moved | null>(null);
  const [moved, setMoved] = useState<Moved | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const told = useOutcomes(preview?.sagaIds ?? null, "moved");
  const call = async (dryRun: boolean, note: string): Promise<Moved> => {
    const { data, error } = await client.mutation(RedriveDeadLettersDocument, { filter: filterOf(group), note, key, dryRun, limit: AT_MOST }).toPromise();
    const [refused] = data?.act?.userErrors ?? [];
    if (data?.act == null || refused !== undefined) throw error ?? new Error(refused?.message ?? "The server gave no answer.");
    const { deadLetters, remaining, refused: left } = data.act;
    return {
      count: deadLetters?.length ?? 0,
      sagaIds: [...new Set((deadLetters ?? []).flatMap(({ saga }) => saga?.id ?? []))],
      remaining: remaining ?? 0,
      refused: left?.map(({ reason }) => reason) ?? [],
    };
  };
  useEffect(() => {
    call(true, "Looking at what it would do").then(setPreview, setProblem);
  }, []);
  const look = useThrottled(changed, 2_000);
  const settled = told.outcomes.size;
  useEffect(() => {
    if (moved !== null) look();
  }, [moved, settled]);
  const act = async (note: string): Promise<void> => {
    await told.ready;
    setMoved(await call(false, note));
  };
  if (moved !== null) return <Outcomes did={`Moved ${whole(moved.count)}`} ids={moved.sagaIds} told={told} refused={moved.refused} dismiss={close} />;
  return (
    <Dialog title={`Redrive ${preview === null ? "" : whole(preview.count)} to ${group.queue}?`} close={close}>
      <p>Each command starts again at attempt 1, oldest first. Participants skip what already took effect.</p>
      {preview === null && problem === null && <Skeleton rows={2} />}
      {problem !== null && <Problem error={problem} />}
      {preview !== null && (
        <dl className="facts">
          <dt>Can be moved</dt>
          <dd className="num">
            {whole(preview.count)} of {whole(preview.count + preview.refused.length + preview.remaining)}
          </dd>
          <dt>At most</dt>
          <dd className="num">
            {whole(AT_MOST)} in this call, {whole(preview.remaining)} left over
          </dd>
          {preview.refused.length > 0 && (
            <>
              <dt>Stay</dt>
              <dd>
                {whole(preview.refused.length)}: {preview.refused[0]}
              </dd>
            </>
          )}
        </dl>
      )}
      <NoteForm verb={`Redrive ${preview === null ? "" : whole(preview.count)}`} act={act} close={close} disabled={preview === null || preview.count === 0} />
    </Dialog>
  );
}

/** Marks letters as not needed. */
function Discard({
  group,
  ids,
  changed,
  close,
}: {
  readonly group: Group;
  /** Of the letters that are shown; these are discarded. */
  readonly ids: readonly string[];
  readonly changed: () => void;
  readonly close: () => void;
}) {
  const client = useClient();
  const act = async (note: string): Promise<void> => {
    const { data, error } = await client.mutation(DiscardDeadLettersDocument, { ids: [...ids], note, dryRun: false }).toPromise();
    const [refused] = data?.act?.userErrors ?? [];
    if (error !== undefined || refused !== undefined) throw error ?? new Error(refused?.message);
    changed();
    close();
  };
  return (
    <Dialog title={`Discard ${whole(ids.length)} of ${group.queue}?`} close={close}>
      <p>They are marked as not needed. Their sagas are not touched.</p>
      {ids.length < group.count && (
        <p>
          These are the {whole(ids.length)} that are shown, of {whole(group.count)}.
        </p>
      )}
      <NoteForm verb={`Discard ${whole(ids.length)}`} act={act} close={close} disabled={ids.length === 0} />
    </Dialog>
  );
}
