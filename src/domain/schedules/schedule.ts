import { defineEntity, p } from "@mikro-orm/core";
import { User } from "../users/user.ts";
import { SpanType } from "./span.ts";

const schema = defineEntity({
  name: "Schedule",
  tableName: "schedule",
  checks: [
    { name: "schedule_during_exclude", expression: "exclude using gist (mentor_id with =, during with &&) where (withdrawn_at is null)" },
    {
      name: "schedule_during_check",
      expression: "lower_inc(during) and not upper_inc(during) and upper(during) - lower(during) between interval '15 minutes' and interval '240 minutes'",
    },
  ],
  indexes: [
    { name: "schedule_mentor_id_start_index", expression: "create index schedule_mentor_id_start_index on schedule (mentor_id, lower(during), id)" },
    { name: "schedule_start_index", expression: "create index schedule_start_index on schedule (lower(during)) where withdrawn_at is null" },
  ],
  properties: {
    id: p.uuid().primary(),
    mentorId: () => p.manyToOne(User).mapToPk().fieldName("mentor_id"),
    /** Overlaps no other slot of the mentor that is not withdrawn. */
    during: p.type(SpanType),
    /** IANA name of the zone in which the mentor published it. */
    timeZone: p.text(),
    /** Not offered any more since; null: offered. */
    withdrawnAt: p.datetime().strictNullable(),
    /** Shared by the slots of one call; null: made otherwise. */
    publicationId: p.uuid().strictNullable(),
    createdAt: p.datetime().defaultRaw("now()"),
    updatedAt: p.datetime().defaultRaw("now()"),
  },
});

/** A slot: a time at which a mentor can be booked. */
export class Schedule extends schema.class {}
schema.setClass(Schedule);
