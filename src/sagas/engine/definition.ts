import { t, type AnyEvent, type CommandContract, type EventContract, type Obj, type Schema, type Shape } from "../../outbox/index.ts";
import {
  codeHashOf,
  compileBranch,
  compileReflect,
  type Definition,
  type Interrupt,
  type Node,
  type Notice,
  type Reminder,
  type StepNode,
  type Undo,
} from "./compiled.ts";
import { durationMs, type Duration } from "./duration.ts";
import { next, type GroupOutcome, type GroupStepOutcome, type Next, type Outcome, type Park, type Skip, type WaitOutcome } from "./outcome.ts";
import { noRetry, noticeRetry, undoRetry, type Retry } from "./retry.ts";
import { subSagaStep } from "./sub-saga.ts";

/** What the mapping functions of a definition may know besides the saga's data. */
export interface Meta {
  /** Run of the step; for an undo, the run that is being undone. The same over all attempts. */
  readonly stepRunId: string;
  /** Counted from 1. */
  readonly attempt: number;
  /** The database's time of the decision. */
  readonly now: Date;
  /** Why the saga failed, as a sentence; empty while it goes forward. */
  readonly reason: string;
}

/** A declared reason for failing: the code that callers see, the sentence people read. */
export interface ReasonDefinition<D> {
  readonly code: string;
  readonly message: string | ((data: Readonly<D>) => string);
  /** A person ended the saga: its status is CANCELLED, not FAILED. */
  readonly cancels?: true;
}

// The payload and data types below only connect what one definition says in different places; see the type tests for
// what each of them refuses. Three rules keep inference alive: replies are mapped by key without `as`, payload types are
// `const` with NoInfer where they are used, and lists are readonly.
type Save<D, P> = (event: P, data: Readonly<D>) => Partial<D>;
type PayloadOf<R extends readonly AnyEvent[], K> = Extract<R[number], { readonly name: K }>["payload"];
type Arm<D, P, O> = O | { readonly save?: Save<D, P>; readonly then: O };
type Literal<P> = { [K in keyof P & string]: [P[K]] extends [boolean] ? K : [P[K]] extends [string] ? (string extends P[K] ? never : K) : never }[keyof P &
  string];
type Cases<V, A> = [V] extends [boolean] ? { readonly true: A; readonly false: A } : { readonly [K in V & string]: A };
type ByEvent<D, P, O> = { [K in Literal<P>]: { readonly by: K; readonly cases: Cases<P[K], Arm<D, P, O>> } }[Literal<P>];
type ByData<D, P, O> = {
  [K in Literal<Required<D>>]: { readonly byData: K; readonly cases: Cases<Exclude<D[K], undefined>, Arm<D, P, O>> };
}[Literal<Required<D>>];
export type Branch<D, P, O> = Arm<D, P, O> | ByEvent<D, P, O> | ByData<D, P, O>;
type Answers<D, R extends readonly AnyEvent[], O> = { readonly [K in R[number]["name"]]: Branch<D, PayloadOf<R, K>, O> };

type Mapping<D, P> = (data: Readonly<D>, meta: Meta) => NoInfer<P>;
type UndoDefinition<D, P, R extends readonly AnyEvent[]> = {
  readonly invoke: CommandContract<string, P, R>;
  readonly with: Mapping<D, P>;
  /** Default: any reply means undone. `next` says so; `park` asks an operator; `skip` notes that the effect stays. */
  readonly onReply?: Answers<D, R, Next | Park | Skip>;
  /** Default: 1 s, 3 s, 5 s, 1 min, 5 min, 30 min, then hourly for a day. */
  readonly retry?: Retry;
  readonly attemptTimeout?: Duration;
  /** `park` (default): stand and ask an operator. `continue`: note that the effect stays and undo the rest. */
  readonly ifExhausted?: "park" | "continue";
};
type NoticeDefinition<D, P> = {
  readonly invoke: CommandContract<string, P>;
  readonly with: Mapping<D, P>;
  /** Default: 1 s, 3 s, 5 s, 1 min, 5 min, 30 min. Nothing waits for it; used up, it is a dead letter. */
  readonly retry?: Retry;
  /** Default: 30 s. */
  readonly attemptTimeout?: Duration;
};
/** `every`: counted from the entry of the state. `at`: instants; those that have passed at the entry are left out. */
type ReminderDefinition<D, P> = NoticeDefinition<D, P> &
  ({ readonly every: Duration; readonly at?: undefined } | { readonly at: readonly ((data: Readonly<D>) => Date)[]; readonly every?: undefined });
type Effect<D, UP, UR extends readonly AnyEvent[]> =
  | { readonly compensate: UndoDefinition<D, UP, UR>; readonly effect?: undefined }
  | { readonly effect: "none" | "irreversible"; readonly compensate?: undefined };

/** A command with what its answers mean and how it is undone. */
export type GroupStepDefinition<D, O, P, R extends readonly AnyEvent[], UP, UR extends readonly AnyEvent[]> = {
  readonly invoke: CommandContract<string, P, R>;
  readonly with: Mapping<D, P>;
  readonly onReply: Answers<D, R, O>;
  /** Default: one attempt. */
  readonly retry?: Retry;
  /** Bounds one attempt. Default: 30 s. */
  readonly attemptTimeout?: Duration;
  readonly onExhausted: O;
} & Effect<D, UP, UR>;

export type StepDefinition<
  D,
  St extends string,
  Fi extends string,
  Re extends string,
  P,
  R extends readonly AnyEvent[],
  UP,
  UR extends readonly AnyEvent[],
  MP,
> = GroupStepDefinition<D, Outcome<St, Fi, Re>, P, R, UP, UR> & {
  /** A command sent while the answer is outstanding: asks again, or asks somebody to hurry. */
  readonly remind?: ReminderDefinition<D, MP>;
  /** Bounds the step from command to applied reply, all attempts included, and says what then. */
  readonly timeout: readonly [Duration, Outcome<St, Fi, Re>];
};

export interface SubSagaDefinition<D, O, N extends string, D2, S2 extends string, F2 extends string, P> {
  readonly saga: Saga<N, D2, S2, F2>;
  /** The event that it starts on, and its payload. It is begun only where its key has no saga yet. */
  readonly start: EventContract<string, P>;
  readonly with: Mapping<D, P>;
  /** What each of its ends means; `save` takes of its data. */
  readonly onEnd: { readonly [F in F2]: Arm<D, D2, O> };
  /** Its key has a saga already. */
  readonly onRefused: O;
}

// An interface and no intersection: of an intersection, where a property is missing, the compiler would infer nothing, and complain of something else.
export interface TimedSubSagaDefinition<D, O, N extends string, D2, S2 extends string, F2 extends string, P> extends SubSagaDefinition<D, O, N, D2, S2, F2, P> {
  /** Bounds it from its beginning to its end, and says what then. */
  readonly timeout: readonly [Duration, O];
}

export type GroupDefinition<D, St extends string, Fi extends string, Re extends string> = {
  /** Bounds the group from its first command to its last applied reply, and says what then; steps that are done stay done. */
  readonly timeout: readonly [Duration, Outcome<St, Fi, Re>];
  /** Where it leads once every step has ended, or that by a field of the data. Default: `next`. */
  readonly then?: GroupOutcome<St, Fi, Re> | ByData<D, never, GroupOutcome<St, Fi, Re>>;
};

type Keyed<D, K extends keyof D> = AnyEvent & { readonly payload: { readonly [k in K]: D[K] } };
export type WaitDefinition<D, St extends string, Fi extends string, Re extends string, R extends readonly AnyEvent[], MP, TP> = {
  readonly for: R;
  readonly on: Answers<D, R, WaitOutcome<St, Fi, Re>>;
  /** A function of the data gives an instant of the business, which moves with the data when an event is noted with `stay`. */
  readonly deadline: readonly [Duration | ((data: Readonly<D>) => Date), Outcome<St, Fi, Re>];
  /** A command sent at instants, or every so often, while the wait stands. */
  readonly remind?: ReminderDefinition<D, MP>;
  /** A notice sent whenever an event is noted with `stay`, best effort: the wait stands on whatever becomes of it. */
  readonly tell?: NoticeDefinition<D, TP>;
  /** The business outcome is known from here on. */
  readonly goal?: true;
};

/** Value of a column for one state: left alone when null; a failed final may differ by reason, an operator's cancellation included. */
type Reflected<Re extends string> =
  | string
  | null
  | ({ readonly otherwise: string } & { readonly [R in Re | "CancelledByOperator" | "UndoneWithParent"]?: string });

declare const MISSING: unique symbol;
/** What `build()` is called on while states are still undefined; the compiler's message names them. */
export interface StatesStillUndefined<S extends string> {
  readonly [MISSING]: S;
}

/** A built definition. The type parameters serve migrations and the test kit; the engine reads `definition`. */
export interface Saga<N extends string = string, D = unknown, St extends string = string, Fi extends string = string> {
  readonly name: N;
  readonly version: number;
  readonly definition: Definition;
  readonly types?: { readonly data: (data: D) => D; readonly states: St; readonly finals: Fi };
}

type Head<S extends Shape, K extends string, St extends readonly string[], Fi, Re extends string> = {
  readonly version: number;
  readonly data: S;
  /** The data field that is the business key: one saga per name and key. */
  readonly key: K;
  /** Data fields with the ids of the people who may watch the saga. */
  readonly participants?: readonly (keyof S & string)[];
  readonly states: St;
  readonly finals: Fi;
  readonly reasons: { readonly [R in Re]: ReasonDefinition<Obj<S>> };
};

/** Collects the steps of one group. */
class Group<D, Re extends string, Todo extends string> {
  private readonly add: (state: string, step: Omit<StepNode, "timeoutMs" | "onTimeout" | "group">) => void;
  declare readonly typesOnly?: [D, Re, Todo];

  constructor(add: Group<D, Re, Todo>["add"]) {
    this.add = add;
  }

  /** One of the steps that run at a time. */
  step<const S extends Todo, const P, R extends readonly AnyEvent[], const UP, const UR extends readonly AnyEvent[]>(
    state: S,
    step: GroupStepDefinition<D, GroupStepOutcome<Re>, P, R, UP, UR>,
  ): Group<D, Re, Exclude<Todo, S>> {
    this.add(state, stepOf(state, step));
    return this as never;
  }

  /** A saga that is begun beside the other steps. */
  subSaga<const S extends Todo, N extends string, D2, S2 extends string, F2 extends string, const P>(
    state: S,
    subSaga: SubSagaDefinition<D, GroupStepOutcome<Re>, N, D2, S2, F2, P>,
  ): Group<D, Re, Exclude<Todo, S>> {
    this.add(state, subSagaStep(state, { ...subSaga, saga: subSaga.saga.definition } as never));
    return this as never;
  }
}

/** `Gr`: states that are steps of groups. `Todo`: states that are not defined yet. */
class Builder<N extends string, D, K extends keyof D, St extends string, Fi extends string, Re extends string, Todo extends string, Gr extends string = never> {
  private readonly draft: Definition;
  private readonly nodes: Map<string, Node>;
  private readonly interrupts: Interrupt[];
  declare readonly typesOnly?: [N, D, K, St, Fi, Re, Todo, Gr];

  constructor(draft: Definition, nodes: Map<string, Node>, interrupts: Interrupt[]) {
    this.draft = draft;
    this.nodes = nodes;
    this.interrupts = interrupts;
  }

  /** Birth: which event starts the saga, under which key, in which state and with which data. */
  startOn<P, const S extends Todo, const UP, UR extends readonly AnyEvent[]>(
    event: EventContract<string, P>,
    start: {
      state: S;
      key: (event: P) => D[K];
      init: (event: P) => D;
      /** Undoes what the starting transaction itself did. */
      compensate?: UndoDefinition<D, UP, UR>;
      /** What the event means when the key's saga has ended. Default: refuse. */
      afterFinal?: "refuse" | "again";
    },
  ): Builder<N, D, K, St, Fi, Re, Exclude<Todo, S>, Gr> {
    this.nodes.set(start.state, { kind: "milestone", state: start.state, goal: false });
    Object.assign(this.draft, {
      start: {
        event,
        state: start.state,
        key: start.key,
        init: start.init,
        undo: start.compensate === undefined ? null : undoOf(start.compensate),
        afterFinal: start.afterFinal ?? "refuse",
      },
    });
    return this as never;
  }

  /** A state that sends one command when it is entered. */
  step<const S extends Todo, const P, R extends readonly AnyEvent[], const UP, UR extends readonly AnyEvent[], const MP>(
    state: S,
    step: StepDefinition<D, St, Fi, Re, P, R, UP, UR, MP>,
  ): Builder<N, D, K, St, Fi, Re, Exclude<Todo, S>, Gr> {
    const [timeout, onTimeout] = step.timeout;
    const remind = step.remind === undefined ? null : reminderOf(step.remind);
    this.nodes.set(state, { ...stepOf(state, step), remind, timeoutMs: durationMs(timeout), onTimeout, group: null });
    return this as never;
  }

  /**
   * A state that begins another saga and waits for its end. Should this saga fail, the other is undone: whatever it has done by then,
   * also where it had ended well, by a run of its own.
   */
  subSaga<const S extends Todo, N2 extends string, D2, S2 extends string, F2 extends string, const P>(
    state: S,
    subSaga: TimedSubSagaDefinition<D, Outcome<St, Fi, Re>, N2, D2, S2, F2, P>,
  ): Builder<N, D, K, St, Fi, Re, Exclude<Todo, S>, Gr> {
    const [timeout, onTimeout] = subSaga.timeout;
    const step = subSagaStep(state, { ...subSaga, saga: subSaga.saga.definition } as never);
    this.nodes.set(state, { ...step, timeoutMs: durationMs(timeout), onTimeout, group: null });
    return this as never;
  }

  /**
   * A state whose steps run at the same time. It is left when the last of them has ended; the first that fails ends it at once, and what
   * the others did, or may yet do, is undone with it. The undos of a group run together, those of the states before it after them.
   */
  parallel<const S extends Todo, Left extends string>(
    state: S,
    steps: (group: Group<D, Re, Exclude<Todo, S>>) => Group<D, Re, Left>,
    group: GroupDefinition<D, St, Fi, Re>,
  ): Builder<N, D, K, St, Fi, Re, Left, Gr | Exclude<Todo, S | Left>> {
    const timeoutMs = durationMs(group.timeout[0]);
    const onTimeout = group.timeout[1];
    const members: StepNode[] = [];
    steps(new Group((_, step) => void members.push({ ...step, timeoutMs, onTimeout, group: state })));
    this.nodes.set(state, { kind: "group", state, steps: members.map((step) => step.state), timeoutMs, onTimeout, then: compileBranch(group.then ?? next) });
    for (const step of members) this.nodes.set(step.state, step);
    return this as never;
  }

  /** A state that is passed through and recorded. `goal`: the business outcome is known from here on. */
  milestone<const S extends Todo>(state: S, options: { goal?: true } = {}): Builder<N, D, K, St, Fi, Re, Exclude<Todo, S>, Gr> {
    this.nodes.set(state, { kind: "milestone", state, goal: options.goal === true });
    return this as never;
  }

  /** A state that stands until one of its events or its deadline. */
  wait<const S extends Todo, const R extends readonly Keyed<D, K>[], const MP, const TP>(
    state: S,
    wait: WaitDefinition<D, St, Fi, Re, R, MP, TP>,
  ): Builder<N, D, K, St, Fi, Re, Exclude<Todo, S>, Gr> {
    const [until, onDeadline] = wait.deadline;
    this.nodes.set(state, {
      kind: "wait",
      state,
      events: wait.for,
      on: branches(wait.on),
      deadline: (typeof until === "function" ? until : { afterMs: durationMs(until) }) as never,
      onDeadline,
      remind: wait.remind === undefined ? null : reminderOf(wait.remind),
      tell: wait.tell === undefined ? null : noticeOf(wait.tell),
      goal: wait.goal === true,
    });
    return this as never;
  }

  /** An event that is accepted in many states, such as a cancellation. */
  interrupt<P extends { readonly [k in K]: D[K] }>(
    event: EventContract<string, P>,
    options: { during: "any" | readonly St[]; save?: Save<D, P>; then: Outcome<St, Fi, Re>; whenFinal?: "note" | "refuse" },
  ): this {
    this.interrupts.push({
      event,
      during: options.during === "any" ? "any" : new Set<string>(options.during),
      save: (options.save ?? null) as never,
      then: options.then,
      whenFinal: options.whenFinal ?? "refuse",
    });
    return this;
  }

  /**
   * Writes a business status for every state and final, in the same commit. `reason` names columns `<reason>_code`,
   * `<reason>_message` and `<reason>_at` that get the reason of a failed final.
   */
  reflect(table: string, columns: { readonly status: string; readonly reason?: string }, as: { readonly [S in Exclude<St, Gr> | Fi]: Reflected<Re> }): this {
    Object.assign(this.draft, { reflect: compileReflect(table, columns, as) });
    return this;
  }

  /** Where a failed saga ends once the undo is complete, and whom to tell then (best effort: nothing waits for it). */
  onFailed<const TP>(options: { final: Fi; tell?: NoticeDefinition<D, TP> }): this {
    Object.assign(this.draft, { failedFinal: options.final, tell: options.tell === undefined ? null : noticeOf(options.tell) });
    return this;
  }

  build(this: [Todo] extends [never] ? Builder<N, D, K, St, Fi, Re, Todo, Gr> : StatesStillUndefined<Todo>): Saga<N, D, Exclude<St, Gr>, Fi> {
    const { draft } = this as unknown as { readonly draft: Definition };
    return { name: draft.name as N, version: draft.version, definition: { ...draft, codeHash: codeHashOf(draft) } };
  }
}

function branches(answers: Readonly<Record<string, unknown>>): Map<string, ReturnType<typeof compileBranch>> {
  return new Map(Object.entries(answers).map(([name, branch]) => [name, compileBranch(branch)]));
}

/** What a step is by itself; who runs it adds how long it may take. */
function stepOf<D, O, P, R extends readonly AnyEvent[], UP, UR extends readonly AnyEvent[]>(
  state: string,
  step: GroupStepDefinition<D, O, P, R, UP, UR>,
): Omit<StepNode, "timeoutMs" | "onTimeout" | "group"> {
  return {
    kind: "step",
    state,
    command: step.invoke,
    with: step.with as never,
    replies: branches(step.onReply),
    undo: step.compensate === undefined ? null : undoOf(step.compensate),
    effect: step.effect ?? "undo",
    begins: null,
    retry: step.retry ?? noRetry,
    attemptTimeoutMs: durationMs(step.attemptTimeout ?? "30s"),
    remind: null,
    onExhausted: step.onExhausted as never,
  };
}

function undoOf<D, P, R extends readonly AnyEvent[]>(undo: UndoDefinition<D, P, R>): Undo {
  return {
    command: undo.invoke,
    with: undo.with as never,
    retry: undo.retry ?? undoRetry,
    attemptTimeoutMs: durationMs(undo.attemptTimeout ?? "30s"),
    ifExhausted: undo.ifExhausted ?? "park",
    replies: undo.onReply === undefined ? null : branches(undo.onReply),
  };
}

function noticeOf<D, P>(notice: NoticeDefinition<D, P>): Notice {
  return {
    command: notice.invoke,
    with: notice.with as never,
    retry: notice.retry ?? noticeRetry,
    attemptTimeoutMs: durationMs(notice.attemptTimeout ?? "30s"),
  };
}

const reminderOf = <D, P>(reminder: ReminderDefinition<D, P>): Reminder => ({
  ...noticeOf(reminder),
  when: reminder.every === undefined ? { at: reminder.at as never } : { everyMs: durationMs(reminder.every) },
});

/**
 * Begins a definition. States, finals and reasons are declared first, so that every later mention is checked and completed
 * by the editor. States follow each other in the order in which `startOn`, `step`, `milestone` and `wait` define them.
 */
export function saga<
  const N extends string,
  S extends Shape,
  const K extends keyof Obj<S> & string,
  const St extends readonly string[],
  const Fi extends Readonly<Record<string, "succeeded" | "failed">>,
  const Re extends string,
>(name: N, head: Head<S, K, St, Fi, Re>): Builder<N, Obj<S>, K, St[number], keyof Fi & string, Re, St[number]> {
  const nodes = new Map<string, Node>();
  const interrupts: Interrupt[] = [];
  const draft: Definition = {
    name,
    version: head.version,
    key: head.key,
    data: t.obj(head.data) as Schema<unknown> as Definition["data"],
    participants: head.participants ?? [],
    states: head.states,
    finals: head.finals,
    reasons: head.reasons as Definition["reasons"],
    start: null,
    nodes,
    interrupts,
    reflect: null,
    failedFinal: null,
    tell: null,
    codeHash: "",
    versions: new Map(),
  };
  return new Builder(draft, nodes, interrupts);
}
