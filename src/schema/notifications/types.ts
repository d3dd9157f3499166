import { Field, ID, ObjectType } from "type-graphql";
import type { Notification } from "../../domain/notifications/notification.ts";
import { connectionOf } from "../pagination.ts";
import { DateTime } from "../scalars.ts";

@ObjectType("Notification", { description: "Something that a person is told inside the platform." })
export class NotificationType {
  @Field(() => ID, { description: "UUIDv7." })
  readonly id: string;

  @Field(() => String, { description: "One line." })
  readonly title: string;

  @Field(() => String, { description: "English text for people." })
  readonly message: string;

  @Field(() => DateTime, { description: "When it was told." })
  readonly createdAt: Date;

  @Field(() => DateTime, { nullable: true, description: "When it was marked as read; null: not yet." })
  readonly readAt: Date | null;

  /** Its saga is a field of its own. */
  readonly sagaId: string | null;

  constructor(notification: Notification) {
    this.id = notification.id;
    this.title = notification.title;
    this.message = notification.message;
    this.createdAt = notification.createdAt;
    this.readAt = notification.readAt;
    this.sagaId = notification.sagaId;
  }
}

export const NotificationConnection = connectionOf(NotificationType, "Notification");
