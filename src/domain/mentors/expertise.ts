import { defineEntity, p } from "@mikro-orm/core";

const schema = defineEntity({
  name: "Expertise",
  tableName: "expertise",
  checks: [{ name: "expertise_name_check", expression: "char_length(name::text) between 1 and 80" }],
  properties: {
    id: p.uuid().primary(),
    /** Unique without regard to case. */
    name: p.text().columnType("citext").unique(),
    createdAt: p.datetime().defaultRaw("now()"),
    updatedAt: p.datetime().defaultRaw("now()"),
  },
});

/** Something that mentors may know. */
export class Expertise extends schema.class {}
schema.setClass(Expertise);
