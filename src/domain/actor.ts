import type { Role } from "./users/user.ts";

/** Who acts or looks: an account's id with the roles that its token carried. */
export interface Actor {
  readonly id: string;
  readonly roles: readonly Role[];
}
