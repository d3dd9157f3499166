import type { EntityManager } from "@mikro-orm/postgresql";
import { query } from "../../outbox/index.ts";
import { pageOf, requireCursor, type Page, type PageRequest } from "../page.ts";
import { Notification } from "./notification.ts";

export interface NotificationListRequest extends PageRequest {
  readonly userId: string;
  readonly unreadOnly: boolean;
}

/** What people were told, newest first: one page per request, in their order, by one statement. @throws {InvalidRequest} CURSOR_INVALID */
export async function listNotifications(em: EntityManager, requests: readonly NotificationListRequest[]): Promise<readonly Page<Notification>[]> {
  const wanted = requests.map(({ userId, unreadOnly, first, after }, ord) => ({
    ord,
    user_id: userId,
    unread_only: unreadOnly,
    size: first + 1,
    after: requireCursor(after),
  }));
  // Ids are v7, so their order is that of the telling.
  const rows = await query<{ ord: number }>(
    em,
    `select w.ord, n.* from jsonb_to_recordset($1::jsonb) as w(ord int, user_id uuid, unread_only boolean, size int, after uuid)
     cross join lateral (
       select * from notification
       where user_id = w.user_id and (not w.unread_only or read_at is null) and (w.after is null or id < w.after)
       order by id desc limit w.size
     ) n order by w.ord, n.id desc`,
    [JSON.stringify(wanted)],
  );
  const perRequest: Notification[][] = requests.map(() => []);
  for (const { ord, ...row } of rows) perRequest[ord]?.push(em.map(Notification, row));
  return requests.map(({ first }, ord) => pageOf(perRequest[ord] ?? [], first));
}

/** How many notifications each of the people has not read; who has none is left out. */
export async function countUnread(em: EntityManager, userIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await query<{ user_id: string; count: number }>(
    em,
    "select user_id, count(*)::int as count from notification where user_id = any($1::uuid[]) and read_at is null group by user_id",
    [userIds],
  );
  return new Map(rows.map((row) => [row.user_id, row.count]));
}
