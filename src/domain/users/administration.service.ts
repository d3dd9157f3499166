import type { EntityManager } from "@mikro-orm/postgresql";
import { LockMode } from "@mikro-orm/core";
import { Refusal } from "../../kernel/errors.ts";
import { isId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import type { Actor } from "../actor.ts";
import { handOverReviews } from "../application-request/review.service.ts";
import { recordAudit } from "../audit/audit.ts";
import { InputCheck } from "../input.ts";
import { grantMentorRole, revokeMentorRole } from "../mentors/mentor-role.ts";
import { cancelComingSessions } from "../mentoring-session/mentoring-session.service.ts";
import { signOutEverywhere } from "./sign-in.service.ts";
import { roles as allRoles, User, type Role } from "./user.ts";

/** Null leaves a value as it is. */
export interface UserChange {
  readonly userId: string;
  readonly roles: readonly Role[] | null;
  readonly active: boolean | null;
}

/**
 * An administrator sets what a person may do, and whether they may do anything at all. The account's role MENTOR and its profile come and
 * go together; an account that is switched off is signed out everywhere, its coming sessions are cancelled, and what it was to review is given to others. What changes is audited.
 *
 * @throws {Refusal} NOT_FOUND: no such account; INVALID: roles without LEARNER, or an administrator shutting themselves out
 */
export async function updateUser(em: EntityManager, change: UserChange & { readonly actor: Actor }): Promise<void> {
  const { userId, actor } = change;
  if (!isId(userId) || (await em.findOne(User, userId)) === null)
    throw new Refusal("NOT_FOUND", `There is no account with the id ${userId.slice(0, 60)}.`, ["id"]);
  // Before the account is locked: cancelling locks sessions first and accounts afterwards, as booking does.
  if (change.active === false && userId !== actor.id) await cancelComingSessions(em, { userId, actor, reason: "The account of a party was switched off." });
  if (change.active === false || change.roles?.includes("REVIEWER") === false) await handOverReviews(em, userId);
  const user = await em.findOneOrFail(User, userId, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
  const before = { roles: inOrder(user.roles), active: user.active };
  const after = { roles: inOrder(change.roles ?? user.roles), active: change.active ?? user.active };
  check(after, user.id === actor.id);

  const rolesChanged = after.roles.join() !== before.roles.join();
  if (rolesChanged) await setRoles(em, user.id, after.roles);
  if (after.active !== before.active) {
    await query(em, "update app_user set active = $2, updated_at = now() where id = $1", [user.id, after.active]);
    if (!after.active) await shutOut(em, user.id);
  }
  const detail = { ...(rolesChanged && { roles: [before.roles, after.roles] }), ...(after.active !== before.active && { active: after.active }) };
  if (Object.keys(detail).length > 0) await recordAudit(em, { actorId: actor.id, action: "updateUser", targetType: "User", targetId: user.id, detail });
}

/** Each once, and in one order, so that two lists can be compared. */
const inOrder = (given: readonly Role[]): Role[] => allRoles.filter((role) => given.includes(role));

function check({ roles, active }: { roles: readonly Role[]; active: boolean }, isOwn: boolean): void {
  const input = new InputCheck();
  if (!roles.includes("LEARNER")) input.refuse("INVALID", "Everybody is a learner: the roles must contain LEARNER.", ["roles"]);
  if (isOwn && !roles.includes("ADMIN")) input.refuse("INVALID", "You cannot take your own role ADMIN; another administrator can.", ["roles"]);
  if (isOwn && !active) input.refuse("INVALID", "You cannot switch your own account off; another administrator can.", ["active"]);
  input.done();
}

async function setRoles(em: EntityManager, userId: string, roles: readonly Role[]): Promise<void> {
  const others = roles.filter((role) => role !== "MENTOR");
  await query(
    em,
    `update app_user set roles = $2::text[] || case when 'MENTOR' = any(roles) then '{MENTOR}'::text[] else '{}' end, updated_at = now() where id = $1`,
    [userId, others],
  );
  await (roles.includes("MENTOR") ? grantMentorRole : revokeMentorRole)(em, userId);
}

async function shutOut(em: EntityManager, userId: string): Promise<void> {
  await signOutEverywhere(em, userId);
  await query(em, "delete from account_token where user_id = $1", [userId]);
}
