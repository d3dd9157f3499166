import { derivedId, isId, newId } from "../kernel/ids.ts";
import { t, type Obj, type Schema, type Shape } from "./schema.ts";

/** Contract of a fact in the past tense. `payload` exists for the type checker only. */
export interface EventContract<N extends string = string, P = unknown> {
  readonly kind: "event";
  readonly name: N;
  readonly schema: Schema<P>;
  readonly payload: P;
}

/** Contract of an order to one participant, with the closed list of its replies. */
export interface CommandContract<N extends string = string, P = unknown, R extends readonly AnyEvent[] = readonly AnyEvent[]> {
  readonly kind: "command";
  readonly name: N;
  readonly schema: Schema<P>;
  readonly payload: P;
  readonly replies: R;
}

// Contracts are invariant in their payload, so the types that accept every contract have to give the payload up.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyEvent = EventContract<string, any>;
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyCommand = CommandContract<string, any, readonly AnyEvent[]>;

/** Declares an event. The name is what is stored, queued, logged and shown; it is never derived from code. */
export function event<const N extends string, S extends Shape>(name: N, shape: S): EventContract<N, Obj<S>> {
  return { kind: "event", name, schema: t.obj(shape), payload: undefined as never };
}

/** Declares a command and every reply its participant may give. */
export function command<const N extends string, S extends Shape, const R extends readonly AnyEvent[]>(
  name: N,
  shape: S,
  ...replies: R
): CommandContract<N, Obj<S>, R> {
  return { kind: "command", name, schema: t.obj(shape), payload: undefined as never, replies };
}

/** Where a reply belongs: the run of a step that waits for it. Opaque to the outbox. */
export interface ReplyTo {
  readonly runId: string;
  /** Attempt of that run, counted from 1. */
  readonly attempt: number;
}

/** A message under way, its payload still JSON. `id` is given once, in the sender's transaction, and is also the job's id. */
export interface Envelope {
  readonly id: string;
  readonly name: string;
  readonly payload: unknown;
  /** The business flow; for everything a saga sends, the saga's id. */
  readonly correlationId: string | null;
  /** The message that caused this one. */
  readonly causationId: string | null;
  readonly replyTo: ReplyTo | null;
  /** Of a command without a reply address, which the outbox itself tries again: how often it has failed. Left out: never. */
  readonly failedAttempts?: number;
  /** Milliseconds that carrying it out took, where that was before the transaction that records it. Never stored. */
  readonly tookMs?: number;
}

/** A message with its contract, as handed to subscribers in the sender's transaction. */
export interface Published {
  readonly id: string;
  readonly contract: AnyEvent;
  readonly payload: unknown;
  readonly correlationId: string | null;
  readonly causationId: string | null;
  readonly replyTo: ReplyTo | null;
  /** The saga, and its run, that begins another one by the event. */
  readonly begunBy?: { readonly sagaId: string; readonly runId: string };
  /** The event asks a sub-saga to be undone, and says which saga, and which run of it, is told when it is. */
  readonly undoes?: { readonly sagaId: string; readonly type: string; readonly subjectId: string; readonly by: string; readonly reportTo: string };
  /** Of a reply: milliseconds that carrying out its command took, where that was before this transaction. */
  readonly tookMs?: number;
}

/** An event ready to be published: contract and payload, checked against each other by the compiler. */
export interface EventMessage {
  readonly contract: AnyEvent;
  readonly payload: unknown;
}

export const occur = <N extends string, P>(
  contract: EventContract<N, P>,
  payload: NoInfer<P>,
): EventMessage & { readonly contract: EventContract<N, P>; readonly payload: P } => ({ contract, payload });

/** An event as a subscriber hears it. `cause`: the command that it answers; `messageId`: by which a second delivery is recognised. */
export const published = (message: EventMessage, { cause, messageId }: { cause?: Envelope | undefined; messageId?: string | undefined } = {}): Published => ({
  id: messageId === undefined ? newId() : foreignId(message.contract.name, messageId),
  contract: message.contract,
  payload: message.payload,
  correlationId: cause?.correlationId ?? null,
  causationId: cause?.id ?? null,
  replyTo: cause?.replyTo ?? null,
  ...(cause?.tookMs === undefined ? {} : { tookMs: cause.tookMs }),
});

/** Senders outside name their messages as they like, and no two need to agree on more than one event. */
function foreignId(eventName: string, messageId: string): string {
  const text = `${eventName} ${messageId}`;
  return isId(messageId) ? messageId.toLowerCase() : derivedId(text);
}

/** The queue of a command: its name in kebab case without the suffix, e.g. `check-course-capacity`. */
export const queueOf = (commandName: string): string =>
  commandName
    .replace(/Command$/, "")
    .replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter}`)
    .toLowerCase();
