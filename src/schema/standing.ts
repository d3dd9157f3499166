import type { EntityManager } from "@mikro-orm/postgresql";
import type { Actor } from "../domain/actor.ts";
import { findUsers } from "../domain/users/user.queries.ts";
import type { Role, User } from "../domain/users/user.ts";
import { monotonicMs } from "../kernel/clock.ts";

/** Who a verified token says it speaks for. */
export interface TokenSubject {
  readonly userId: string;
  /** The account's generation when the token was issued; null: its issuer knows of none. */
  readonly tokenGeneration: number | null;
  /** What the account was when the token was issued: a role it did not have a moment ago makes it be looked at again. */
  readonly roles?: readonly string[];
}

interface Entry {
  readonly loadedAt: number;
  readonly account: Promise<{ readonly actor: Actor; readonly active: boolean; readonly tokenGeneration: number } | null>;
}

const MAX_ENTRIES = 20_000;

/**
 * What an account's row says today about a token issued earlier: switched off, signed out everywhere, or with other roles.
 * Asked for every request and before every push, and kept for `ttlMs`, so that a change reaches everybody within that time; whoever signs in after a new role has it at once.
 */
export class AccountStanding {
  readonly #em: () => EntityManager;
  readonly #ttlMs: number;
  readonly #entries = new Map<string, Entry>();

  constructor(em: () => EntityManager, ttlMs = 5_000) {
    this.#em = em;
    this.#ttlMs = ttlMs;
  }

  /** Null: the token is good for nothing any more. */
  async actorOf(subject: TokenSubject): Promise<Actor | null> {
    let account = await this.#find(subject.userId);
    if (account !== null && subject.roles?.some((role) => !account?.actor.roles.includes(role as Role))) {
      this.#entries.delete(subject.userId);
      account = await this.#find(subject.userId);
    }
    if (account === null || !account.active) return null;
    if (subject.tokenGeneration !== null && account.tokenGeneration !== subject.tokenGeneration) return null;
    return account.actor;
  }

  /** Looks at all these accounts anew, by one statement; what is asked next is answered from it. */
  async refresh(userIds: readonly string[]): Promise<void> {
    const loadedAt = monotonicMs();
    const users = await findUsers(this.#em(), userIds);
    for (const userId of userIds) this.#entries.set(userId, { loadedAt, account: Promise.resolve(standingOf(users.get(userId))) });
  }

  #find(userId: string): Entry["account"] {
    const now = monotonicMs();
    const known = this.#entries.get(userId);
    if (known !== undefined && now - known.loadedAt < this.#ttlMs) return known.account;
    if (this.#entries.size >= MAX_ENTRIES) this.#entries.clear();
    const account = this.#load(userId);
    this.#entries.set(userId, { loadedAt: now, account });
    // A failed look is not an answer to keep.
    account.catch(() => this.#entries.delete(userId));
    return account;
  }

  async #load(userId: string): Promise<Awaited<Entry["account"]>> {
    return standingOf((await findUsers(this.#em(), [userId])).get(userId));
  }
}

const standingOf = (user: User | undefined): Awaited<Entry["account"]> =>
  user === undefined ? null : { actor: { id: user.id, roles: user.roles }, active: user.active, tokenGeneration: user.tokenGeneration };
