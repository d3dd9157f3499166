import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useEffect, useState } from "react";
import { useClient } from "urql";
import {
  CancelSagaDocument,
  FireSagaTimerDocument,
  PauseSagaDocument,
  ResumeSagaDocument,
  RetrySagaDocument,
  SkipSagaStepDocument,
  type RetrySagaMutation,
} from "../generated/graphql.ts";
import { exact } from "../ui/format.ts";
import { Dialog, Field, Problem, Skeleton } from "../ui/parts.tsx";
import { Pill } from "../ui/state.tsx";

type Acted = NonNullable<RetrySagaMutation["act"]>;
type Any = TypedDocumentNode<{ act: Acted | null }, never>;

export const actions = {
  retrySaga: { label: "Retry", document: RetrySagaDocument as unknown as Any },
  skipSagaStep: { label: "Skip step…", document: SkipSagaStepDocument as unknown as Any },
  cancelSaga: { label: "Cancel…", document: CancelSagaDocument as unknown as Any },
  pauseSaga: { label: "Pause…", document: PauseSagaDocument as unknown as Any },
  resumeSaga: { label: "Resume…", document: ResumeSagaDocument as unknown as Any },
  fireSagaTimer: { label: "Fire timer…", document: FireSagaTimerDocument as unknown as Any },
} as const;

export type ActionName = keyof typeof actions;
export const isAction = (name: string): name is ActionName => Object.hasOwn(actions, name);

/** Shows what an action would do, asks why, and does it. */
export function Act({
  name,
  saga,
  given,
  close,
}: {
  readonly name: ActionName;
  readonly saga: { readonly id: string; readonly sequence: number };
  /** Arguments that the engine has proposed. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly close: () => void;
}) {
  const client = useClient();
  const { label, document } = actions[name];
  const [plan, setPlan] = useState<Acted["plan"] | null>(null);
  const [note, setNote] = useState("");
  const [problem, setProblem] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const call = async (dryRun: boolean, why: string): Promise<Acted | null> => {
    const variables = { timer: given["timer"], id: saga.id, note: why, sequence: saga.sequence, dryRun } as never;
    const { data, error } = await client.mutation(document, variables).toPromise();
    if (error !== undefined) throw error;
    const [refused] = data?.act?.userErrors ?? [];
    if (refused !== undefined) throw new Error(refused.message);
    return data?.act ?? null;
  };
  useEffect(() => {
    call(true, "Looking at what it would do").then(
      (acted) => setPlan(acted?.plan ?? null),
      (error: Error) => setProblem(error),
    );
  }, []);
  const act = (): void => {
    setBusy(true);
    call(false, note.trim())
      .then(close)
      .catch((error: Error) => (setProblem(error), setBusy(false)));
  };
  return (
    <Dialog title={`${label.replace("…", "")} this saga?`} close={close}>
      {plan === null && problem === null && <Skeleton rows={3} />}
      {plan !== null && (
        <dl className="facts">
          <dt>Then</dt>
          <dd>
            <Pill status={plan.status} /> in <code>{plan.state}</code>
          </dd>
          {plan.sends.length > 0 && (
            <>
              <dt>Sends</dt>
              <dd>
                <code>{plan.sends.join(", ")}</code>
              </dd>
            </>
          )}
          {plan.undoes.length > 0 && (
            <>
              <dt>Undoes</dt>
              <dd>{plan.undoes.map(({ command }) => command.replace(/Command$/, "")).join(", then ")}</dd>
            </>
          )}
          {plan.remains.length > 0 && (
            <>
              <dt>Stays</dt>
              <dd>{plan.remains.map(({ state }) => state).join(", ")}</dd>
            </>
          )}
          {plan.endsIn != null && (
            <>
              <dt>Ends in</dt>
              <dd>
                <code>{plan.endsIn}</code>
              </dd>
            </>
          )}
          {plan.deadlineAt != null && (
            <>
              <dt>Deadline</dt>
              <dd>{exact(plan.deadlineAt)}</dd>
            </>
          )}
          <dt>History</dt>
          <dd>{plan.events.map(({ summary }) => summary).join(" ")}</dd>
        </dl>
      )}
      {problem !== null && <Problem error={problem} />}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          act();
        }}
      >
        <Field label="Note for the audit log" hint="Why, for whoever reads it later.">
          {(props) => <input {...props} value={note} autoFocus required maxLength={500} onChange={(event) => setNote(event.target.value)} />}
        </Field>
        <div className="buttons">
          <button type="button" onClick={close}>
            Close
          </button>
          <button type="submit" className="primary" disabled={busy || plan === null || note.trim() === ""}>
            {label.replace("…", "")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
