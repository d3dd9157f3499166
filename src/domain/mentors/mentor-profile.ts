import { defineEntity, p } from "@mikro-orm/core";
import { User } from "../users/user.ts";

const schema = defineEntity({
  name: "MentorProfile",
  tableName: "mentor_profile",
  checks: [
    { name: "mentor_profile_headline_check", expression: "char_length(headline) <= 120" },
    { name: "mentor_profile_experience_check", expression: "char_length(experience) <= 2000" },
    { name: "mentor_profile_max_sessions_per_week_check", expression: "max_sessions_per_week between 1 and 60" },
    { name: "mentor_profile_min_notice_hours_check", expression: "min_notice_hours between 0 and 336" },
  ],
  indexes: [{ name: "mentor_profile_created_at_user_id_index", properties: ["createdAt", "userId"] }],
  properties: {
    userId: () => p.oneToOne(User).mapToPk().fieldName("user_id").primary().owner(),
    /** One line. */
    headline: p.text().strictNullable(),
    experience: p.text().strictNullable(),
    /** Sessions at most per ISO week in the mentor's zone. */
    maxSessionsPerWeek: p.integer().default(10),
    /** How long before its start a slot can be booked at the latest. */
    minNoticeHours: p.integer().default(12),
    createdAt: p.datetime().defaultRaw("now()"),
    updatedAt: p.datetime().defaultRaw("now()"),
  },
});

/** What a mentor offers. Exists exactly while the account has the role MENTOR; what the mentor knows is in `mentor_expertise`. */
export class MentorProfile extends schema.class {}
schema.setClass(MentorProfile);
