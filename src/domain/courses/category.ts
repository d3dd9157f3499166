import { defineEntity, p } from "@mikro-orm/core";

const schema = defineEntity({
  name: "Category",
  tableName: "category",
  checks: [
    { name: "category_name_check", expression: "char_length(name::text) >= 1 and char_length(name::text) <= 50" },
    { name: "category_description_check", expression: "char_length(description) <= 200" },
  ],
  properties: {
    id: p.uuid().primary(),
    /** Unique without regard to case. */
    name: p.text().columnType("citext").unique(),
    description: p.text(),
    active: p.boolean().default(true),
    createdAt: p.datetime().defaultRaw("now()"),
    updatedAt: p.datetime().defaultRaw("now()"),
  },
});

/** A shelf of the catalogue. */
export class Category extends schema.class {}
schema.setClass(Category);
