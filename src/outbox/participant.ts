import type { EntityManager } from "@mikro-orm/postgresql";
import type { AnyCommand, AnyEvent, CommandContract, EventContract, EventMessage } from "./message.ts";

/** One command as its participant sees it. */
export interface Delivery<P> {
  readonly payload: P;
  /** Message id, new for every attempt. */
  readonly messageId: string;
  /** Stable over all attempts of one step run: the idempotency key towards the outside. */
  readonly runId: string;
  /** Counted from 1. */
  readonly attempt: number;
  /** The saga that sent it; null: none did. */
  readonly sagaId: string | null;
}

type PayloadOf<C> = C extends { readonly payload: infer P } ? P : never;
type Reply<R extends readonly AnyEvent[]> = {
  [K in keyof R]: R[K] extends EventContract<string, infer P> ? { readonly contract: R[K]; readonly payload: P } : never;
}[number];
/** What `later` gives: the place of a reply that comes from outside. */
export interface Later {
  readonly answers: "later";
}
const LATER: Later = Object.freeze({ answers: "later" });

/**
 * Returned in place of a reply: the command was carried out, and what came of it is known later, outside. Whoever learns it says so
 * by `reply`, with the `runId` of the delivery; until then the step's deadline runs.
 */
export const later = (): Later => LATER;

export const isLater = (answer: EventMessage | Later): answer is Later => answer === LATER;

export type ReplyOf<C extends AnyCommand> = C extends CommandContract<string, infer _P, infer R> ? Reply<R> & EventMessage : never;

/** Carries out a command whose effects are all in the database. Effect, reply, saga, next command and job are one commit. */
export interface TransactionalParticipant<C extends AnyCommand = AnyCommand> {
  readonly mode: "transactional";
  readonly command: C;
  /** One reply per command, or `later()`, in the order of the commands. Runs in the batch's transaction; must neither commit nor flush. */
  readonly handleAll: (em: EntityManager, commands: readonly Delivery<PayloadOf<C>>[]) => Promise<readonly (EventMessage | Later)[]>;
}

/**
 * Carries out a command with an effect outside the database. The job is leased, the effect performed with the run's id as
 * idempotency key (at least once), and its record, the reply and everything after it are one short commit (exactly once).
 */
export interface LeasedParticipant<C extends AnyCommand = AnyCommand, I = unknown, O = unknown> {
  readonly mode: "leased";
  readonly command: C;
  /** Reads what the effect needs, one input per command, for the whole batch at once. */
  readonly loadAll: (em: EntityManager, commands: readonly Delivery<PayloadOf<C>>[]) => Promise<readonly I[]>;
  /** The outside effect. @throws {Transient} to be tried again @throws {Permanent} when trying again is pointless */
  readonly perform: (input: I, delivery: Delivery<PayloadOf<C>>, signal: AbortSignal) => Promise<O>;
  /** Writes what was done, in the settling transaction; one reply per command, or `later()`, in order. */
  readonly recordAll: (
    em: EntityManager,
    done: readonly { readonly delivery: Delivery<PayloadOf<C>>; readonly input: I; readonly output: O }[],
  ) => Promise<readonly (EventMessage | Later)[]>;
}

// A list of participants holds commands of every payload.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyParticipant = TransactionalParticipant<any> | LeasedParticipant<any, any, any>;

/** A participant that takes its commands one at a time; its reads may meet in the EntityManager, its writes in one flush. */
export function handle<C extends AnyCommand>(
  command: C,
  one: (em: EntityManager, delivery: Delivery<PayloadOf<C>>) => Promise<ReplyOf<C> | Later>,
): TransactionalParticipant<C> {
  return {
    mode: "transactional",
    command,
    async handleAll(em, commands) {
      const replies = await Promise.all(commands.map((delivery) => one(em, delivery)));
      await em.flush();
      return replies;
    },
  };
}

/** A participant that takes its commands as a set: commands in, one reply per command out, by a handful of statements. */
export function handleAll<C extends AnyCommand>(
  command: C,
  all: (em: EntityManager, commands: readonly Delivery<PayloadOf<C>>[]) => Promise<readonly (ReplyOf<C> | Later)[]>,
): TransactionalParticipant<C> {
  return { mode: "transactional", command, handleAll: all };
}

/** A participant whose effect is outside the database. */
export function leased<C extends AnyCommand, I, O>(
  command: C,
  parts: {
    loadAll: (em: EntityManager, commands: readonly Delivery<PayloadOf<C>>[]) => Promise<readonly I[]>;
    perform: (input: I, delivery: Delivery<PayloadOf<C>>, signal: AbortSignal) => Promise<O>;
    recordAll: (
      em: EntityManager,
      done: readonly { readonly delivery: Delivery<PayloadOf<C>>; readonly input: I; readonly output: O }[],
    ) => Promise<readonly (ReplyOf<C> | Later)[]>;
  },
): LeasedParticipant<C, I, O> {
  return { mode: "leased", command, ...parts };
}
