import { InvalidRequest } from "../../kernel/errors.ts";
import type { ActivityCursor, ActivityEvent, ActivityPush, SagaFilter } from "../../sagas/engine/index.ts";
import { holdsAny, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { Guarded } from "../guarded.ts";

/**
 * Opens the stream of sagaActivity: of everything for an operator, of the sagas that they are a party to for everybody else. Who asks
 * is asked again before each push.
 *
 * @throws {InvalidRequest} UNAUTHENTICATED, BAD_USER_INPUT, CURSOR_INVALID, CURSOR_EXPIRED
 */
export async function watchActivity(filter: SagaFilter, after: string | null, context: RequestContext): Promise<AsyncIterable<ActivityPush>> {
  requireViewer(context);
  if (filter.quietForSeconds !== undefined)
    throw new InvalidRequest("BAD_USER_INPUT", "quietForSeconds finds sagas without events, of which nothing could be pushed; leave it out");
  const cursor = after === null ? null : openActivityCursor(after);
  const isOfFilter = matcher(filter);
  const pushes = context.activity.watch(cursor, (one) => mayWatch(one, context) && isOfFilter(one));
  return Guarded.open(context, pushes, async (push) => {
    await context.renewViewer();
    requireViewer(context);
    return { ...push, events: push.events.filter((one) => mayWatch(one, context)) };
  });
}

/** Whether the caller may see a saga: an operator any, everybody else their own. */
export function mayWatch({ participants }: { readonly participants: readonly string[] }, { viewer }: RequestContext): boolean {
  return viewer !== null && (holdsAny(viewer, ["OPERATOR"]) || participants.includes(viewer.id));
}

/** State, status and reason are those after the event; everything else is the saga's. */
function matcher(filter: SagaFilter): (one: ActivityEvent) => boolean {
  const ids = filter.ids?.map((id) => id.toLowerCase());
  const [subjectId, userId] = [filter.subjectId?.toLowerCase(), filter.userId?.toLowerCase()];
  const isAny = (list: readonly string[] | undefined, value: string | undefined): boolean =>
    list === undefined || (value !== undefined && list.includes(value));
  return ({ event, type, subjectId: subject, participants, startedAt }) =>
    isAny(ids, event.sagaId) &&
    isAny(filter.type, type) &&
    isAny(filter.state, event.toState) &&
    isAny(filter.status, event.status) &&
    isAny(filter.reason, event.reason?.code) &&
    (subjectId === undefined || subject === subjectId) &&
    (userId === undefined || participants.includes(userId)) &&
    (filter.startedAfter === undefined || startedAt >= filter.startedAfter) &&
    (filter.startedBefore === undefined || startedAt < filter.startedBefore);
}

const LIST = "sagaActivity";

export const sealActivityCursor = ({ xid, position, at }: ActivityCursor): string =>
  Buffer.from(`${LIST}:${xid}.${position}.${at.getTime()}`, "utf8").toString("base64url");

function openActivityCursor(cursor: string): ActivityCursor {
  const text = cursor.length <= 200 ? Buffer.from(cursor, "base64url").toString("utf8") : "";
  // As many digits as a bigint of the database has for certain, and a Date.
  const [, xid, position, at] = /^sagaActivity:(\d{1,18})\.(\d{1,18})\.(\d{1,15})$/.exec(text) ?? [];
  if (xid === undefined || position === undefined || at === undefined)
    throw new InvalidRequest("CURSOR_INVALID", `This is no cursor of ${LIST}; start again without one`);
  return { xid: BigInt(xid), position: BigInt(position), at: new Date(Number(at)) };
}
