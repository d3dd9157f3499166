import { defineEntity, p } from "@mikro-orm/core";
import { User } from "../users/user.ts";

const schema = defineEntity({
  name: "Notification",
  tableName: "notification",
  indexes: [{ name: "notification_user_id_id_index", properties: ["userId", "id"] }],
  uniques: [{ name: "notification_user_id_dedupe_key_unique", properties: ["userId", "dedupeKey"] }],
  properties: {
    id: p.uuid().primary(),
    userId: () => p.manyToOne(User).mapToPk().fieldName("user_id"),
    /** One line. */
    title: p.text(),
    message: p.text(),
    /** The process it is about. */
    sagaId: p.uuid().strictNullable(),
    /** Unique per person: the same thing is told once, however often it is tried. */
    dedupeKey: p.text(),
    readAt: p.datetime().strictNullable(),
    createdAt: p.datetime().defaultRaw("now()"),
  },
});

/** Something that a person is told inside the platform. */
export class Notification extends schema.class {}
schema.setClass(Notification);
