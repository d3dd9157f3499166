import { useState } from "react";
import { useClient } from "urql";
import { PauseQueueDocument, QueueDepthsDocument, QueuesDocument, ResumeQueueDocument, type QueueRowFragment as QueueRow } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useStream } from "../live.ts";
import { duration, whole } from "../ui/format.ts";
import { Dialog, Failed, NoteForm, Skeleton, Sheet, useNow, useSince } from "../ui/parts.tsx";
import { QueueTable } from "./QueueTable.tsx";

export function Queues() {
  const now = useNow();
  const hourAgo = useSince(3_600, now);
  const [{ data, error }, again] = useSteadyQuery({ query: QueuesDocument, variables: { hourAgo } });
  const [live, setLive] = useState<readonly QueueRow[] | null>(null);
  const [acting, setActing] = useState<QueueRow | null>(null);
  useStream(
    "queues",
    QueueDepthsDocument,
    () => ({ everySeconds: 2 }),
    ({ queueDepths }) => setLive(queueDepths),
  );
  if (data?.queues == null)
    return error === undefined ? <Skeleton rows={8} /> : <Failed title="Queues" error={error} again={() => again({ requestPolicy: "network-only" })} />;
  const pasts = new Map(data.queues.map(({ name, history }) => [name, history]));
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Queues</h1>
      </div>
      <Sheet label="Queues">
        <QueueTable queues={live ?? data.queues} pasts={pasts} now={now}>
          {(queue) => (
            <button type="button" className="small" onClick={() => setActing(queue)}>
              {queue.pause == null ? "Pause…" : "Resume…"}
            </button>
          )}
        </QueueTable>
      </Sheet>
      {acting !== null && <ActOnQueue queue={acting} close={() => setActing(null)} />}
    </>
  );
}

export const PausedPill = ({ pause }: { readonly pause: QueueRow["pause"] | undefined }) =>
  pause == null ? null : (
    <span className="pill" data-tone="waiting" title={pause.note}>
      Paused
    </span>
  );

export function ActOnQueue({ queue, close }: { readonly queue: QueueRow; readonly close: () => void }) {
  const client = useClient();
  const now = useNow();
  const isPaused = queue.pause != null;
  const act = async (note: string): Promise<void> => {
    const { data, error } = await client.mutation(isPaused ? ResumeQueueDocument : PauseQueueDocument, { name: queue.name, note, dryRun: false }).toPromise();
    const refused = data?.act?.userErrors[0];
    if (error !== undefined || refused !== undefined) throw error ?? new Error(refused?.message);
    close();
  };
  return (
    <Dialog title={`${isPaused ? "Resume" : "Pause"} ${queue.name}?`} close={close}>
      <p>
        {isPaused
          ? `Workers take from it again within two seconds; ${whole(queue.ready)} commands wait. It was paused ${duration(now - new Date(queue.pause?.at ?? now).getTime())} ago: ${queue.pause?.note}`
          : `Nobody takes from it until it is resumed. ${whole(queue.ready + queue.deferred)} commands wait now, new ones are accepted, and the deadlines of their steps stand still.`}
      </p>
      <NoteForm verb={isPaused ? "Resume" : "Pause"} act={act} close={close} />
    </Dialog>
  );
}
