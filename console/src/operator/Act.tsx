import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useEffect, useState } from "react";
import { type Client, useClient } from "urql";
import {
  CancelSagaDocument,
  CompleteSagaStepDocument,
  FireSagaTimerDocument,
  PauseSagaDocument,
  ResumeSagaDocument,
  RetrySagaDocument,
  SkipSagaStepDocument,
  type RetrySagaMutation,
} from "../generated/graphql.ts";
import { exact } from "../ui/format.ts";
import { Dialog, Field, NoteForm, Problem, Skeleton } from "../ui/parts.tsx";
import { Pill } from "../ui/state.tsx";

type Acted = NonNullable<RetrySagaMutation["act"]>;
type Any = TypedDocumentNode<{ act: Acted | null }, never>;

export const actions = {
  retrySaga: { label: "Retry…", document: RetrySagaDocument as unknown as Any },
  completeSagaStep: { label: "Complete by hand…", document: CompleteSagaStepDocument as unknown as Any },
  skipSagaStep: { label: "Skip step…", document: SkipSagaStepDocument as unknown as Any },
  cancelSaga: { label: "Cancel…", document: CancelSagaDocument as unknown as Any },
  pauseSaga: { label: "Pause…", document: PauseSagaDocument as unknown as Any },
  resumeSaga: { label: "Resume…", document: ResumeSagaDocument as unknown as Any },
  fireSagaTimer: { label: "Fire timer…", document: FireSagaTimerDocument as unknown as Any },
} as const;

export type ActionName = keyof typeof actions;
export const isAction = (name: string): name is ActionName => Object.hasOwn(actions, name);

/** An event with what is known of its body. */
export interface Answer {
  readonly event: string;
  readonly hint: string | undefined;
}

interface Call {
  readonly id: string;
  readonly note: string;
  readonly dryRun: boolean;
  readonly sequence?: number;
}

/** Tried again when the server says that it was too much in a short time. @throws {Error} the server refused it, in its words */
export async function callAction(client: Client, name: ActionName, call: Call, given: Readonly<Record<string, unknown>> = {}): Promise<Acted | null> {
  const { data, error } = await client.mutation(actions[name].document, { ...given, ...call } as never).toPromise();
  const { code, retryAfterMs } = error?.graphQLErrors[0]?.extensions ?? {};
  if (code === "RATE_LIMITED" && typeof retryAfterMs === "number") {
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
    return callAction(client, name, call, given);
  }
  if (error !== undefined) throw error;
  const [refused] = data?.act?.userErrors ?? [];
  if (refused !== undefined) throw new Error(refused.message);
  return data?.act ?? null;
}

/** Shows what an action would do, asks why, and does it. */
export function Act({
  name,
  saga,
  given,
  steps,
  answersOf,
  close,
}: {
  readonly name: ActionName;
  readonly saga: { readonly id: string; readonly sequence: number };
  /** Arguments that the engine has proposed. */
  readonly given: Readonly<Record<string, unknown>>;
  /** What is open at a time, of which one is meant; empty: there is no choice. */
  readonly steps: readonly string[];
  /** By which a step can be completed by hand; null: the only one. */
  readonly answersOf: (step: string | null) => readonly Answer[];
  readonly close: () => void;
}) {
  const client = useClient();
  const { label } = actions[name];
  const isByHand = name === "completeSagaStep";
  const isOfStep = ["retrySaga", "completeSagaStep", "skipSagaStep"].includes(name);
  const [step, setStep] = useState(typeof given["step"] === "string" ? given["step"] : isOfStep ? (steps[0] ?? null) : null);
  const answers = answersOf(step);
  const [chosen, setReply] = useState("");
  const reply = (answers.find(({ event }) => event === chosen) ?? answers[0])?.event ?? "";
  const [payload, setPayload] = useState("{}");
  const [plan, setPlan] = useState<Acted["plan"] | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const call = async (dryRun: boolean, note: string): Promise<Acted | null> => {
    const answer = isByHand ? { reply: reply === "" ? null : reply, payload: JSON.parse(payload) as Record<string, unknown> } : {};
    return callAction(client, name, { id: saga.id, note, sequence: saga.sequence, dryRun }, { ...given, ...answer, step });
  };
  // What is still being typed is looked at when there is a moment of rest.
  useEffect(() => {
    let isOld = false;
    const timer = setTimeout(
      () =>
        void call(true, "Looking at what it would do").then(
          (acted) => isOld || (setProblem(null), setPlan(acted?.plan ?? null)),
          (error: Error) => isOld || (setPlan(null), setProblem(error)),
        ),
      isByHand ? 300 : 0,
    );
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [step, reply, payload, saga.sequence]);
  return (
    <Dialog
      title={
        isByHand ? `Complete ${step ?? "this step"} by hand?` : `${label.replace("…", "").replace(step === null ? "" : " step", "")} ${step ?? "this saga"}?`
      }
      close={close}
    >
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
              <dd>{plan.remains.map(({ state, sagaType }) => (sagaType == null ? state : `${state} of ${sagaType}`)).join(", ")}</dd>
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
      <NoteForm
        verb={label.replace("…", "")}
        act={(note) => call(false, note).then(close)}
        close={close}
        disabled={plan === null}
        hint="Why, for whoever reads it later."
      >
        {isOfStep && steps.length > 0 && (
          <Field label="Which of those that are open at a time">
            {(props) => (
              <select {...props} value={step ?? ""} onChange={(event) => setStep(event.target.value)}>
                {steps.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </select>
            )}
          </Field>
        )}
        {isByHand && (
          <>
            <Field label="What its participant would have said" hint={answers.length === 0 ? "It is an undo: it was done by hand." : undefined}>
              {(props) => (
                <select {...props} value={reply} disabled={answers.length === 0} onChange={(event) => setReply(event.target.value)}>
                  {answers.map(({ event }) => (
                    <option key={event}>{event}</option>
                  ))}
                </select>
              )}
            </Field>
            <Field label="With" hint={answers.find(({ event }) => event === reply)?.hint ?? "JSON; the subject's id may be left out."}>
              {(props) => (
                <textarea {...props} className="mono" rows={3} spellCheck={false} value={payload} onChange={(event) => setPayload(event.target.value)} />
              )}
            </Field>
          </>
        )}
      </NoteForm>
    </Dialog>
  );
}
