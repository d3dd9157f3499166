import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useClient, useQuery } from "urql";
import {
  DeadLetterGroupsDocument,
  DeadLettersDocument,
  DiscardDeadLettersDocument,
  RedriveDeadLettersDocument,
  type DeadLetterGroupsQuery,
} from "../generated/graphql.ts";
import { useAddress } from "../ui/address.ts";
import { tail, typeName, whole } from "../ui/format.ts";
import { Ago, Dialog, Empty, Field, Problem, Skeleton, useNow } from "../ui/parts.tsx";
import { Pill } from "../ui/state.tsx";

type Group = NonNullable<DeadLetterGroupsQuery["deadLetterGroups"]>[number];
const keyOf = ({ queue, message, reason, pattern }: Group): string => `${queue} ${message} ${reason} ${pattern}`;
const filterOf = ({ queue, message, reason, pattern }: Group) => ({ status: ["OPEN" as const], queue, message, reason: [reason], pattern });
const AT_MOST = 1_000;

export function DeadLetters() {
  const { group: wanted } = useAddress<{ group: string }>();
  const navigate = useNavigate();
  const now = useNow();
  const [{ data, error }, again] = useQuery({ query: DeadLetterGroupsDocument, requestPolicy: "network-only" });
  const groups = data?.deadLetterGroups ?? null;
  if (groups === null) return error === undefined ? <Skeleton rows={6} /> : <Problem error={error} again={() => again({ requestPolicy: "network-only" })} />;
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  const group = groups.find((one) => keyOf(one) === wanted) ?? groups[0];
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>
          Dead letters <span className="faint num">{total === 0 ? "" : `${whole(total)} in ${whole(groups.length)} groups`}</span>
        </h1>
      </div>
      {group === undefined ? (
        <section className="card">
          <Empty>No dead letters.</Empty>
        </section>
      ) : (
        <div className="letters">
          <ul className="card groups">
            {groups.map((one) => (
              <li key={keyOf(one)}>
                <button
                  type="button"
                  aria-pressed={one === group}
                  onClick={() => void navigate({ to: "/console/dead", search: { group: keyOf(one) }, replace: true })}
                >
                  <code className="bad">{one.reason}</code>
                  <b className="num right">{whole(one.count)}</b>
                  <span>{one.example}</span>
                  <span className="mono faint">{one.queue}</span>
                  <span className="faint">
                    last <Ago at={one.lastFailedAt} now={now} />
                  </span>
                  <Spark values={one.history} />
                </button>
              </li>
            ))}
          </ul>
          <Letters key={keyOf(group)} group={group} now={now} changed={() => again({ requestPolicy: "network-only" })} />
        </div>
      )}
    </>
  );
}

const Spark = ({ values }: { readonly values: readonly number[] }) => {
  const most = Math.max(...values, 1);
  return (
    <svg className="spark" viewBox={`0 0 ${values.length * 6} 18`} aria-hidden="true">
      {values.map((value, index) => (
        <rect key={index} x={index * 6} y={18 - (value / most) * 16} width="4" height={Math.max(1, (value / most) * 16)} />
      ))}
    </svg>
  );
};

function Letters({ group, now, changed }: { readonly group: Group; readonly now: number; readonly changed: () => void }) {
  const [{ data, error }, again] = useQuery({ query: DeadLettersDocument, variables: { filter: filterOf(group) }, requestPolicy: "network-only" });
  const [acting, setActing] = useState<"redrive" | "discard" | null>(null);
  const [moved, setMoved] = useState<string | null>(null);
  const letters = data?.deadLetters?.nodes ?? null;
  return (
    <section className="card" aria-label="Letters">
      <div className="card-head">
        <h2>
          <code className="bad">{group.reason}</code> on <code>{group.queue}</code>
        </h2>
        <div className="buttons">
          <button type="button" className="danger" onClick={() => setActing("discard")}>
            Discard…
          </button>
          <button type="button" className="primary" onClick={() => setActing("redrive")}>
            Redrive {whole(group.count)}…
          </button>
        </div>
      </div>
      {moved !== null && (
        <p className="pad" role="status">
          {moved}
        </p>
      )}
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
                <th scope="col" className="right">
                  Attempts
                </th>
                <th scope="col">Died</th>
                <th scope="col">Saga is now</th>
                <th scope="col">Error</th>
              </tr>
            </thead>
            <tbody>
              {letters.map((letter) => (
                <tr key={letter.id}>
                  <td>
                    {letter.saga == null ? (
                      <span className="faint">none</span>
                    ) : (
                      <Link to="/console/sagas/$id" params={{ id: letter.saga.id }} className="row-link">
                        {typeName(letter.saga.type)} <span className="mono faint">{tail(letter.saga.id)}</span>
                      </Link>
                    )}
                  </td>
                  <td className="right num">{letter.attempts}</td>
                  <td>
                    <Ago at={letter.failedAt} now={now} />
                  </td>
                  <td>{letter.saga != null && <Pill status={letter.saga.status} />}</td>
                  <td>
                    <details>
                      <summary>{letter.reason.message}</summary>
                      <pre>{letter.detail}</pre>
                      <pre>{JSON.stringify(letter.payload, null, 2)}</pre>
                    </details>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {acting !== null && letters !== null && (
        <Decide
          what={acting}
          group={group}
          ids={letters.map(({ id }) => id)}
          close={() => setActing(null)}
          done={(said) => {
            setActing(null);
            setMoved(said);
            changed();
            again({ requestPolicy: "network-only" });
          }}
        />
      )}
    </section>
  );
}

interface Preview {
  readonly movable: number;
  readonly remaining: number;
  readonly refused: readonly string[];
}

function Decide({
  what,
  group,
  ids,
  close,
  done,
}: {
  readonly what: "redrive" | "discard";
  readonly group: Group;
  /** Of the letters that are shown; a discard is of these. */
  readonly ids: readonly string[];
  readonly close: () => void;
  readonly done: (said: string) => void;
}) {
  const client = useClient();
  const [note, setNote] = useState("");
  const [key] = useState(() => crypto.randomUUID());
  const [preview, setPreview] = useState<Preview | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const call = async (dryRun: boolean, why: string): Promise<Preview> => {
    const { data, error } =
      what === "redrive"
        ? await client.mutation(RedriveDeadLettersDocument, { filter: filterOf(group), note: why, key, dryRun, limit: AT_MOST }).toPromise()
        : await client.mutation(DiscardDeadLettersDocument, { ids: [...ids], note: why, dryRun }).toPromise();
    const acted = data?.act as
      | {
          deadLetters?: readonly unknown[] | null;
          remaining?: number | null;
          refused?: readonly { reason: string }[];
          userErrors: readonly { message: string }[];
        }
      | null
      | undefined;
    const refused = acted?.userErrors[0];
    if (error !== undefined || refused !== undefined || acted == null) throw error ?? new Error(refused?.message ?? "The server gave no answer.");
    return { movable: acted.deadLetters?.length ?? 0, remaining: acted.remaining ?? 0, refused: acted.refused?.map(({ reason }) => reason) ?? [] };
  };
  useEffect(() => {
    call(true, "Looking at what it would do").then(setPreview, setProblem);
  }, []);
  const verb = what === "redrive" ? "Redrive" : "Discard";
  const act = (): void => {
    call(false, note.trim()).then(
      ({ movable, refused }) =>
        done(
          `${verb === "Redrive" ? "Redriven" : "Discarded"} ${whole(movable)}${refused.length === 0 ? "." : `, left ${whole(refused.length)}: ${refused[0]}`}`,
        ),
      setProblem,
    );
  };
  return (
    <Dialog title={`${verb} ${preview === null ? "" : whole(preview.movable)} letters of ${group.queue}?`} close={close}>
      <p>
        {what === "redrive"
          ? "Each command starts again at attempt 1, oldest first. Participants skip what already took effect."
          : "They are marked as not needed. Their sagas are not touched."}
      </p>
      {preview === null && problem === null && <Skeleton rows={2} />}
      {preview !== null && (
        <dl className="facts">
          <dt>Can be moved</dt>
          <dd className="num">{whole(preview.movable)}</dd>
          {preview.remaining > 0 && (
            <>
              <dt>Left over</dt>
              <dd className="num">{whole(preview.remaining)} for another call</dd>
            </>
          )}
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
      {problem !== null && <Problem error={problem} />}
      <form onSubmit={(event) => (event.preventDefault(), act())}>
        <Field label="Note for the audit log">
          {(props) => <input {...props} value={note} autoFocus required maxLength={500} onChange={(event) => setNote(event.target.value)} />}
        </Field>
        <div className="buttons">
          <button type="button" onClick={close}>
            Close
          </button>
          <button type="submit" className="primary" disabled={note.trim() === "" || preview === null || preview.movable === 0}>
            {verb} {preview === null ? "" : whole(preview.movable)}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
