import type { EntityManager } from "@mikro-orm/postgresql";
import { Refusal } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { query, send } from "../../outbox/index.ts";
import { InputCheck } from "../input.ts";
import { findTokenOwner, spendAccountToken } from "./account-token.ts";
import { claimFiles, releaseFiles } from "../files/claim.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import { findUserByEmail } from "./user.queries.ts";
import type { AccountTemplate } from "./user.mails.ts";
import { SendAccountMailCommand } from "./user.messages.ts";
import type { User } from "./user.ts";

/** A hash that no password is known for, at the cost of a real account. */
const NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cyBzYWx0IDAwMQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/**
 * Finds the account that the address and password belong to.
 *
 * An unknown address is answered as late as a wrong password and with the same words, so that nobody can ask who has an
 * account here. That an account is inactive, or its address not confirmed, is told only to those who know its password. Needs no
 * transaction.
 *
 * @throws {Refusal} WRONG_CREDENTIALS, ACCOUNT_INACTIVE, EMAIL_NOT_VERIFIED
 */
export async function authenticate(em: EntityManager, { email, password }: { email: string; password: string }): Promise<User> {
  const user = await findUserByEmail(em, email.trim());
  const matches = await verifyPassword(password, user?.passwordHash ?? NOBODY);
  if (user === null || !matches) throw wrongCredentials();
  if (!user.active) throw new Refusal("ACCOUNT_INACTIVE", "This account is switched off.");
  if (user.emailVerifiedAt === null)
    throw new Refusal("EMAIL_NOT_VERIFIED", "The address is not confirmed yet: follow the link in the mail, or ask for a new password to get another.");
  return user;
}

export const wrongCredentials = (): Refusal => new Refusal("WRONG_CREDENTIALS", "Address and password do not belong together.");

const tokenInvalid = (): Refusal => new Refusal("TOKEN_INVALID", "This link is wrong, was used already, or is too old. Ask for another.", ["token"]);

/**
 * Checks and hashes a new password. Takes its time, off the main thread, and so belongs before a transaction.
 *
 * @throws {Refusal} INVALID: it does not have 12 to 128 characters
 */
export async function hashNewPassword(password: string, field: readonly string[]): Promise<string> {
  const check = new InputCheck();
  checkPassword(check, password, field);
  check.done();
  return hashPassword(password);
}

/** Any characters, also blanks at the ends: what is typed is what counts. */
function checkPassword(check: InputCheck, password: string, field: readonly string[]): void {
  const length = [...password].length;
  if (length < 12 || length > 128 || !password.isWellFormed()) check.refuse("INVALID", `A password has 12 to 128 characters, not ${length}.`, field);
}

export interface Registration {
  readonly email: string;
  readonly passwordHash: string;
  readonly fullName: string;
  readonly timeZone: string;
}

/**
 * Checks what somebody registers with and hashes the password, before the transaction of `registerUser`.
 *
 * @throws {Refusal} REQUIRED, INVALID for each field that does not keep its rule
 */
export async function checkRegistration(input: Omit<Registration, "passwordHash"> & { readonly password: string }): Promise<Registration> {
  const check = new InputCheck();
  const email = check.text(input.email, ["input", "email"], { what: "The address", min: 1, max: 254 });
  checkPassword(check, input.password, ["input", "password"]);
  const fullName = check.text(input.fullName, ["input", "fullName"], { what: "The name", min: 1, max: 200 });
  check.done();
  return { email, passwordHash: await hashPassword(input.password), fullName, timeZone: input.timeZone };
}

/**
 * Makes an account whose address is not confirmed yet, unless there is one already; a mail tells which. Both ways are as long and
 * answer alike, so that nobody can ask who has an account here.
 */
export async function registerUser(em: EntityManager, registration: Registration): Promise<void> {
  const { email, passwordHash, fullName, timeZone } = registration;
  const id = newId();
  await query(
    em,
    `insert into app_user (id, email, password_hash, full_name, time_zone, roles) values ($1, $2, $3, $4, $5, '{LEARNER}') on conflict (email) do nothing`,
    [id, email, passwordHash, fullName, timeZone],
  );
  const [account] = await query<{ id: string }>(em, "select id from app_user where email = $1", [email]);
  await sendMail(em, account?.id ?? id, account?.id === id ? "VERIFY_EMAIL" : "ACCOUNT_EXISTS");
}

/** @throws {Refusal} TOKEN_INVALID */
export async function verifyEmail(em: EntityManager, { token }: { token: string }): Promise<{ userId: string }> {
  const userId = await spendAccountToken(em, token, "VERIFY_EMAIL");
  if (userId === null) throw tokenInvalid();
  await query(em, "update app_user set email_verified_at = coalesce(email_verified_at, now()), updated_at = now() where id = $1", [userId]);
  return { userId };
}

/** Sends a link for choosing a new password, if the address has an account. An unknown one is as much work and answered alike. */
export async function requestPasswordReset(em: EntityManager, { email }: { email: string }): Promise<void> {
  // Not as an entity: making one of the row takes long enough to be measured from outside. Nobody has the new id, so nobody gets that mail.
  const [account] = await query<{ id: string }>(em, "select id from app_user where email = $1", [email.trim().replaceAll("\0", "")]);
  await sendMail(em, account?.id ?? newId(), "RESET_PASSWORD");
}

/** @throws {Refusal} TOKEN_INVALID: asked before the work of hashing, and again by `resetPassword` */
export async function requireResetToken(em: EntityManager, token: string): Promise<void> {
  if ((await findTokenOwner(em, token, "RESET_PASSWORD")) === null) throw tokenInvalid();
}

/**
 * Sets a new password by a link of a mail. Everybody who was signed in is signed out; the address is confirmed, since the mail was read.
 *
 * @throws {Refusal} TOKEN_INVALID
 */
export async function resetPassword(em: EntityManager, { token, passwordHash }: { token: string; passwordHash: string }): Promise<void> {
  const userId = await spendAccountToken(em, token, "RESET_PASSWORD");
  if (userId === null) throw tokenInvalid();
  const [changed] = await query(
    em,
    `update app_user set password_hash = $2, email_verified_at = coalesce(email_verified_at, now()), token_generation = token_generation + 1, updated_at = now()
     where id = $1 and active returning 1`,
    [userId, passwordHash],
  );
  if (changed === undefined) throw tokenInvalid();
  await query(em, "delete from refresh_token where user_id = $1", [userId]);
  await query(em, "delete from account_token where user_id = $1", [userId]);
  await sendMail(em, userId, "PASSWORD_CHANGED");
}

/** Where a new picture is named. */
export const AVATAR_FIELD = ["input", "avatarUploadId"];

export interface ProfileChange {
  readonly fullName: string;
  readonly bio?: string | null | undefined;
  readonly timeZone: string;
  readonly avatarUploadId?: string | null | undefined;
}

/**
 * Replaces what a person tells about themselves; the picture stays unless a new upload is named.
 *
 * @throws {Refusal} REQUIRED, INVALID for each field that does not keep its rule; UPLOAD_MISSING: there is no such picture of the person's
 */
export async function updateProfile(em: EntityManager, { userId, input }: { userId: string; input: ProfileChange }): Promise<void> {
  const check = new InputCheck();
  const fullName = check.text(input.fullName, ["input", "fullName"], { what: "The name", min: 1, max: 200 });
  const bio = check.optionalText(input.bio, ["input", "bio"], { what: "The text about yourself", max: 2_000 });
  check.done();
  const { avatarUploadId = null, timeZone } = input;
  const [before] = await query<{ avatar_file_id: string | null }>(em, "select avatar_file_id from app_user where id = $1 for no key update", [userId]);
  if (avatarUploadId !== null) {
    await claimFiles(em, { ownerId: userId, purpose: "AVATAR", uploads: [{ id: avatarUploadId, field: AVATAR_FIELD }] });
    if (before?.avatar_file_id != null) await releaseFiles(em, [before.avatar_file_id]);
  }
  await query(
    em,
    "update app_user set full_name = $2, bio = $3, time_zone = $4, avatar_file_id = coalesce($5::uuid, avatar_file_id), updated_at = now() where id = $1",
    [userId, fullName, bio, timeZone, avatarUploadId],
  );
}

const sendMail = (em: EntityManager, userId: string, template: AccountTemplate): Promise<string> => send(em, SendAccountMailCommand, { userId, template });
