import type { EntityManager } from "@mikro-orm/postgresql";
import { countUnread, listNotifications } from "../../domain/notifications/notification.queries.ts";
import { byId, byRequest } from "../batch.ts";

export const notificationLoaders = (em: EntityManager) => ({
  notifications: byRequest((requests: Parameters<typeof listNotifications>[1]) => listNotifications(em, requests)),
  unreadCount: byId((ids) => countUnread(em, ids)),
});
