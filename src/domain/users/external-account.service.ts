import type { EntityManager } from "@mikro-orm/postgresql";
import { isDeepStrictEqual } from "node:util";
import { Defect } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { query } from "../../outbox/index.ts";
import type { ExternalPerson } from "./identity.port.ts";
import { UNKNOWN_ADDRESS, type Role } from "./user.ts";

interface Account {
  readonly id: string;
  readonly email: string;
  readonly roles: readonly Role[];
}

/**
 * The account of a person whom an outside issuer vouches for; made at first sight, as a learner. Later it follows what the issuer says.
 *
 * An address is taken over when the issuer says that it is confirmed and no other account has it: an account that exists is never
 * handed to whoever comes with its address from elsewhere.
 */
export async function adoptExternalAccount(em: EntityManager, person: ExternalPerson): Promise<{ userId: string }> {
  const account = await findOrCreate(em, person);
  if (person.email !== null && person.email.toLowerCase() !== account.email.toLowerCase()) {
    await query(
      em,
      `update app_user set email = $2, email_verified_at = now(), updated_at = now()
       where id = $1 and not exists (select from app_user where email = $2)`,
      [account.id, person.email],
    );
  }
  const roles = person.roles === null ? account.roles : rolesOf(account.roles, person.roles);
  if (!isDeepStrictEqual(new Set(roles), new Set(account.roles)))
    await query(em, "update app_user set roles = $2::text[], updated_at = now() where id = $1", [account.id, roles]);
  return { userId: account.id };
}

async function findOrCreate(em: EntityManager, { issuer, subject, fullName, timeZone }: ExternalPerson): Promise<Account> {
  const find = () => query<Account>(em, "select id, email, roles from app_user where oidc_issuer = $1 and oidc_subject = $2", [issuer, subject]);
  const [known] = await find();
  if (known !== undefined) return known;
  const id = newId();
  await query(
    em,
    `insert into app_user (id, email, oidc_issuer, oidc_subject, full_name, time_zone, roles) values ($1, $2, $3, $4, $5, $6, '{LEARNER}')
     on conflict (oidc_issuer, oidc_subject) do nothing`,
    [id, `${id}${UNKNOWN_ADDRESS}`, issuer, subject, fullName, timeZone],
  );
  // Of two first requests at once, one has made it, and the other waited for that.
  const [account] = await find();
  if (account === undefined) throw new Defect(`The account of ${subject} at ${issuer} was made and is not there`);
  return account;
}

/** The issuer says who works here; who is a mentor is decided here, by an approval. */
function rolesOf(current: readonly Role[], given: readonly string[]): Role[] {
  const fromIssuer = (["REVIEWER", "OPERATOR", "ADMIN"] as const).filter((role) => given.includes(role));
  return ["LEARNER", ...(current.includes("MENTOR") ? (["MENTOR"] as const) : []), ...fromIssuer];
}
