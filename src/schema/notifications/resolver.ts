import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from "type-graphql";
import { markNotificationsRead } from "../../domain/notifications/notification.service.ts";
import { Auth, holdsAny, isParty, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { orUserErrors } from "../errors.ts";
import { type Connection, pageRequest, toConnection } from "../pagination.ts";
import { SagaType } from "../sagas/types.ts";
import { getUser, UserPayload, UserType } from "../users/types.ts";
import { NotificationConnection, NotificationType } from "./types.ts";

@Resolver(() => NotificationType)
export class NotificationResolver {
  @Mutation(() => UserPayload, { nullable: true, description: "Marks notifications of the caller as read; what was read before stays so." })
  @Auth()
  async markNotificationsRead(@Arg("ids", () => [ID], { description: "At most 100." }) ids: string[], @Ctx() context: RequestContext) {
    const { id: userId } = requireViewer(context);
    return orUserErrors(async () => {
      await context.write((em) => markNotificationsRead(em, { userId, ids }));
      return { user: await getUser(userId, context) };
    });
  }

  @FieldResolver(() => SagaType, { nullable: true, description: "The process it is about; null where it is about none." })
  async saga(@Root() notification: NotificationType, @Ctx() context: RequestContext): Promise<SagaType | null> {
    const view = notification.sagaId === null ? null : await context.loaders.saga.load(notification.sagaId);
    if (view === null) return null;
    const saga = new SagaType(view);
    const viewer = requireViewer(context);
    return holdsAny(viewer, ["OPERATOR"]) || (await isParty(viewer, saga, context)) ? saga : null;
  }
}

@Resolver(() => UserType)
export class UserNotificationsResolver {
  @FieldResolver(() => NotificationConnection, { nullable: true, description: "What the person was told, newest first; for themselves only." })
  @Auth({ participant: true })
  async notifications(
    @Root() user: UserType,
    @Arg("unreadOnly", () => Boolean, { defaultValue: false, description: "True: only what is not marked as read." }) unreadOnly: boolean,
    @Arg("first", () => Int, { defaultValue: 20, description: "1..100." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "A cursor of this list." }) after: string | null,
    @Ctx() context: RequestContext,
  ): Promise<Connection<NotificationType>> {
    const request = pageRequest("notifications", first, after);
    const page = await context.loaders.notifications.load({ ...request, userId: user.id, unreadOnly });
    return toConnection("notifications", request, page, (row) => new NotificationType(row));
  }

  @FieldResolver(() => Int, { nullable: true, description: "How many notifications are not marked as read; for themselves only." })
  @Auth({ participant: true })
  async unreadNotificationCount(@Root() user: UserType, @Ctx() context: RequestContext): Promise<number> {
    return (await context.loaders.unreadCount.load(user.id)) ?? 0;
  }
}
