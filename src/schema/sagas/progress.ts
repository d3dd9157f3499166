import { InvalidRequest } from "../../kernel/errors.ts";
import type { SagaPush } from "../../sagas/engine/index.ts";
import { holdsAny, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { Guarded } from "../guarded.ts";

/**
 * Opens the stream of sagaProgress. The first push is read before this returns, so that every refusal is the answer to the
 * subscription itself; who may see the saga is asked again before each push.
 *
 * @throws {InvalidRequest} UNAUTHENTICATED, BAD_USER_INPUT, SEQUENCE_AHEAD, and NOT_FOUND also for other people's sagas
 */
export async function watchProgress(
  args: { readonly sagaId: string; readonly afterSequence?: number | null },
  context: RequestContext,
): Promise<AsyncIterable<SagaPush>> {
  requireViewer(context);
  const afterSequence = args.afterSequence ?? null;
  if (afterSequence !== null && afterSequence < 0) throw new InvalidRequest("BAD_USER_INPUT", `afterSequence is 0 or more, not ${afterSequence}`);
  await requireVisible(args.sagaId, context);
  return Guarded.open(context, context.feed.watch(args.sagaId, afterSequence), async (push) => {
    await context.renewViewer();
    requireAuthority(push.saga, context);
    return push;
  });
}

/** Before the feed says anything: SEQUENCE_AHEAD for a stranger would tell that the saga exists. */
async function requireVisible(sagaId: string, context: RequestContext): Promise<void> {
  const saga = await context.loaders.saga.load(sagaId);
  if (saga === null) throw notFound(sagaId);
  requireAuthority(saga, context);
}

function requireAuthority(saga: { readonly id: string; readonly participants: readonly string[] }, context: RequestContext): void {
  const viewer = requireViewer(context);
  if (!saga.participants.includes(viewer.id) && !holdsAny(viewer, ["OPERATOR"])) throw notFound(saga.id);
}

const notFound = (sagaId: string): InvalidRequest => new InvalidRequest("NOT_FOUND", `There is no saga ${sagaId}`);
