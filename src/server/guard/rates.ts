import { GraphQLError } from "graphql";
import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";
import type { LimitedCalls } from "../../schema/limited.ts";
import { networkOf } from "./address.ts";
import type { Limits } from "./limits.ts";

/** Who pays for an operation. */
export interface Payer {
  readonly userId: string | null;
  /** Pays when nobody is signed in; a whole campus may share one, so nothing that is signed in is counted by it. */
  readonly address: string;
}

/** One call of a field that is counted by itself. */
export interface Call {
  readonly calls: LimitedCalls;
  /** Name of the mutation. */
  readonly field: string;
  readonly account: string | null;
  readonly idempotencyKey: string | null;
}

/** What is left of a payer's points. */
export interface Balance {
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
}

/** What an operation cost, or its refusal, and what is left. */
export interface Receipt extends Balance {
  readonly cost: number;
}

const MINUTE = 60;
/** How long a key that was counted is known, in seconds. */
const KEY_MEMORY = 3_600;

/**
 * Counts what callers spend, in windows of fixed length, in the memory of this process: with n processes behind a load balancer a caller gets
 * up to n times as much.
 */
export class Rates {
  readonly #users: RateLimiterMemory;
  readonly #addresses: RateLimiterMemory;
  readonly #accounts: RateLimiterMemory;
  readonly #signInAddresses: RateLimiterMemory;
  readonly #starts: RateLimiterMemory;
  readonly #keys = new RateLimiterMemory({ points: 1, duration: KEY_MEMORY });

  constructor(limits: Limits) {
    // As many points as may be spent at once, in windows so short that they add up to the points of a minute.
    this.#users = new RateLimiterMemory({ points: limits.maxUserCostAtOnce, duration: (MINUTE * limits.maxUserCostAtOnce) / limits.maxUserCostPerMinute });
    this.#addresses = new RateLimiterMemory({ points: limits.maxAnonymousCostPerMinute, duration: MINUTE });
    this.#accounts = new RateLimiterMemory({ points: limits.maxSignInsPerAccount, duration: MINUTE });
    this.#signInAddresses = new RateLimiterMemory({ points: limits.maxSignInsPerAddress, duration: MINUTE });
    this.#starts = new RateLimiterMemory({ points: limits.maxStartsPerUser, duration: MINUTE });
  }

  /** @throws {GraphQLError} RATE_LIMITED when the payer has nothing left at all */
  async requireCredit(payer: Payer): Promise<void> {
    const [limiter, key] = this.#purseOf(payer);
    const state = await limiter.get(key);
    if (state !== null && state.consumedPoints >= limiter.points)
      throw rateLimited(state.msBeforeNext, balanceHeaders({ cost: 0, ...balanceOf(limiter, state) }));
  }

  /** @throws {GraphQLError} RATE_LIMITED when less is left than the cost; then nothing is taken */
  async charge(payer: Payer, cost: number): Promise<Balance> {
    const [limiter, key] = this.#purseOf(payer);
    try {
      return balanceOf(limiter, await limiter.consume(key, cost));
    } catch (refusal) {
      await limiter.reward(key, cost);
      throw rateLimited((refusal as RateLimiterRes).msBeforeNext);
    }
  }

  /** Takes points for something that was refused, whether or not there are any. */
  async fine(payer: Payer, cost: number): Promise<Balance> {
    const [limiter, key] = this.#purseOf(payer);
    return balanceOf(limiter, await limiter.penalty(key, cost));
  }

  /** @throws {GraphQLError} RATE_LIMITED */
  async count(payer: Payer, call: Call): Promise<void> {
    if (call.calls === "sign-in") {
      await take(this.#signInAddresses, networkOf(payer.address));
      if (call.account !== null) await take(this.#accounts, call.account);
    } else if (payer.userId !== null) await this.#countStart(payer.userId, call);
  }

  async #countStart(userId: string, { field, idempotencyKey }: Call): Promise<void> {
    if (idempotencyKey === null) return take(this.#starts, userId);
    const key = `${userId} ${field} ${idempotencyKey}`;
    const isRepeated = await this.#keys.consume(key).then(
      () => false,
      () => true,
    );
    if (isRepeated) return;
    try {
      await take(this.#starts, userId);
    } catch (refusal) {
      await this.#keys.delete(key);
      throw refusal;
    }
  }

  #purseOf({ userId, address }: Payer): [RateLimiterMemory, string] {
    return userId === null ? [this.#addresses, networkOf(address)] : [this.#users, userId];
  }
}

async function take(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (refusal) {
    throw rateLimited((refusal as RateLimiterRes).msBeforeNext);
  }
}

const balanceOf = (limiter: RateLimiterMemory, state: RateLimiterRes): Balance => ({
  limit: limiter.points,
  remaining: Math.max(0, limiter.points - state.consumedPoints),
  resetMs: state.msBeforeNext,
});

/** What every answer over HTTP tells of its cost and of what is left. */
export const balanceHeaders = ({ cost, limit, remaining, resetMs }: Receipt): [string, string][] => [
  ["x-query-cost", String(cost)],
  ["x-ratelimit-limit", String(limit)],
  ["x-ratelimit-remaining", String(remaining)],
  ["x-ratelimit-reset", String(Math.ceil(resetMs / 1_000))],
];

function rateLimited(retryAfterMs: number, more: [string, string][] = []): GraphQLError {
  const headers = new Map([["retry-after", String(Math.max(1, Math.ceil(retryAfterMs / 1_000)))], ...more]);
  return new GraphQLError(`Too much was asked for in a short time; try again in ${Math.ceil(retryAfterMs / 1_000)} seconds.`, {
    extensions: { code: "RATE_LIMITED", retryAfterMs: Math.max(1, Math.round(retryAfterMs)), http: { status: 429, headers } },
  });
}
