import { defineEntity, p } from "@mikro-orm/core";

export const roles = ["LEARNER", "MENTOR", "REVIEWER", "OPERATOR", "ADMIN"] as const;
export type Role = (typeof roles)[number];

/** Ends an address that is none; nothing can be delivered there. */
export const UNKNOWN_ADDRESS = "@unknown.invalid";

const schema = defineEntity({
  name: "User",
  tableName: "app_user",
  checks: [
    { name: "app_user_email_check", expression: "char_length(email::text) <= 254" },
    { name: "app_user_full_name_check", expression: "char_length(full_name) >= 1 and char_length(full_name) <= 200" },
    { name: "app_user_bio_check", expression: "char_length(bio) <= 2000" },
    { name: "app_user_roles_check", expression: "roles @> '{LEARNER}' and roles <@ '{LEARNER,MENTOR,REVIEWER,OPERATOR,ADMIN}'" },
  ],
  properties: {
    id: p.uuid().primary(),
    /** Compared without regard to case. */
    email: p.text().columnType("citext").unique(),
    /** When a link sent to the address was followed; null: not yet. */
    emailVerifiedAt: p.datetime().strictNullable(),
    /** PHC string; carries the parameters it was made with. Null for an account of an outside issuer. */
    passwordHash: p.text().strictNullable().hidden(),
    /** Who the account is at its outside issuer; null for an account of our own. */
    oidcIssuer: p.text().strictNullable(),
    oidcSubject: p.text().strictNullable(),
    fullName: p.text(),
    bio: p.text().strictNullable(),
    avatarFileId: p.uuid().strictNullable(),
    /** IANA name. */
    timeZone: p.text(),
    /** Always contains LEARNER. */
    roles: p.array().$type<Role[]>(),
    /** An inactive account can neither sign in nor enroll. */
    active: p.boolean().default(true),
    /** Raised to end every sign-in of the account: tokens carry the number they were made with. */
    tokenGeneration: p.integer().default(1),
    createdAt: p.datetime().defaultRaw("now()"),
    updatedAt: p.datetime().defaultRaw("now()"),
  },
});

/** An account of a person. Everybody is a learner; further roles are added to that. */
export class User extends schema.class {
  hasRole(role: Role): boolean {
    return this.roles.includes(role);
  }

  /** Null for an account of an outside issuer that has told no address: the row then holds one that leads nowhere. */
  knownEmail(): string | null {
    return this.email.endsWith(UNKNOWN_ADDRESS) ? null : this.email;
  }
}
schema.setClass(User);
