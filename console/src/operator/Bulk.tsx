import { useEffect, useState } from "react";
import { useClient } from "urql";
import type { SagaRowFragment } from "../generated/graphql.ts";
import { whole } from "../ui/format.ts";
import { Dialog, NoteForm } from "../ui/parts.tsx";
import { actions, callAction, type ActionName } from "./Act.tsx";
import { Outcomes, useOutcomes } from "./Outcomes.tsx";

/** So many calls at once: the server has others to answer. */
const AT_ONCE = 4;

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}

interface Tried {
  readonly can: readonly string[];
  readonly refused: readonly string[];
}
const nothing: Tried = { can: [], refused: [] };
const tried = (before: Tried, id: string, refusal: string | null): Tried =>
  refusal === null ? { ...before, can: [...before.can, id] } : { ...before, refused: [...before.refused, refusal] };

/** Does one thing to many sagas, one after the other: says before which of them it can be done to, and after what became of them. */
export function Bulk({ name, sagas, close }: { readonly name: ActionName; readonly sagas: readonly SagaRowFragment[]; readonly close: () => void }) {
  const client = useClient();
  const [rehearsed, setRehearsed] = useState(nothing);
  const [acted, setActed] = useState<Tried | null>(null);
  const [isAfter, setAfter] = useState(false);
  const told = useOutcomes(
    sagas.map(({ id }) => id),
    name === "cancelSaga" ? "ended" : "moved",
  );
  const verb = actions[name].label.replace("…", "");
  const attempt = (id: string, note: string, dryRun: boolean): Promise<string | null> =>
    callAction(client, name, { id, note, dryRun }).then(
      () => null,
      (error: Error) => error.message,
    );
  useEffect(() => {
    let isOld = false;
    void eachOf(sagas, async ({ id }) => {
      const refusal = isOld ? "" : await attempt(id, "Looking at what it would do", true);
      if (!isOld) setRehearsed((before) => tried(before, id, refusal));
    });
    return () => {
      isOld = true;
    };
  }, []);
  const looked = rehearsed.can.length + rehearsed.refused.length;
  const act = async (note: string): Promise<void> => {
    await told.ready;
    setActed(nothing);
    await eachOf(rehearsed.can, async (id) => {
      const refusal = await attempt(id, note, false);
      setActed((before) => tried(before ?? nothing, id, refusal));
    });
    setAfter(true);
  };
  if (isAfter && acted !== null)
    return (
      <Outcomes
        did={`${name === "cancelSaga" ? "Cancelled" : "Retried"} ${whole(acted.can.length)}`}
        ids={acted.can}
        told={told}
        refused={[...rehearsed.refused, ...acted.refused]}
        dismiss={close}
      />
    );
  return (
    <Dialog title={`${verb} ${whole(rehearsed.can.length)} of ${whole(sagas.length)} sagas?`} close={close}>
      <p role="status">
        {acted !== null
          ? `${whole(acted.can.length + acted.refused.length)} of ${whole(rehearsed.can.length)} done.`
          : looked < sagas.length
            ? `Looking at what it would do: ${whole(looked)} of ${whole(sagas.length)}.`
            : name === "cancelSaga"
              ? "What they have done is undone in reverse order, and each ends as cancelled."
              : "Those that stand begin their step again at attempt 1; those that wait for their next attempt make it now."}
      </p>
      <progress max={acted === null ? sagas.length : rehearsed.can.length} value={acted === null ? looked : acted.can.length + acted.refused.length} />
      {rehearsed.refused.length > 0 && (
        <ul className="plain-list">
          {[...Map.groupBy(rehearsed.refused, (reason) => reason)].slice(0, 6).map(([reason, alike]) => (
            <li key={reason}>
              <b className="num">{whole(alike.length)}</b> cannot: {reason}
            </li>
          ))}
        </ul>
      )}
      <NoteForm
        verb={`${verb} ${whole(rehearsed.can.length)}`}
        act={act}
        close={close}
        disabled={looked < sagas.length || rehearsed.can.length === 0}
        hint="Why, for whoever reads it later. Each saga's history has it."
      />
    </Dialog>
  );
}
