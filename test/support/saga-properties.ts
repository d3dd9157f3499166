import fc from "fast-check";
import type { AnyEvent, EventContract, Fate } from "../../src/outbox/index.ts";
import type { Input } from "../../src/sagas/engine/decide.ts";
import { isFinished, type Instance } from "../../src/sagas/engine/instance.ts";
import type { AnySaga } from "../../src/sagas/engine/registry.ts";
import type { OperatorAction } from "../../src/sagas/engine/operator.ts";
import { remainsOf } from "../../src/sagas/engine/remains.ts";
import { OPERATOR, SagaUnderTest, trouble } from "../../src/sagas/engine/testing.ts";
import { property } from "./property.ts";

/** What a generated life of a saga is made of. */
export interface SagaWorld {
  readonly saga: AnySaga;
  readonly start: readonly [AnyEvent, unknown];
  /** Every event that the saga may hear, replies included, with payloads to choose from. */
  readonly payloads: readonly (readonly [AnyEvent, readonly unknown[]])[];
  readonly cancellation: AnyEvent;
  /** Which command takes back what another did, by name. */
  readonly undoes: Readonly<Record<string, string>>;
  /** Takes back what the starting transaction did. */
  readonly undoesStart?: string;
  /** The answer says that the step changed nothing. */
  readonly didNothing: (event: AnyEvent, payload: unknown) => boolean;
  /** Reasons of ends that are decided and undo nothing. */
  readonly endsWith?: readonly string[];
}

/** Types the payloads of one event for a world. */
export const payloadsOf = <P>(event: EventContract<string, P>, ...payloads: NoInfer<P>[]): readonly [AnyEvent, readonly unknown[]] => [event, payloads];

interface Step {
  readonly kind: "reply" | "fails" | "later" | "event" | "cancel" | "clock" | "put-aside" | "operator" | "redrive";
  readonly isNewest: boolean;
  readonly which: number;
  readonly what: number;
  readonly permanent: boolean;
}

/** Generated steps; the numbers choose among what exists at that moment. */
const stepsOf = (...kinds: Step["kind"][]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom(...kinds),
      isNewest: fc.constantFrom(true, true, true, false),
      which: fc.nat(1_000),
      what: fc.nat(1_000),
      permanent: fc.constantFrom(false, false, false, true),
    }),
    { maxLength: 30 },
  );
const withoutOperators = stepsOf("reply", "reply", "reply", "reply", "fails", "fails", "later", "event", "cancel", "clock", "put-aside");
const withOperators = stepsOf(
  "reply",
  "reply",
  "reply",
  "reply",
  "fails",
  "fails",
  "later",
  "event",
  "cancel",
  "clock",
  "put-aside",
  "operator",
  "operator",
  "redrive",
);

interface Applied {
  readonly before: Instance;
  readonly input: Input;
  readonly fate: Fate;
}

/** A saga under test whose instances are frozen, so that a decision that changes its input is seen. */
class Life extends SagaUnderTest {
  readonly applied: Applied[] = [];
  readonly world: SagaWorld;
  private messages = 0;

  constructor(world: SagaWorld, random: () => number) {
    super(world.saga, world.start[0], world.start[1], random);
    this.world = world;
    freeze(this.instance);
  }

  override take(input: Input): this {
    const before = this.instance;
    super.take(input);
    freeze(this.instance);
    this.applied.push({ before, input, fate: this.last.fate });
    return this;
  }

  /** Null when there is nothing of the kind to do. */
  inputFor({ kind, isNewest, which, what, permanent }: Step): Input | null {
    const messageId = `message-${++this.messages}`;
    const command = isNewest ? this.newest() : pick(this.sent, which);
    switch (kind) {
      case "reply": {
        const contract = pick(command.command.replies, which);
        return { kind: "reply", messageId, runId: command.runId, contract, payload: this.payload(contract, what) };
      }
      case "fails":
        return {
          kind: "attempt-failed",
          messageId,
          runId: command.runId,
          attempt: command.attempt,
          command: command.command.name,
          failure: trouble({ permanent }),
        };
      case "event": {
        const contract = pick(this.world.payloads, which)[0];
        return { kind: "event", messageId, contract, payload: this.payload(contract, what) };
      }
      case "cancel":
        return { kind: "event", messageId, contract: this.world.cancellation, payload: this.payload(this.world.cancellation, what) };
      case "later":
        // Only the command of a step may be answered later.
        if (!this.instance.runs.some((run) => run.id === command.runId)) return null;
        return { kind: "answers-later", messageId, runId: command.runId, attempt: command.attempt, command: command.command.name };
      case "clock": {
        const timers = [this.instance.deadlineAt, this.instance.remindAt].filter((timer) => timer !== null);
        if (timers.length === 0) return null;
        this.now = new Date(Math.max(this.now.getTime(), Math.min(...timers.map((timer) => timer.getTime()))));
        return { kind: "clock" };
      }
      case "operator":
        return { kind: "operator", action: this.action(which, what), actorId: OPERATOR, note: "it had to be" };
      case "redrive": {
        const letter = this.buried[which % Math.max(1, this.buried.length)];
        if (letter === undefined) return null;
        return { kind: "redrive", runId: letter.runId, command: letter.command.name, actorId: OPERATOR, note: null };
      }
      case "put-aside":
        return { kind: "put-aside", messageId, command: command.command.name, fate: "late" };
    }
  }

  /** Any action, possible now or not. */
  action(which: number, what: number): OperatorAction {
    const node = this.world.saga.definition.nodes.get(this.instance.state);
    const answers = node?.kind === "step" ? node.command.replies : node?.kind === "wait" ? node.events : [];
    const answer = answers.length === 0 ? null : pick(answers, what);
    const timer = pick(["DEADLINE", "REMINDER", "NEXT_ATTEMPT"] as const, what);
    const payload = answer === null ? null : (answer.schema.encode(this.payload(answer, what)) as Record<string, unknown>);
    const to = new Date(this.now.getTime() + (what - 100) * 60_000);
    return pick<OperatorAction>(
      [
        { kind: "retry" },
        { kind: "complete", reply: answer?.name ?? null, payload },
        { kind: "skip" },
        { kind: "cancel" },
        { kind: "pause" },
        { kind: "resume" },
        { kind: "move-timer", timer, to },
        { kind: "fire-timer", timer },
      ],
      which,
    );
  }

  /** Cancels whatever still runs, and lets every undo succeed. */
  bringToAnEnd(): void {
    const cancel = this.inputFor({ kind: "cancel", isNewest: true, which: 0, what: 0, permanent: false });
    if (cancel !== null) this.take(cancel);
    for (let count = 0; count < 100 && !isFinished(this.instance) && this.last.commands.length > 0; count += 1) {
      const answer = this.inputFor({ kind: "reply", isNewest: true, which: 0, what: 0, permanent: false });
      if (answer !== null) this.take(answer);
    }
  }

  /** What the command of a run may be answered with. */
  anyAnswerTo(runId: string): { contract: AnyEvent; payload: unknown } {
    const contract = pick(this.sent.find((one) => one.runId === runId)?.command.replies ?? [], 0);
    return { contract, payload: this.payload(contract, 0) };
  }

  private payload(contract: AnyEvent, what: number): unknown {
    const choice = this.world.payloads.find(([event]) => event === contract);
    if (choice === undefined) throw new Error(`The world has no payload for ${contract.name}`);
    return pick(choice[1], what);
  }
}

function pick<T>(all: readonly T[], index: number): T {
  const one = all[index % all.length];
  if (one === undefined) throw new Error("There is nothing to choose from");
  return one;
}

function freeze(value: unknown): void {
  if (value === null || typeof value !== "object" || Object.isFrozen(value)) return;
  Object.freeze(value);
  Object.values(value).forEach(freeze);
}

/** Registers the properties that every saga has, whatever happens to it in whatever order. */
export function sagaProperties(world: SagaWorld): void {
  const { definition } = world.saga;
  const lives =
    (check: (life: Life, script: readonly Step[], last: Step) => void, steps = withoutOperators) =>
    () =>
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })), steps, withOperators, (numbers, script, others) => {
        const last = others[0] ?? { kind: "operator", isNewest: true, which: 3, what: 0, permanent: false };
        check(new Life(world, () => numbers.next().value as number), script, last);
      });
  const play = (life: Life, script: readonly Step[], after: (life: Life) => void = () => undefined): void => {
    for (const step of script) {
      const input = life.inputFor(step);
      if (input === null) continue;
      life.take(input);
      after(life);
    }
  };

  property(
    `${definition.name}: no order of messages breaks it, its history has no gap, and an end is an end`,
    lives((life, script) => {
      let sequence = life.instance.sequence;
      play(life, script, () => {
        const { instance } = life;
        const { before } = life.applied.at(-1) as Applied;
        expect(life.last.history.map((row) => row.sequence)).toEqual(life.last.history.map((_, index) => sequence + index + 1));
        sequence += life.last.history.length;
        expect(instance.sequence).toBe(sequence);
        if (isFinished(before) && life.applied.at(-1)?.input.kind !== "redrive") {
          // What comes after the end is noted, and changes nothing.
          const { sequence: _s, updatedAt: _u, heard: _h, asides: _a, ...rest } = instance;
          // Only what an operator has redriven may still turn out to be done.
          const isRedriving = before.asides.some(({ kind, status }) => kind === "redrive" && status === "active");
          expect(before).toMatchObject(isRedriving ? { ...rest, runs: before.runs } : rest);
          expect(life.last.commands.filter(({ runId }) => !instance.asides.some(({ id }) => id === runId))).toEqual([]);
        }
        expectSound(world, life);
      });
    }, withOperators),
  );

  let plans = 0;
  property(
    `${definition.name}: what an operator is told beforehand is what happens`,
    lives((life, script, { which, what }) => {
      play(life, script);
      const action = life.action(which, what);
      const plan = life.plan(action, "it had to be");
      const { instance: before } = life;
      life.operator(action, "it had to be");
      if (life.last.fate === "refused") {
        expect(life.instance).toBe(before);
        expect(plan.events).toEqual([]);
        return;
      }
      plans += 1;
      const { instance, last } = life;
      expect(plan).toMatchObject({ state: instance.state, status: instance.status, sends: last.commands.map(({ command }) => command.name) });
      expect([plan.deadlineAt, plan.remindAt, plan.nextAttemptAt]).toEqual([instance.deadlineAt, instance.remindAt, instance.nextAttemptAt]);
      expect(plan.events).toEqual(last.history.map(({ kind, summary }) => ({ kind, summary })));
      if (plan.endsIn === null) return;
      // From here on nobody but the undos answers.
      const undone: string[] = [];
      while (!isFinished(life.instance)) {
        const undoing = life.instance.runs.find((run) => run.undo?.status === "active" || run.undo?.status === "parked");
        if (undoing?.undo == null) throw new Error(`${life.outcome} is neither at its end nor being undone`);
        undone.push(undoing.state);
        if (undoing.undo.status === "parked") life.operator({ kind: "complete", reply: null, payload: null }, "by hand");
        else life.take({ kind: "reply", messageId: `undo-${undone.length}`, runId: undoing.undo.runId ?? "", ...life.anyAnswerTo(undoing.undo.runId ?? "") });
      }
      expect(undone).toEqual(plan.undoes.map(({ state }) => state));
      expect(life.instance.state).toBe(plan.endsIn);
      expect(remainsOf(definition, life.instance)).toEqual(plan.remains);
    }, withOperators),
    () => expect(plans).toBeGreaterThan(100),
    1_000,
  );

  property(
    `${definition.name}: a message that comes twice counts once`,
    lives((life, script) => {
      play(life, script, () => {
        const { input } = life.applied.at(-1) as Applied;
        if (input.kind === "put-aside") return;
        const { instance: once } = life;
        life.take(input);
        const { sequence: _s, updatedAt: _u, ...rest } = life.instance;
        const { sequence: _t, updatedAt: _v, ...restOnce } = once;
        expect(rest).toEqual(restOnce);
        expect(life.last.commands).toEqual([]);
        expect(life.last.fate).not.toBe("applied");
        if (input.kind === "event") expect(life.last.fate).toBe("duplicate");
      });
    }),
  );

  let failedEnds = 0;
  property(
    `${definition.name}: whatever may have happened before a failed end has been undone once, latest first`,
    lives((life, script) => {
      play(life, script);
      life.bringToAnEnd();
      const { instance } = life;
      // A no that is decided is a failed final as well, with nothing to undo.
      if (!isFinished(instance) || instance.reason === null || world.endsWith?.includes(instance.reason) === true) return;
      failedEnds += 1;
      expect(undosSent(world, life)).toEqual(undosOwed(world, life));
      expect(instance.runs.filter(({ undo }) => undo !== null && undo.status !== "done" && undo.status !== "gave-up")).toEqual([]);
    }),
    () => expect(failedEnds).toBeGreaterThan(50),
  );
}

/** The undo commands sent, in order, by name; further attempts left out. */
function undosSent(world: SagaWorld, life: Life): string[] {
  const undos = new Set([...Object.values(world.undoes), world.undoesStart]);
  return life.sent.filter(({ attempt, command }) => attempt === 1 && undos.has(command.name)).map(({ command }) => command.name);
}

/** The undo commands that have to be sent, from the messages alone: for every command that nobody has said no to, latest first. */
function undosOwed(world: SagaWorld, life: Life): string[] {
  const saidNo = new Set(
    life.applied.flatMap(({ input, fate }) =>
      input.kind === "reply" && fate === "applied" && world.didNothing(input.contract, input.payload) ? [input.runId] : [],
    ),
  );
  const ofSteps = new Set(life.instance.runs.map(({ id }) => id));
  const owed = life.sent.flatMap(({ attempt, runId, command }) =>
    attempt === 1 && ofSteps.has(runId) && !saidNo.has(runId) ? (world.undoes[command.name] ?? []) : [],
  );
  return [...owed.toReversed(), ...(world.undoesStart === undefined ? [] : [world.undoesStart])];
}

/** What holds between the fields of a saga's row after every decision. */
function expectSound({ saga }: SagaWorld, life: Life): void {
  const { definition } = saga;
  const { instance, last } = life;
  const { status, state, finishedAt, deadlineAt, nextAttemptAt, settledAt, runs } = instance;
  const active = runs.filter((run) => run.status === "active");
  const undoing = runs.filter((run) => run.undo?.status === "active");
  expect(finishedAt !== null).toBe(state in definition.finals);
  expect(["COMPLETED", "FAILED", "CANCELLED"].includes(status)).toBe(finishedAt !== null);
  expect(active.length).toBe(["RUNNING", "RETRYING", "WAITING"].includes(status) ? 1 : 0);
  expect(undoing.length).toBe(status === "COMPENSATING" ? 1 : 0);
  expect(deadlineAt !== null).toBe(active.length === 1);
  if (status !== "RETRYING" && status !== "COMPENSATING") expect(nextAttemptAt).toBeNull();
  expect(status === "WAITING").toBe(active.length === 1 && (definition.nodes.get(state)?.kind === "wait" || active[0]?.later === true));
  if (instance.remindAt !== null) expect(active.length).toBe(1);
  if (finishedAt !== null) expect(settledAt).not.toBeNull();
  if (status === "COMPLETED" || status === "RUNNING" || status === "WAITING") expect(instance.reasonCode).toBeNull();
  if (["RETRYING", "COMPENSATING", "CANCELLED"].includes(status)) expect(instance.reasonCode).not.toBeNull();
  if (status === "FAILED") expect(instance.reasonCode === null).toBe(instance.reason === null);
  const asides = instance.asides.filter((aside) => aside.status === "active");
  const open = [...[...active, ...asides].map((run) => [run.id, run.attempts]), ...undoing.map((run) => [run.undo?.runId, run.undo?.attempts])];
  for (const { runId, attempt, command, payload } of last.commands) {
    expect(open).toContainEqual([runId, attempt]);
    expect(json(command.schema, payload)).toEqual(payload);
  }
  expect(json(definition.data, instance.data)).toEqual(instance.data);
}

/** The value after a round through JSON, as the database gives it back. */
const json = <T>(schema: { encode(value: T): unknown; decode(json: unknown, path: string): T }, value: T): T =>
  schema.decode(JSON.parse(JSON.stringify(schema.encode(value))), "value");
