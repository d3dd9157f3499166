import { createHash } from "node:crypto";
import type { FailureReason } from "../../kernel/errors.ts";
import type { AnyCommand, AnyEvent, Fate } from "../../outbox/index.ts";
import {
  isFinal,
  makerOf,
  nodeOf,
  participantsOf,
  startOf,
  stateAfter,
  stepOf,
  type CompiledBranch,
  type Data,
  type Definition,
  type GroupNode,
  type Node,
  type Notice,
  type Reminder,
  type StepNode,
  type Undo,
  type WaitNode,
} from "./compiled.ts";
import { describeMs } from "./duration.ts";
import { isFinished, type Aside, type Instance, type ParkedEvent, type Run, type SagaStatus, type UndoRun } from "./instance.ts";
import { CANCELLED_BY_OPERATOR, engineReasons, UNDONE_WITH_PARENT } from "./operator.ts";
import type { AnyOutcome } from "./outcome.ts";
import { mayHaveHappened, remainsOf } from "./remains.ts";
import { attemptsOf, type Retry } from "./retry.ts";

/** What decisions need from outside, given so that they stay pure: same input, same decision. */
export interface DecisionContext {
  /** The database's time. */
  readonly now: Date;
  readonly newId: () => string;
  /** 0 ≤ x < 1; for jitter. */
  readonly random: () => number;
}

/** TRANSITION: state or status changed. NOTICE: something beside the main path, such as a reminder or an event that came early. */
export type HistoryKind = "TRANSITION" | "ATTEMPT_FAILED" | "COMPENSATION" | "OPERATOR_ACTION" | "MESSAGE_IGNORED" | "NOTICE";

/** One row of a saga's append-only history. */
export interface HistoryRow {
  readonly sequence: number;
  readonly kind: HistoryKind;
  readonly message: string | null;
  readonly messageId: string | null;
  /** What became of the message; on the first row only, where it led to several. */
  readonly fate: Fate | null;
  readonly fromState: string;
  readonly toState: string;
  readonly status: SagaStatus;
  readonly summary: string;
  readonly attempt: number | null;
  readonly reasonCode: string | null;
  readonly reasonMessage: string | null;
  readonly actorId: string | null;
  readonly data: Data | null;
  /** When the attempt was begun whose end the row tells; null where it tells of none, and of one that was answered from outside. */
  readonly begunAt: Date | null;
  /** State whose undo begins, ends or stands with the row. */
  readonly undoneState: string | null;
  /** Of a group: the step that the row tells about; null: of the saga as a whole. */
  readonly step: string | null;
}

export interface CommandToSend {
  readonly id: string;
  readonly command: AnyCommand;
  readonly payload: unknown;
  readonly runId: string;
  readonly attempt: number;
  readonly deliverAt: Date | null;
  readonly causationId: string | null;
}

/** A command whose attempts are used up, for an operator to look at. */
export interface DeadLetterToWrite {
  readonly command: AnyCommand;
  readonly payload: unknown;
  readonly runId: string;
  readonly attempts: number;
  readonly reasonCode: string;
  readonly reasonMessage: string;
  readonly detail: string;
}

export interface Decision {
  readonly instance: Instance;
  readonly history: readonly HistoryRow[];
  readonly commands: readonly CommandToSend[];
  readonly deadLetters: readonly DeadLetterToWrite[];
  /** Commands that wait for their next attempt, to be sent at another time; null: now. */
  readonly rescheduled: readonly { readonly runId: string; readonly at: Date | null }[];
  readonly fate: Fate;
  /** Of a sub-saga that has ended: what the run that waits for it is told. */
  readonly report?: { readonly parentId: string; readonly runId: string; readonly final: string; readonly data: Data };
  /** Why the message was refused or put aside. */
  readonly explanation?: string;
  /** Why an operator's action is not possible: the state does not allow it, or what was given is wrong. */
  readonly denied?: "WRONG_STATE" | "INVALID";
  /** Of a duplicate: what became of the message the first time. */
  readonly first?: Fate;
}

/** A run whose undo has been planned, at least. */
export type UndoneRun = Run & { readonly undo: UndoRun };

/** How the current run ends: by an answer, or given up without one, so that it may or may not have happened. */
type Ending = "answered" | "given-up";

export const describeFate = (fate: Fate): string =>
  ({
    started: "it started a saga",
    applied: "it was applied",
    parked: "it came early and waits for its state",
    kept: "it waits for its saga",
    duplicate: "it had been answered already",
    "duplicate-start": "a saga of this kind and key is under way",
    late: "its step had been given up",
    conflict: "its step had been answered already, and differently",
    superseded: "the wait it was for had been left, or a newer attempt had taken over",
    refused: "it is not possible any more",
    noted: "the saga has ended, which is no reason to refuse it",
    "already-undoing": "the saga is being undone already",
    unused: "the state that takes it was never reached",
    orphan: "no saga has this key",
    "no-subscriber": "nobody listens to it",
  })[fate];

/** The undo of a run, or null where there is none. */
export function undoOf(definition: Definition, run: Run): Undo | null {
  const maker = makerOf(definition, run);
  const start = startOf(maker);
  if (run.state === start.state) return start.undo;
  const node = nodeOf(maker, run.state);
  return node.kind === "step" ? node.undo : null;
}

/** Whether the undo of a saga would have anything to do. */
export const hasSomethingToUndo = (definition: Definition, { runs }: Pick<Instance, "runs">): boolean =>
  runs.some((run) => mayHaveHappened(run) && undoOf(definition, run) !== null);

const isOpen = ({ status }: Run): boolean => status === "active" || status === "parked";

/** A run in a group has a time of its own for its next attempt; of any other it is the saga's. */
const ownAttempt = (run: Run, nextAttemptAt: Date | null): Partial<Run> => (run.group === undefined ? {} : { nextAttemptAt });

/** Of runs in a group, the one that is attempted again first. */
const soonest = <R extends Run>(runs: readonly R[]): R | undefined =>
  runs.filter(({ nextAttemptAt }) => nextAttemptAt != null).toSorted((a, b) => Number(a.nextAttemptAt) - Number(b.nextAttemptAt))[0];

const reminderOf = (node: Node): Reminder | null => (node.kind === "milestone" || node.kind === "group" ? null : node.remind);
const tellOf = (node: Node): Notice | null => (node.kind === "wait" ? node.tell : null);

/** An event is early while the wait that takes it was never open; once it was, whoever left it has decided. */
export function isToCome(definition: Definition, instance: Instance, eventName: string): boolean {
  const waits = [...definition.nodes.values()].filter((node) => node.kind === "wait" && node.on.has(eventName));
  return waits.some((wait) => !instance.runs.some((run) => run.state === wait.state));
}

/** What operators may see of a message: its ids, numbers, instants and words out of a closed list, of its texts only the length. */
export const visibleBody = (contract: AnyEvent, payload: unknown): Data => contract.schema.redact(contract.schema.encode(payload)) as Data;

/** Tells two answers of one step apart. */
export const digestOf = (contract: AnyEvent, payload: unknown): string =>
  createHash("sha256")
    .update(contract.name + JSON.stringify(contract.schema.encode(payload)))
    .digest("hex")
    .slice(0, 16);

/** One decision in the making: a draft of the instance and what it gives rise to. Its methods are the verbs of the engine. */
export class Turn {
  private readonly definition: Definition;
  private readonly context: DecisionContext;
  private message: string | null;
  private messageId: string | null;
  /** Goes onto the next row that is recorded, with the body of the message. */
  private fate: Fate | null = null;
  private body: Data | null;
  /** When the attempt was begun that the message ends; goes onto the next row that is recorded. */
  private begunAt: Date | null = null;
  private draft: Instance;
  /** Of several runs that are open at a time, the one that is decided about; null: all. */
  private focus: string | null = null;
  /** Goes onto the next row that is recorded. */
  private step: string | null = null;
  /** The group that the saga is in has ended, and what follows is being decided. */
  private hasJoined = false;
  private readonly history: HistoryRow[] = [];
  private readonly commands: CommandToSend[] = [];
  private readonly deadLetters: DeadLetterToWrite[] = [];
  private readonly rescheduled: { runId: string; at: Date | null }[] = [];
  private report: NonNullable<Decision["report"]> | null = null;
  /** Why the current run is given up; null while that is nobody's fault. */
  private failure: FailureReason | null = null;
  /** Digest of the reply that ends the current run. */
  private answer: string | null = null;
  /** As they were before the branch that is being taken saved something. */
  private dataBefore: Data;

  constructor(
    definition: Definition,
    instance: Instance,
    context: DecisionContext,
    message: string | null,
    messageId: string | null,
    body: Data | null = null,
  ) {
    this.definition = definition;
    this.body = body;
    this.draft = instance;
    this.dataBefore = instance.data;
    this.context = context;
    this.message = message;
    this.messageId = messageId;
  }

  get instance(): Instance {
    return this.draft;
  }

  decision(fate: Fate, explanation?: string): Decision {
    const { history, commands, deadLetters, rescheduled } = this;
    return {
      instance: this.draft,
      history,
      commands,
      deadLetters,
      rescheduled,
      fate,
      ...(this.report === null ? {} : { report: this.report }),
      ...(explanation === undefined ? {} : { explanation }),
    };
  }

  // ---- messages

  /** What becomes of the message; noted on the first row that it leads to. */
  becomes(fate: Fate): this {
    this.fate = fate;
    return this;
  }

  /** The message ends an attempt that was begun then; undefined: an answer from outside, which ends none that anybody saw begin. */
  endsAttempt(begunAt: Date | undefined): this {
    this.begunAt = begunAt ?? null;
    return this;
  }

  /** Remembers the event, so that a second delivery is recognised. */
  remember(fate: Fate): void {
    const { messageId } = this;
    if (messageId === null) return;
    this.change({ heard: [...this.draft.heard.filter(({ id }) => id !== messageId), { id: messageId, fate }] });
  }

  /** The message has no effect, and the history says so. */
  ignore(fate: Fate, summary: string): Decision {
    this.becomes(fate).record("MESSAGE_IGNORED", summary);
    return this.decision(fate, summary);
  }

  /** The event came before the wait that takes it. */
  park(payload: unknown): Decision {
    const name = this.message ?? "";
    this.change({ parked: [...this.draft.parked, { messageId: this.messageId ?? "", name, payload }] });
    this.remember("parked");
    const summary = `${name} came early and waits for its state.`;
    this.becomes("parked").record("NOTICE", summary);
    return this.decision("parked", summary);
  }

  /** An action is not possible; nothing changes and nothing is recorded, since whoever asked is told. */
  deny(denied: "WRONG_STATE" | "INVALID", explanation: string): Decision {
    return { ...this.decision("refused", explanation), denied };
  }

  save(changes: Data | undefined): void {
    if (changes === undefined) return;
    const data = { ...this.draft.data, ...changes };
    this.change({ data, participants: participantsOf(this.definition, data) });
  }

  /** The current run is answered by an event or a reply. */
  answered(branch: CompiledBranch, contract: AnyEvent, payload: unknown): void {
    this.answer = digestOf(contract, payload);
    this.take(branch, payload, "answered");
  }

  /** The outcome that a branch has for a payload; what it saves is saved. */
  private choose(branch: CompiledBranch, payload: unknown): AnyOutcome {
    const source = branch.by?.from === "event" ? (payload as Data) : this.draft.data;
    const value = branch.by === null ? "*" : String(source[branch.by.field]);
    const arm = branch.arms.get(value);
    if (arm === undefined) throw new Error(`${this.definition.name}: ${branch.by?.field} is ${value}; handled are ${[...branch.arms.keys()].join(", ")}`);
    this.dataBefore = this.draft.data;
    this.save(arm.save?.(payload, this.draft.data));
    return arm.then;
  }

  private take(branch: CompiledBranch, payload: unknown, ending: Ending): void {
    this.apply(this.choose(branch, payload), ending);
  }

  // ---- the main path

  /** What is decided from now on is about this run, whatever else is open. */
  about(run: Run): this {
    this.focus = run.id;
    return this.tells(run);
  }

  /** The next row tells about this run. */
  private tells(run: Run): this {
    this.step = run.group === undefined ? null : run.state;
    return this;
  }

  apply(outcome: AnyOutcome, ending: Ending): void {
    switch (outcome.go) {
      case "next":
        this.endRun(ending === "answered" ? "done" : "unknown");
        return this.goOn();
      case "skip":
        this.endRun("skipped");
        return this.goOn();
      case "state":
        return this.jump(outcome.to, outcome.atMost, outcome.orElse, ending);
      case "final":
        this.endRun(ending === "answered" ? "done" : "unknown");
        return this.enter(outcome.final, { because: outcome.reason });
      case "fail":
        this.endRun(ending === "given-up" ? "unknown" : outcome.partly ? "partly" : "none");
        this.giveUpOthers();
        this.giveReason(outcome.reason);
        return this.undoAll();
      case "park": {
        const [run] = this.focused();
        const state = this.focus === null || run === undefined ? this.draft.state : run.state;
        const trouble = outcome.reason === undefined ? this.trouble() : this.declared(outcome.reason);
        for (const one of this.focused()) if (one.group !== undefined) this.changeRun(one.id, { trouble });
        this.endRun("parked");
        this.stand(trouble);
        return this.record("TRANSITION", `${state} stands and needs an operator.`);
      }
      case "stay":
        this.answer = null;
        return this.stay(nodeOf(this.definition, this.draft.state) as WaitNode);
    }
  }

  /** The wait stands on; what it stands until moves where it is an instant of the data that have just changed. */
  private stay(node: WaitNode): void {
    const { data, status } = this.draft;
    // One that stands and asks an operator has no timers; it gets them anew when it begins again.
    const differ = (instant: (of: Data) => Date): boolean => status === "WAITING" && instant(data).getTime() !== instant(this.dataBefore).getTime();
    // Only then: an operator may have moved a timer, and what did not change is no reason to move it back.
    if (typeof node.deadline === "function" && differ(node.deadline)) this.change({ deadlineAt: node.deadline(data) });
    if (node.remind !== null && "at" in node.remind.when && node.remind.when.at.some(differ)) {
      this.leave();
      this.change({ remindAt: this.firstReminder(node.remind) });
    }
    this.record("TRANSITION", `${node.state} noted ${this.message}.`);
    if (node.tell !== null) this.sendAside(this.newAside("tell", node.state, this.context.newId(), 1), null);
  }

  /** On to the next state of the main path; from a group once all its steps have ended. */
  goOn(): void {
    const node = nodeOf(this.definition, this.draft.state);
    if (node.kind === "group" && !this.hasJoined) return this.join(node);
    const following = stateAfter(this.definition, this.draft.state);
    if (following === null) throw new Error(`${this.definition.name}: nothing follows ${this.draft.state}`);
    this.enter(following);
  }

  /** A step of a group has ended, or all that were left. The group is left once none is open. */
  private join(node: GroupNode): void {
    const ended = this.draft.runs.find(({ id }) => id === this.focus);
    this.focus = null;
    const open = this.focused();
    if (open.length > 0) {
      this.showGroup(node);
      const how = ended?.status === "skipped" ? "was skipped" : ended?.status === "unknown" ? "was given up" : "is done";
      return this.record("TRANSITION", `${ended?.state} ${how}; ${node.state} goes on with ${open.map(({ state }) => state).join(", ")}.`);
    }
    this.hasJoined = true;
    this.take(node.then, undefined, "answered");
  }

  /** What the other steps of a group did, or may yet do, is not known. */
  private giveUpOthers(): void {
    this.focus = null;
    this.endRun("unknown");
  }

  private jump(to: string, atMost: number | undefined, orElse: AnyOutcome | undefined, ending: Ending): void {
    const loops = this.draft.runs.filter((run) => run.viaLoop && (run.state === to || this.groupOf(run) === to)).length;
    if (atMost !== undefined && loops >= atMost) return this.apply(orElse ?? { go: "park" }, ending);
    this.endRun(ending === "answered" ? "done" : "unknown");
    this.enter(to, { viaLoop: atMost !== undefined });
  }

  private enter(state: string, { viaLoop = false, because }: { viaLoop?: boolean; because?: string | undefined } = {}): void {
    const fromState = this.draft.state;
    const { now } = this.context;
    this.focus = null;
    this.hasJoined = false;
    this.leave();
    // Whatever went wrong on the way here is over. A saga that fails does not come this way, and keeps its reason.
    this.change({ reasonCode: null, reasonMessage: null, reasonAt: null });
    if (isFinal(this.definition, state)) {
      if (because !== undefined) this.giveReason(because);
      return this.end(state);
    }
    const node = nodeOf(this.definition, state);
    const left = this.draft.runs.findLast((run) => run.state === fromState || this.groupOf(run) === fromState);
    const how = left?.status === "skipped" ? "was skipped" : left?.status === "unknown" ? "was given up" : "is done";
    const summary = `${fromState} ${how}; ${node.kind === "wait" ? "waiting in" : node.kind === "milestone" ? "reached" : "now"} ${state}.`;
    this.change({ state, attempt: 1, maxAttempts: 1, nextAttemptAt: null, deadlineAt: null, status: "RUNNING" });
    if (node.kind === "milestone") {
      if (node.goal && this.draft.settledAt === null) this.change({ settledAt: now });
      this.record("TRANSITION", summary, { fromState });
      return this.goOn();
    }
    this.open(node, viaLoop);
    this.record("TRANSITION", summary, { fromState });
    if (node.kind === "wait") this.takeParked(node);
  }

  /** A new run of the current state: its command, or its wait, and its timers. Of a group, a run of each step. */
  private open(node: StepNode | GroupNode | WaitNode, viaLoop = false): void {
    if (node.kind === "group") return this.openGroup(node, node.steps, this.context.newId(), viaLoop);
    const { now } = this.context;
    const run = this.newRun(node.state, viaLoop);
    const started = { runs: [...this.draft.runs, run], attempt: 1, nextAttemptAt: null, remindAt: this.firstReminder(node.remind) };
    if (node.kind === "step") {
      this.change({ ...started, status: "RUNNING", maxAttempts: attemptsOf(node.retry), deadlineAt: new Date(now.getTime() + node.timeoutMs) });
      return this.sendStep(node, run, null);
    }
    const deadlineAt = typeof node.deadline === "function" ? node.deadline(this.draft.data) : new Date(now.getTime() + node.deadline.afterMs);
    this.change({ ...started, status: "WAITING", maxAttempts: 1, deadlineAt, settledAt: node.goal ? (this.draft.settledAt ?? now) : this.draft.settledAt });
  }

  private newRun(state: string, viaLoop: boolean): Run {
    const run: Run = { id: this.context.newId(), state, status: "active", attempts: 1, startedAt: this.context.now, endedAt: null, undo: null };
    return viaLoop ? { ...run, viaLoop } : run;
  }

  /** Steps of a group begin together; a loop to it counts once. */
  private openGroup(node: GroupNode, steps: readonly string[], group: string, viaLoop = false): void {
    const runs = steps.map((state, index): Run => ({ ...this.newRun(state, viaLoop && index === 0), group }));
    this.change({ runs: [...this.draft.runs, ...runs], deadlineAt: null, remindAt: null });
    this.showGroup(node);
    for (const run of runs) this.sendStep(stepOf(this.definition, run.state), run, null);
  }

  /** Of a group, the saga shows what stands, or else the attempt that comes next. While something stands, the time of the group does too. */
  private showGroup(node: GroupNode): void {
    const open = this.draft.runs.filter(isOpen);
    const standing = open.find(({ status }) => status === "parked");
    const retrying = soonest(open);
    const shown = standing ?? retrying ?? open.at(-1);
    if (shown === undefined) return;
    this.change({ attempt: shown.attempts, maxAttempts: attemptsOf(stepOf(this.definition, shown.state).retry) });
    if (standing !== undefined) return this.change({ status: "STUCK", deadlineAt: null, nextAttemptAt: null, ...standing.trouble });
    if (this.draft.deadlineAt === null) {
      const { now } = this.context;
      for (const run of open) if (run.status === "active" && run.startedAt < now) this.changeRun(run.id, { deadlineSetAt: now });
      this.change({ deadlineAt: new Date(now.getTime() + node.timeoutMs) });
    }
    if (retrying !== undefined) return this.change({ status: "RETRYING", nextAttemptAt: retrying.nextAttemptAt ?? null });
    const status = open.every(({ later }) => later) ? "WAITING" : "RUNNING";
    this.change({ status, nextAttemptAt: null, reasonCode: null, reasonMessage: null, reasonAt: null });
  }

  private groupOf({ state }: Run): string | null {
    const node = this.definition.nodes.get(state);
    return node?.kind === "step" ? node.group : null;
  }

  /** Events that came before this wait was open are taken now, in the order in which they came, until one of them leaves it. */
  private takeParked(node: WaitNode): void {
    for (const parked of this.draft.parked) {
      const branch = node.on.get(parked.name);
      const contract = node.events.find((event) => event.name === parked.name);
      if (branch === undefined || contract === undefined) continue;
      const payload = contract.schema.decode(parked.payload, parked.name);
      this.unpark(parked, "applied");
      this.body = visibleBody(contract, payload);
      this.becomes("applied");
      this.answer = digestOf(contract, payload);
      const outcome = this.choose(branch, payload);
      if (outcome.go === "stay") {
        this.apply(outcome, "answered");
        continue;
      }
      const lost = this.draft.parked.filter(({ name }) => node.on.has(name) && !isToCome(this.definition, this.draft, name));
      this.change({ parked: this.draft.parked.filter((one) => !lost.includes(one)) });
      this.apply(outcome, "answered");
      for (const one of lost) {
        this.unpark(one, "superseded");
        this.becomes("superseded").record("MESSAGE_IGNORED", `${one.name} was put aside: ${parked.name} came before it.`);
      }
      return;
    }
  }

  /** Takes a parked event: it is what is decided about from now on. */
  private unpark({ messageId, name }: ParkedEvent, fate: Fate): void {
    this.change({ parked: this.draft.parked.filter((one) => one.messageId !== messageId) });
    this.message = name;
    this.messageId = messageId;
    // It was noted when the message came.
    this.body = null;
    this.remember(fate);
  }

  /** Nobody is reminded of a state that has been left or stands. */
  private leave(): void {
    const isOpen = (aside: Aside): boolean => aside.kind === "remind" && aside.status === "active";
    if (this.draft.asides.some(isOpen)) {
      this.change({ asides: this.draft.asides.map((aside) => (isOpen(aside) ? { ...aside, status: "void" } : aside)) });
    }
    if (this.draft.remindAt !== null) this.change({ remindAt: null });
  }

  private stand(why: Partial<Instance>): void {
    this.leave();
    this.change({ status: "STUCK", deadlineAt: null, nextAttemptAt: null, ...why });
  }

  /** The row whose status the saga reflects is gone: it stands where it is, whatever else was to happen. */
  entityMissing(what: string): void {
    const undos = this.openUndos();
    if (undos.length === 0) this.endRun("parked");
    for (const undo of undos) this.changeRun(undo.id, { undo: { ...undo.undo, status: "parked" } });
    this.stand({ reasonCode: "INTERNAL", reasonMessage: what, reasonAt: this.context.now });
    this.record("TRANSITION", what);
  }

  private end(final: string): void {
    const fromState = this.draft.state;
    const { now } = this.context;
    const status: SagaStatus = this.definition.finals[final] === "succeeded" ? "COMPLETED" : this.declaredReason()?.cancels ? "CANCELLED" : "FAILED";
    this.leave();
    this.change({
      state: final,
      status,
      deadlineAt: null,
      nextAttemptAt: null,
      pausedAt: null,
      pausedBy: null,
      pauseNote: null,
      finishedAt: now,
      settledAt: this.draft.settledAt ?? now,
    });
    const { parent, data } = this.draft;
    if (parent !== null) this.report = { parentId: parent.sagaId, runId: parent.reportTo, final, data };
    const why = this.draft.reasonMessage === null ? "" : ` ${this.draft.reasonMessage}`;
    this.record("TRANSITION", `${fromState} led to the end: ${final}.${why}${this.describeRemains()}`, { fromState });
    for (const parked of this.draft.parked) {
      this.unpark(parked, "unused");
      this.becomes("unused").record("MESSAGE_IGNORED", `${parked.name} came early and was never used: the saga did not get to the state that takes it.`);
    }
  }

  private describeRemains(): string {
    const remains = remainsOf(this.definition, this.draft);
    return remains.length === 0 ? "" : ` What stays: ${remains.map(({ state, certain }) => (certain ? state : `${state} (if it happened)`)).join(", ")}.`;
  }

  // ---- attempts

  /** The command was carried out; only the step's deadline bounds the answer, which comes from outside. */
  answersLater(run: Run): void {
    this.changeRun(run.id, { later: true, ...ownAttempt(run, null) });
    const node = nodeOf(this.definition, this.draft.state);
    if (node.kind === "group") this.showGroup(node);
    else this.change({ status: "WAITING", nextAttemptAt: null, reasonCode: null, reasonMessage: null, reasonAt: null });
    this.record(node.kind === "group" ? "NOTICE" : "TRANSITION", `${this.message} was carried out; its answer comes from outside.`);
  }

  stepAttemptFailed(run: Run, failure: FailureReason): void {
    this.about(run);
    const node = stepOf(this.definition, run.state);
    const wait = this.nextWait(node.retry, run.attempts, failure);
    if (wait !== null) {
      const attempts = run.attempts + 1;
      const nextAttemptAt = new Date(this.context.now.getTime() + wait);
      this.changeRun(run.id, { attempts, ...ownAttempt(run, nextAttemptAt) });
      // What stands goes on showing why.
      if (this.draft.status !== "STUCK") this.change({ status: "RETRYING", attempt: attempts, nextAttemptAt, ...this.because(failure) });
      const group = nodeOf(this.definition, this.draft.state);
      if (group.kind === "group") this.showGroup(group);
      this.failedAttempt(failure, run.attempts, `${describeFailure(node.retry, run.attempts, failure)} Next attempt in ${describeMs(wait)}.`);
      return this.sendStep(node, { ...run, attempts }, nextAttemptAt);
    }
    this.bury(node.command, this.payloadOf(node, run), run.id, run.attempts, failure);
    this.failedAttempt(failure, run.attempts, `${describeFailure(node.retry, run.attempts, failure)} No attempt is left.`);
    this.failure = failure;
    this.about(run).apply(node.onExhausted, "given-up");
  }

  undoAttemptFailed(run: UndoneRun, failure: FailureReason): void {
    this.tells(run);
    const undo = this.getUndo(run);
    const { attempts } = run.undo;
    const wait = this.nextWait(undo.retry, attempts, failure);
    if (wait !== null) {
      const nextAttemptAt = new Date(this.context.now.getTime() + wait);
      this.changeRun(run.id, { undo: { ...run.undo, attempts: attempts + 1 }, ...ownAttempt(run, nextAttemptAt) });
      this.showUndos();
      if (run.group === undefined) this.change({ nextAttemptAt });
      this.failedAttempt(failure, attempts, `Undoing ${run.state}: ${describeFailure(undo.retry, attempts, failure)} Next attempt in ${describeMs(wait)}.`);
      return this.sendUndo(undo, run, run.undo.runId as string, attempts + 1, nextAttemptAt);
    }
    this.bury(undo.command, undo.with(this.dataOf(run), this.meta(run.id, attempts)), run.undo.runId as string, attempts, failure);
    this.failedAttempt(failure, attempts, `Undoing ${run.state}: ${describeFailure(undo.retry, attempts, failure)} No attempt is left.`);
    if (undo.ifExhausted === "continue") return this.undoEnded(run, "gave-up");
    this.parkUndo(run, failure);
  }

  deadlineReached(): void {
    const { state } = this.draft;
    const node = nodeOf(this.definition, state);
    if (node.kind === "milestone") throw new Error(`${this.definition.name}: the milestone ${state} has no deadline`);
    const outcome = node.kind === "wait" ? node.onDeadline : node.onTimeout;
    const failure: FailureReason = {
      code: "TIMED_OUT",
      message: `${state} did not end in time.`,
      permanent: true,
      detail: `Deadline ${this.draft.deadlineAt?.toISOString()}`,
    };
    if (node.kind !== "wait" && (outcome.go === "skip" || outcome.go === "park")) {
      for (const run of this.focused()) {
        // A sub-saga that has begun goes on, and to begin it again would be no help.
        if (run.later === true && this.isSubSaga(run)) continue;
        const step = this.stepOf(run);
        this.bury(step.command, this.payloadOf(step, run), run.id, run.attempts, failure);
      }
    }
    this.change({ deadlineAt: null });
    this.failure = failure;
    this.apply(outcome, "given-up");
  }

  private nextWait(retry: Retry, attempts: number, failure: FailureReason): number | null {
    const wait = retry.waitsMs[attempts - 1];
    if (failure.permanent || wait === undefined) return null;
    return Math.round(wait * (1 + retry.jitter * (2 * this.context.random() - 1)));
  }

  private failedAttempt(failure: FailureReason, attempt: number, summary: string): void {
    this.record("ATTEMPT_FAILED", summary, { attempt, reasonCode: failure.code, reasonMessage: failure.message });
  }

  private because(failure: FailureReason): Pick<Instance, "reasonCode" | "reasonMessage" | "reasonAt"> {
    return { reasonCode: failure.code, reasonMessage: failure.message, reasonAt: this.context.now };
  }

  /** A saga that stands shows the failure itself, if there was one; one that fails shows the declared reason; one that goes on shows none. */
  private trouble(): Pick<Instance, "reasonCode" | "reasonMessage" | "reasonAt"> {
    return this.failure === null ? { reasonCode: null, reasonMessage: null, reasonAt: null } : this.because(this.failure);
  }

  private bury(command: AnyCommand, payload: unknown, runId: string, attempts: number, failure: FailureReason): void {
    this.deadLetters.push({ command, payload, runId, attempts, reasonCode: failure.code, reasonMessage: failure.message, detail: failure.detail });
  }

  // ---- undo

  private declaredReason(): Definition["reasons"][string] | undefined {
    const { reason } = this.draft;
    return reason === null ? undefined : (engineReasons[reason] ?? this.definition.reasons[reason]);
  }

  private giveReason(reason: string): void {
    this.change({ reason });
    this.change({ ...this.declared(reason), deadlineAt: null, nextAttemptAt: null });
  }

  private declared(reason: string): Pick<Instance, "reasonCode" | "reasonMessage" | "reasonAt"> {
    const declared = engineReasons[reason] ?? this.definition.reasons[reason];
    if (declared === undefined) throw new Error(`${this.definition.name}: ${reason} is not a declared reason`);
    const reasonMessage = typeof declared.message === "string" ? declared.message : declared.message(this.draft.data);
    return { reasonCode: declared.code, reasonMessage, reasonAt: this.context.now };
  }

  /** Everything that was done or may have been done is undone, latest start first. */
  private undoAll(): void {
    this.leave();
    for (const run of this.draft.runs) {
      if (!mayHaveHappened(run) || undoOf(this.definition, run) === null) continue;
      this.changeRun(run.id, { undo: { status: "pending", runId: null, attempts: 0 } });
    }
    // What an operator has redriven must not happen after its undo.
    this.change({
      asides: this.draft.asides.map((aside) => (aside.kind === "redrive" && aside.status === "active" ? { ...aside, status: "void" } : aside)),
    });
    this.undoNext();
  }

  /** The undo of the latest run that still has one to come; without any, the end. One at a time, and those of a group together. */
  private undoNext(): void {
    const pending = this.draft.runs.filter((run) => run.undo?.status === "pending");
    const latest = pending.at(-1);
    const open = this.openUndos();
    const isUndoneWith = (run: Run): boolean => run === latest || (run.group !== undefined && run.group === latest?.group);
    if (!open.every(isUndoneWith)) return this.showUndos();
    // A step that was begun again in its group is undone once for each time, one after the other.
    const busy = new Set(open.map(({ state }) => state));
    for (const run of pending.filter(isUndoneWith).toReversed()) {
      if (busy.has(run.state)) continue;
      busy.add(run.state);
      this.beginUndo(run, `Undoing ${run.state}. ${this.reason()}`.trimEnd());
    }
    if (latest !== undefined) return;
    if (this.definition.failedFinal === null) throw new Error(`${this.definition.name} fails without onFailed`);
    this.restoreReason();
    this.end(this.definition.failedFinal);
    if (this.definition.tell !== null) this.sendAside(this.newAside("tell", this.draft.state, this.context.newId(), 1), null);
  }

  /** The trouble of an undo that stood is over; what the saga shows again is why it failed. */
  private restoreReason(): void {
    if (this.draft.status === "STUCK" && this.draft.reason !== null) this.giveReason(this.draft.reason);
  }

  /** The saga shows the undo that stands, or else the one that is attempted next. */
  private showUndos(): void {
    const open = this.openUndos();
    const standing = open.find(({ undo }) => undo.status === "parked");
    const retrying = soonest(open);
    const shown = standing ?? retrying ?? open.at(-1);
    if (shown === undefined) return;
    if (standing === undefined) this.restoreReason();
    this.change({
      status: standing === undefined ? "COMPENSATING" : "STUCK",
      attempt: shown.undo.attempts,
      maxAttempts: attemptsOf(this.getUndo(shown).retry),
      ...standing?.trouble,
      nextAttemptAt: standing === undefined ? (retrying?.nextAttemptAt ?? null) : null,
      deadlineAt: null,
    });
  }

  private beginUndo(run: Run, summary: string): void {
    const undo = this.getUndo(run);
    const runId = this.context.newId();
    this.changeRun(run.id, { undo: { status: "active", runId, attempts: 1 }, ...ownAttempt(run, null) });
    this.showUndos();
    this.sendUndo(undo, run, runId, 1, null);
    this.record("COMPENSATION", summary, { undoneState: run.state });
  }

  undoAnswered(run: UndoneRun, contract: AnyEvent, payload: unknown): void {
    const { replies } = this.getUndo(run);
    this.answer = digestOf(contract, payload);
    const branch = replies?.get(contract.name);
    const outcome = branch === undefined ? "next" : this.choose(branch, payload).go;
    if (outcome === "park") return this.parkUndo(run, null);
    this.undoEnded(run, outcome === "skip" ? "gave-up" : "done");
  }

  private undoEnded(run: UndoneRun, status: "done" | "gave-up"): void {
    this.changeRun(run.id, { undo: { ...run.undo, status, ...(this.answer === null ? {} : { answer: this.answer }) }, ...ownAttempt(run, null) });
    const others = this.openUndos().map(({ state }) => state);
    if (status === "gave-up") this.record("COMPENSATION", `The undo of ${run.state} gave up; its effect stays.`, { undoneState: run.state });
    else if (others.length > 0) this.record("COMPENSATION", `${run.state} is undone; the undo of ${others.join(", ")} goes on.`, { undoneState: run.state });
    this.undoNext();
  }

  /** The plan stops here, and nothing after it runs. The saga shows why its undo failed until it goes on. */
  private parkUndo(run: UndoneRun, failure: FailureReason | null): void {
    this.changeRun(run.id, { undo: { ...run.undo, status: "parked", ...(this.answer === null ? {} : { answer: this.answer }) }, ...ownAttempt(run, null) });
    const trouble = failure === null ? {} : this.because(failure);
    if (run.group !== undefined && failure !== null) this.changeRun(run.id, { trouble });
    this.stand(trouble);
    this.record("COMPENSATION", `The undo of ${run.state} stands and needs an operator.`, { undoneState: run.state });
  }

  private getUndo(run: Run): Undo {
    const undo = undoOf(this.definition, run);
    if (undo === null) throw new Error(`${this.definition.name}: ${run.state} has no undo`);
    return undo;
  }

  // ---- beside the main path

  /** Reminds, and sets the clock for the next time. */
  remind(): void {
    const node = nodeOf(this.definition, this.draft.state);
    const remind = reminderOf(node);
    if (remind === null) throw new Error(`${this.definition.name}: ${this.draft.state} has no reminder`);
    this.leave();
    this.change({ asides: this.draft.asides.filter((aside) => aside.kind !== "remind"), remindAt: this.firstReminder(remind) });
    this.sendAside(this.newAside("remind", node.state, this.context.newId(), 1), null);
    this.record("NOTICE", `${node.state} reminds: ${remind.command.name}.`);
  }

  private firstReminder(remind: Reminder | null): Date | null {
    if (remind === null) return null;
    const { when } = remind;
    const now = this.context.now.getTime();
    if ("everyMs" in when) return new Date(now + when.everyMs);
    const coming = when.at.map((at) => at(this.draft.data).getTime()).filter((instant) => instant > now);
    return coming.length === 0 ? null : new Date(Math.min(...coming));
  }

  private newAside(kind: Aside["kind"], state: string, id: string, attempt: number): Aside {
    const aside: Aside = { id, kind, state, status: "active", attempts: attempt, firstAttempt: attempt };
    this.change({ asides: [...this.draft.asides.filter((one) => one.id !== id), aside] });
    return aside;
  }

  /** What an aside sends: the reminder or notice of its state, or the command of the run that it redrives. */
  private noticeOf(aside: Aside): Notice & { readonly stepRunId: string; readonly data: Data } {
    const { data } = this.draft;
    const told = aside.kind !== "tell" ? null : isFinal(this.definition, aside.state) ? this.definition.tell : tellOf(nodeOf(this.definition, aside.state));
    if (told !== null) return { ...told, stepRunId: aside.id, data };
    if (aside.kind === "redrive") {
      const run = this.draft.runs.find((one) => one.id === aside.id || one.undo?.runId === aside.id);
      if (run !== undefined) return { ...(run.id === aside.id ? this.stepOf(run) : this.getUndo(run)), stepRunId: run.id, data: this.dataOf(run) };
    }
    const remind = reminderOf(nodeOf(this.definition, aside.state));
    if (remind === null) throw new Error(`${this.definition.name}: ${aside.state} has no reminder`);
    return { ...remind, stepRunId: aside.id, data };
  }

  commandOf(aside: Aside): AnyCommand {
    return this.noticeOf(aside).command;
  }

  undoCommandOf(run: UndoneRun): AnyCommand {
    return this.getUndo(run).command;
  }

  private stepOf(run: Run): StepNode {
    return stepOf(makerOf(this.definition, run), run.state);
  }

  private sendAside(aside: Aside, deliverAt: Date | null): void {
    const notice = this.noticeOf(aside);
    this.send(notice.command, notice.with(notice.data, this.meta(notice.stepRunId, aside.attempts)), aside.id, aside.attempts, deliverAt);
  }

  private changeAside(id: string, changes: Partial<Aside>): void {
    this.change({ asides: this.draft.asides.map((aside) => (aside.id === id ? { ...aside, ...changes } : aside)) });
  }

  /** A redriven command counts as done from now on, and so does a redriven undo; neither moves the saga. */
  asideAnswered(aside: Aside, contract: AnyEvent, payload: unknown): void {
    this.changeAside(aside.id, { status: "done" });
    if (aside.kind === "redrive") {
      const answer = digestOf(contract, payload);
      const run = this.draft.runs.find((one) => one.id === aside.id);
      if (run === undefined) {
        for (const one of this.draft.runs) if (one.undo?.runId === aside.id) this.changeRun(one.id, { undo: { ...one.undo, status: "done", answer } });
      } else {
        const branch = this.stepOf(run).replies.get(contract.name);
        const isMeaningless = isFinished(this.draft) || run.made !== undefined || this.isSubSaga(run);
        const outcome = branch === undefined || isMeaningless ? null : this.choose(branch, payload);
        this.changeRun(run.id, { status: outcome?.go === "fail" && outcome.partly !== true ? "none" : "done", answer });
      }
    }
    this.record("NOTICE", `${contract.name} answered ${this.noticeOf(aside).command.name}${aside.kind === "redrive" ? ", which had been redriven" : ""}.`);
  }

  asideAnswersLater(aside: Aside): void {
    this.changeAside(aside.id, { later: true });
    this.record("NOTICE", `${this.message} was carried out; its answer comes from outside.`);
  }

  asideAttemptFailed(aside: Aside, failure: FailureReason): void {
    const { command, retry, with: mapping, stepRunId, data } = this.noticeOf(aside);
    const attempt = aside.attempts - aside.firstAttempt + 1;
    const wait = this.nextWait(retry, attempt, failure);
    const what = `${command.name}, beside the main path: ${describeFailure(retry, attempt, failure)}`;
    if (wait === null) {
      this.changeAside(aside.id, { status: "gave-up" });
      this.bury(command, mapping(data, this.meta(stepRunId, aside.attempts)), aside.id, aside.attempts, failure);
      return this.failedAttempt(failure, aside.attempts, `${what} No attempt is left.`);
    }
    const next = { ...aside, attempts: aside.attempts + 1 };
    this.changeAside(aside.id, next);
    this.failedAttempt(failure, aside.attempts, `${what} Next attempt in ${describeMs(wait)}.`);
    this.sendAside(next, new Date(this.context.now.getTime() + wait));
  }

  // ---- operators

  /** The audit row; what the action leads to follows it. */
  audit(summary: string, actorId: string, data: Data): void {
    this.record("OPERATOR_ACTION", summary, { actorId, data });
  }

  /** The current step, wait or undo once more, with a new run and its attempts counted from 1; of a group, and of its undo, what stands. */
  again(): void {
    const undos = this.currentUndos();
    for (const undone of undos) this.beginUndo(undone, `Undoing ${undone.state} again. ${this.reason()}`.trimEnd());
    if (undos.length > 0) return;
    const node = nodeOf(this.definition, this.draft.state);
    if (node.kind === "milestone") throw new Error(`${this.definition.name}: the milestone ${node.state} has no run`);
    const standing = this.focused().filter(({ status }) => status === "parked");
    this.leave();
    for (const run of standing) this.about(run).endRun("unknown");
    this.focus = null;
    this.change({ reasonCode: null, reasonMessage: null, reasonAt: null });
    if (node.kind === "group") return this.beginAgain(node, standing);
    this.open(node);
    this.record("TRANSITION", `${node.state} begins again.`);
    if (node.kind === "wait") this.takeParked(node);
  }

  private beginAgain(node: GroupNode, runs: readonly Run[]): void {
    const states = runs.map(({ state }) => state);
    this.openGroup(node, states, runs[0]?.group ?? "");
    for (const run of runs) this.tells(run).record("TRANSITION", `${run.state} begins again.`);
  }

  /** On without the current step; without what stands of a group, or all of it where nothing stands. */
  skip(): void {
    const open = this.focused();
    const standing = open.filter(({ status }) => status === "parked");
    for (const run of standing.length === 0 ? open : standing) this.about(run).apply({ go: "skip" }, "given-up");
  }

  setTimer(timer: "DEADLINE" | "REMINDER", to: Date): void {
    const { now } = this.context;
    for (const run of this.draft.runs)
      if (run.status === "active") this.changeRun(run.id, timer === "DEADLINE" ? { deadlineSetAt: now } : { reminderSetAt: now });
    this.change(timer === "DEADLINE" ? { deadlineAt: to } : { remindAt: to });
  }

  /** Failed attempts that wait are made at another time than their policy says; null: now. */
  reschedule(at: Date | null): void {
    for (const run of this.waitingForAttempt()) {
      this.changeRun(run.id, ownAttempt(run, at ?? this.context.now));
      this.change({ nextAttemptAt: at ?? this.context.now });
      this.rescheduled.push({ runId: run.undo?.runId ?? run.id, at });
    }
  }

  /** What was held by a pause and is sent now waits on for the time of its attempt. */
  keepAttempts(): void {
    for (const run of this.waitingForAttempt()) {
      const at = run.group === undefined ? this.draft.nextAttemptAt : (run.nextAttemptAt ?? null);
      if (at !== null && at > this.context.now) this.rescheduled.push({ runId: run.undo?.runId ?? run.id, at });
    }
  }

  private waitingForAttempt(): Run[] {
    if (this.draft.nextAttemptAt === null) return [];
    const undos = this.currentUndos();
    return (undos.length > 0 ? undos : this.focused()).filter((run) => run.group === undefined || run.nextAttemptAt != null);
  }

  /** Sends the command of a run again that the saga went on without, or of an undo or notice that gave up. */
  redrive(runId: string, state: string, attempt: number): void {
    const known = this.draft.asides.find((aside) => aside.id === runId);
    this.sendAside(this.newAside(known?.kind ?? "redrive", state, runId, attempt), null);
  }

  /** A state that stands goes on standing under the name that a newer version has for it. */
  rename(state: string): void {
    const fromState = this.draft.state;
    this.change({ state });
    this.record("TRANSITION", `${fromState} is ${state} from now on, and goes on standing.`, { fromState });
  }

  /** Out of a wait that a newer version has lost, into what takes its place. */
  moveOn(state: string): void {
    this.endRun("unknown");
    this.enter(state);
  }

  undoByHand(run: UndoneRun, status: "done" | "gave-up"): void {
    this.undoEnded(run, status);
  }

  cancel(): void {
    this.endRun("unknown");
    this.giveReason(CANCELLED_BY_OPERATOR);
    this.undoAll();
  }

  // ---- sub-sagas

  /** The saga that began it fails. That one is told when everything is undone. */
  undoWithParent(): void {
    this.endRun("unknown");
    this.giveReason(UNDONE_WITH_PARENT);
    this.undoAll();
  }

  isSubSaga(run: Run): boolean {
    const node = makerOf(this.definition, run).nodes.get(run.state);
    return node?.kind === "step" && node.begins !== null;
  }

  /** The sub-saga is being undone; its end is the answer. */
  undoAnswersLater(run: UndoneRun): void {
    this.changeRun(run.id, { undo: { ...run.undo, later: true }, ...ownAttempt(run, null) });
    if (run.group === undefined) this.change({ nextAttemptAt: null });
    this.showUndos();
    this.record("NOTICE", `The undo of ${run.state} waits for its sub-saga.`);
  }

  change(changes: Partial<Instance>): void {
    this.draft = { ...this.draft, ...changes, updatedAt: this.context.now };
  }

  // ---- the draft

  private changeRun(id: string, changes: Partial<Run>): void {
    this.change({ runs: this.draft.runs.map((run) => (run.id === id ? { ...run, ...changes } : run)) });
  }

  /** Runs that await their end, or an operator; several only in a group. */
  private focused(): Run[] {
    return this.draft.runs.filter((run) => isOpen(run) && (this.focus === null || run.id === this.focus));
  }

  currentRuns(): readonly Run[] {
    return this.focused();
  }

  /** Undos that stand, or else those under way; several only in a group. */
  currentUndos(): readonly UndoneRun[] {
    const open = this.openUndos().filter(({ id }) => this.focus === null || this.focus === id);
    const standing = open.filter(({ undo }) => undo.status === "parked");
    return standing.length === 0 ? open : standing;
  }

  private openUndos(): UndoneRun[] {
    return this.draft.runs.filter((run): run is UndoneRun => run.undo?.status === "active" || run.undo?.status === "parked");
  }

  private endRun(status: Run["status"]): void {
    const answer = this.answer === null ? {} : { answer: this.answer };
    for (const run of this.focused()) this.changeRun(run.id, { status, endedAt: this.context.now, ...answer, ...ownAttempt(run, null) });
    this.answer = null;
  }

  /** Why the saga is being undone, as a sentence; empty while it goes forward. */
  private reason(): string {
    const declared = this.declaredReason();
    if (declared === undefined) return "";
    return typeof declared.message === "string" ? declared.message : declared.message(this.draft.data);
  }

  private meta(stepRunId: string, attempt: number): { stepRunId: string; attempt: number; now: Date; reason: string } {
    return { stepRunId, attempt, now: this.context.now, reason: this.reason() };
  }

  private payloadOf(node: StepNode, run: Run): unknown {
    return node.with(this.draft.data, this.meta(run.id, run.attempts));
  }

  private sendStep(node: StepNode, run: Run, deliverAt: Date | null): void {
    this.send(node.command, this.payloadOf(node, run), run.id, run.attempts, deliverAt);
  }

  private sendUndo(undo: Undo, run: Run, undoRunId: string, attempt: number, deliverAt: Date | null): void {
    this.send(undo.command, undo.with(this.dataOf(run), this.meta(run.id, attempt)), undoRunId, attempt, deliverAt);
  }

  /** The data that a run's own version knows. */
  private dataOf(run: Run): Data {
    return run.made === undefined ? this.draft.data : makerOf(this.definition, run).data.decode(run.made.data, `v${run.made.version}.data`);
  }

  private send(command: AnyCommand, payload: unknown, runId: string, attempt: number, deliverAt: Date | null): void {
    this.commands.push({ id: this.context.newId(), command, payload, runId, attempt, deliverAt, causationId: this.messageId });
  }

  record(
    kind: HistoryKind,
    summary: string,
    extra: Partial<Pick<HistoryRow, "fromState" | "attempt" | "reasonCode" | "reasonMessage" | "actorId" | "data" | "undoneState">> = {},
  ): void {
    const { codeHash } = this.draft;
    const { name, version, codeHash: current } = this.definition;
    if (codeHash !== current) {
      this.change({ codeHash: current });
      const changed = { message: null, messageId: null };
      if (codeHash !== null) this.append("NOTICE", `The code of ${name} v${version} changed under this saga; its shape did not.`, null, changed);
    }
    const { fate, begunAt, step } = this;
    this.fate = null;
    this.begunAt = null;
    this.step = null;
    this.append(kind, summary, fate, { begunAt, step, ...(fate === null ? {} : { data: this.body }), ...extra });
  }

  private append(kind: HistoryKind, summary: string, fate: Fate | null, extra: Partial<HistoryRow>): void {
    const sequence = this.draft.sequence + 1;
    this.change({ sequence });
    const { state, status, reasonCode, reasonMessage } = this.draft;
    this.history.push({
      sequence,
      kind,
      message: this.message,
      messageId: this.messageId,
      fate,
      fromState: state,
      toState: state,
      status,
      summary,
      attempt: null,
      reasonCode,
      reasonMessage,
      actorId: null,
      data: null,
      begunAt: null,
      undoneState: null,
      step: null,
      ...extra,
    });
  }
}

/** A sentence for everybody who may watch; what went wrong inside the program is for operators, in the reason and the dead letter. */
const describeFailure = (retry: Retry, attempt: number, { code, message }: FailureReason): string =>
  `Attempt ${attempt} of ${attemptsOf(retry)} failed: ${code === "INTERNAL" ? "an error inside the program." : message.replace(/\.?$/, ".")}`;
