import { useState } from "react";
import { useClient, useQuery } from "urql";
import { PauseQueueDocument, QueueDepthsDocument, QueuesDocument, ResumeQueueDocument, type QueueRowFragment as QueueRow } from "../generated/graphql.ts";
import { useStream } from "../live.ts";
import { duration, whole } from "../ui/format.ts";
import { Dialog, Field, Problem, Skeleton, Sheet, useNow } from "../ui/parts.tsx";
import { QueueTable } from "./QueueTable.tsx";

export function Queues() {
  const now = useNow();
  const [{ data, error }, again] = useQuery({ query: QueuesDocument });
  const [live, setLive] = useState<readonly QueueRow[] | null>(null);
  const [acting, setActing] = useState<QueueRow | null>(null);
  useStream(
    "queues",
    QueueDepthsDocument,
    () => ({ everySeconds: 2 }),
    ({ queueDepths }) => setLive(queueDepths),
  );
  const queues = live ?? data?.queues ?? null;
  if (queues === null) return error === undefined ? <Skeleton rows={8} /> : <Problem error={error} again={() => again({ requestPolicy: "network-only" })} />;
  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Queues</h1>
      </div>
      <Sheet label="Queues">
        <QueueTable queues={queues} now={now}>
          {(queue) => (
            <button type="button" onClick={() => setActing(queue)}>
              {queue.pause == null ? "Pause…" : "Resume…"}
            </button>
          )}
        </QueueTable>
      </Sheet>
      {acting !== null && <ActOnQueue queue={acting} close={() => setActing(null)} />}
    </>
  );
}

function ActOnQueue({ queue, close }: { readonly queue: QueueRow; readonly close: () => void }) {
  const client = useClient();
  const now = useNow();
  const [note, setNote] = useState("");
  const [problem, setProblem] = useState<Error | null>(null);
  const isPaused = queue.pause != null;
  const act = async (): Promise<void> => {
    const { data, error } = await client
      .mutation(isPaused ? ResumeQueueDocument : PauseQueueDocument, { name: queue.name, note: note.trim(), dryRun: false })
      .toPromise();
    const refused = data?.act?.userErrors[0];
    if (error !== undefined || refused !== undefined) return setProblem(error ?? new Error(refused?.message));
    close();
  };
  return (
    <Dialog title={`${isPaused ? "Resume" : "Pause"} ${queue.name}?`} close={close}>
      <p>
        {isPaused
          ? `Workers take from it again within two seconds; ${whole(queue.ready)} commands wait. It was paused ${duration(now - new Date(queue.pause?.at ?? now).getTime())} ago: ${queue.pause?.note}`
          : `Nobody takes from it until it is resumed. ${whole(queue.ready + queue.deferred)} commands wait now, new ones are accepted, and the deadlines of their steps stand still.`}
      </p>
      {problem !== null && <Problem error={problem} />}
      <form onSubmit={(event) => (event.preventDefault(), void act())}>
        <Field label="Note for the audit log">
          {(props) => <input {...props} value={note} autoFocus required maxLength={500} onChange={(event) => setNote(event.target.value)} />}
        </Field>
        <div className="buttons">
          <button type="button" onClick={close}>
            Close
          </button>
          <button type="submit" className="primary" disabled={note.trim() === ""}>
            {isPaused ? "Resume" : "Pause"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
