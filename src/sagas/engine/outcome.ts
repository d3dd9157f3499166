/** What a reply, a deadline or the last failed attempt means for the saga. */
export interface Next {
  readonly go: "next";
}
export interface Go<S extends string, O extends Escape<string, string, string> = never> {
  readonly go: "state";
  readonly to: S;
  readonly atMost?: number;
  readonly orElse?: O;
}
export interface Fail<R extends string> {
  readonly go: "fail";
  readonly reason: R;
  readonly partly?: true;
}
export interface Finish<F extends string, R extends string = never> {
  readonly go: "final";
  readonly final: F;
  readonly reason?: R;
}
export interface Park<R extends string = never> {
  readonly go: "park";
  readonly reason?: R;
}
export interface Stay {
  readonly go: "stay";
}
export interface Skip {
  readonly go: "skip";
}

type PlainOutcome<Fi extends string, Re extends string> = Next | Fail<Re> | Finish<Fi, Re> | Park<Re> | Skip;
/** What a loop does instead, once it has gone round often enough. */
type Escape<St extends string, Fi extends string, Re extends string> = PlainOutcome<Fi, Re> | Go<St>;
export type Outcome<St extends string, Fi extends string, Re extends string> = PlainOutcome<Fi, Re> | Go<St, Escape<St, Fi, Re>>;
export type WaitOutcome<St extends string, Fi extends string, Re extends string> = Outcome<St, Fi, Re> | Stay;
/** What one step of a group leads to: it is done, or the saga fails, or it stands, or it is left out. */
export type GroupStepOutcome<Re extends string> = Next | Fail<Re> | Park<Re> | Skip;
/** Where a group leads once all its steps have ended. */
export type GroupOutcome<St extends string, Fi extends string, Re extends string> = Next | Fail<Re> | Finish<Fi, Re> | Go<St, Next | Fail<Re> | Finish<Fi, Re>>;
export type AnyOutcome = WaitOutcome<string, string, string>;

/** On to the state that is declared next. */
export const next: Next = { go: "next" };
/** Stand and ask an operator; the timers stop. */
export const park: Park = { go: "park" };
/** Stand and ask an operator, who is told this reason. */
export const parkFor = <const R extends string>(reason: R): Park<R> => ({ go: "park", reason });
/** Stay in this wait. */
export const stay: Stay = { go: "stay" };
/** Go on without this step; should the saga fail later, the step is undone as if it had happened. */
export const skip: Skip = { go: "skip" };
/** Jump to a state. */
export const go = <const S extends string>(to: S): Go<S> => ({ go: "state", to });
/** Jump back to a state at most `atMost` times in a saga's life, then `orElse`. */
export const loop = <const S extends string, const O extends Escape<string, string, string>>(to: S, atMost: number, orElse: O): Go<S, O> => ({
  go: "state",
  to,
  atMost,
  orElse,
});
/** A business no. As the answer to a reply it also states that this step did nothing. */
export const fail = <const R extends string>(reason: R): Fail<R> => ({ go: "fail", reason });
/** A business no of a step that did something before it said so: the step is undone too. */
export const failPartly = <const R extends string>(reason: R): Fail<R> => ({ go: "fail", reason, partly: true });
/** End here; nothing is undone. A failed final may say why. */
export function finish<const F extends string>(final: F): Finish<F>;
export function finish<const F extends string, const R extends string>(final: F, reason: R): Finish<F, R>;
export function finish(final: string, reason?: string): Finish<string, string> {
  return reason === undefined ? { go: "final", final } : { go: "final", final, reason };
}
