import type { FailureReason } from "../../kernel/errors.ts";
import type { AnyEvent } from "../../outbox/index.ts";
import { firstReminder, newAside, sendAside, stopReminding } from "./asides.ts";
import { isFinal, nodeOf, stateAfter, stepOf, type CompiledBranch, type Data, type GroupNode, type StepNode, type WaitNode } from "./compiled.ts";
import { Draft } from "./draft.ts";
import { describeMs } from "./duration.ts";
import { beginAgain, groupOf, join, openGroup, showGroup } from "./group.ts";
import { ownAttempt, type Instance, type Run } from "./instance.ts";
import { digestOf, isToCome, visibleBody } from "./message.ts";
import { CANCELLED_BY_OPERATOR, UNDONE_WITH_PARENT, UNKNOWN_END } from "./operator.ts";
import type { AnyOutcome } from "./outcome.ts";
import { attemptsOf, describeFailure } from "./retry.ts";
import { end, stand } from "./stops.ts";
import { beginUndo, showUndos, undoAll } from "./undo.ts";

/** How the current run ends: by an answer, or given up without one, so that it may or may not have happened. */
type Ending = "answered" | "given-up";

/** A draft with the verbs that move a saga on along its main path. */
export class Turn extends Draft {
  /** The group that the saga is in has ended, and what follows is being decided. */
  private hasJoined = false;
  /** Why the current run is given up; null while that is nobody's fault. */
  private failure: FailureReason | null = null;

  // ---- outcomes

  /** The current run is answered by an event or a reply. */
  answered(branch: CompiledBranch, contract: AnyEvent, payload: unknown): void {
    this.answer = digestOf(contract, payload);
    this.take(branch, payload, "answered");
  }

  /** Its sub-saga has ended as its version does not know: the step stands, and an operator says what that means. */
  endedStrangely(contract: AnyEvent, payload: unknown, problem: string): void {
    this.answer = digestOf(contract, payload);
    this.failure = { code: UNKNOWN_END, message: problem, permanent: true, detail: "" };
    this.apply({ go: "park" }, "answered");
  }

  private take(branch: CompiledBranch, payload: unknown, ending: Ending): void {
    this.apply(this.choose(branch, payload), ending);
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
        return undoAll(this);
      case "park": {
        const [run] = this.currentRuns();
        const state = this.focus === null || run === undefined ? this.instance.state : run.state;
        const trouble = outcome.reason === undefined ? this.trouble() : this.declared(outcome.reason);
        for (const one of this.currentRuns()) if (one.group !== undefined) this.changeRun(one.id, { trouble });
        this.endRun("parked");
        stand(this, trouble);
        return this.record("TRANSITION", `${state} stands and needs an operator.`);
      }
      case "stay":
        this.answer = null;
        return this.stay(nodeOf(this.definition, this.instance.state) as WaitNode);
    }
  }

  /** The wait stands on; what it stands until moves where it is an instant of the data that have just changed. */
  private stay(node: WaitNode): void {
    const { data, status } = this.instance;
    // One that stands and asks an operator has no timers; it gets them anew when it begins again.
    const differ = (instant: (of: Data) => Date): boolean => status === "WAITING" && instant(data).getTime() !== instant(this.dataBefore).getTime();
    // Only then: an operator may have moved a timer, and what did not change is no reason to move it back.
    if (typeof node.deadline === "function" && differ(node.deadline)) this.change({ deadlineAt: node.deadline(data) });
    if (node.remind !== null && "at" in node.remind.when && node.remind.when.at.some(differ)) {
      stopReminding(this);
      this.change({ remindAt: firstReminder(this, node.remind) });
    }
    this.record("TRANSITION", `${node.state} noted ${this.message}.`);
    if (node.tell !== null) sendAside(this, newAside(this, "tell", node.state, this.context.newId(), 1), null);
  }

  // ---- the main path

  /** On to the next state of the main path; from a group once all its steps have ended. */
  goOn(): void {
    const node = nodeOf(this.definition, this.instance.state);
    if (node.kind === "group" && !this.hasJoined) {
      const ended = this.instance.runs.find(({ id }) => id === this.focus);
      this.focus = null;
      if (!join(this, node, ended)) return;
      this.hasJoined = true;
      return this.take(node.then, undefined, "answered");
    }
    const following = stateAfter(this.definition, this.instance.state);
    if (following === null) throw new Error(`${this.definition.name}: nothing follows ${this.instance.state}`);
    this.enter(following);
  }

  /** What the other steps of a group did, or may yet do, is not known. */
  private giveUpOthers(): void {
    this.focus = null;
    this.endRun("unknown");
  }

  private jump(to: string, atMost: number | undefined, orElse: AnyOutcome | undefined, ending: Ending): void {
    const loops = this.instance.runs.filter((run) => run.viaLoop && (run.state === to || groupOf(this.definition, run) === to)).length;
    if (atMost !== undefined && loops >= atMost) return this.apply(orElse ?? { go: "park" }, ending);
    this.endRun(ending === "answered" ? "done" : "unknown");
    this.enter(to, { viaLoop: atMost !== undefined });
  }

  private enter(state: string, { viaLoop = false, because }: { viaLoop?: boolean; because?: string | undefined } = {}): void {
    const fromState = this.instance.state;
    const { now } = this.context;
    this.focus = null;
    this.hasJoined = false;
    stopReminding(this);
    // Whatever went wrong on the way here is over. A saga that fails does not come this way, and keeps its reason.
    this.change({ reasonCode: null, reasonMessage: null, reasonAt: null });
    if (isFinal(this.definition, state)) {
      if (because !== undefined) this.giveReason(because);
      return end(this, state);
    }
    const node = nodeOf(this.definition, state);
    const left = this.instance.runs.findLast((run) => run.state === fromState || groupOf(this.definition, run) === fromState);
    const how = left?.status === "skipped" ? "was skipped" : left?.status === "unknown" ? "was given up" : "is done";
    const summary = `${fromState} ${how}; ${node.kind === "wait" ? "waiting in" : node.kind === "milestone" ? "reached" : "now"} ${state}.`;
    this.change({ state, attempt: 1, maxAttempts: 1, nextAttemptAt: null, deadlineAt: null, status: "RUNNING" });
    if (node.kind === "milestone") {
      if (node.goal && this.instance.settledAt === null) this.change({ settledAt: now });
      this.record("TRANSITION", summary, { fromState });
      return this.goOn();
    }
    this.open(node, viaLoop);
    this.record("TRANSITION", summary, { fromState });
    if (node.kind === "wait") this.takeParked(node);
  }

  /** A new run of the current state: its command, or its wait, and its timers. Of a group, a run of each step. */
  private open(node: StepNode | GroupNode | WaitNode, viaLoop = false): void {
    if (node.kind === "group") return openGroup(this, node, node.steps, this.context.newId(), viaLoop);
    const { now } = this.context;
    const run = this.newRun(node.state, viaLoop);
    const started = { runs: [...this.instance.runs, run], attempt: 1, nextAttemptAt: null, remindAt: firstReminder(this, node.remind) };
    if (node.kind === "step") {
      this.change({ ...started, status: "RUNNING", maxAttempts: attemptsOf(node.retry), deadlineAt: new Date(now.getTime() + node.timeoutMs) });
      return this.sendStep(node, run, null);
    }
    const deadlineAt = typeof node.deadline === "function" ? node.deadline(this.instance.data) : new Date(now.getTime() + node.deadline.afterMs);
    this.change({
      ...started,
      status: "WAITING",
      maxAttempts: 1,
      deadlineAt,
      settledAt: node.goal ? (this.instance.settledAt ?? now) : this.instance.settledAt,
    });
  }

  /** Events that came before this wait was open are taken now, in the order in which they came, until one of them leaves it. */
  private takeParked(node: WaitNode): void {
    for (const parked of this.instance.parked) {
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
      const lost = this.instance.parked.filter(({ name }) => node.on.has(name) && !isToCome(this.definition, this.instance, name));
      this.change({ parked: this.instance.parked.filter((one) => !lost.includes(one)) });
      this.apply(outcome, "answered");
      for (const one of lost) {
        this.unpark(one, "superseded");
        this.becomes("superseded").record("MESSAGE_IGNORED", `${one.name} was put aside: ${parked.name} came before it.`);
      }
      return;
    }
  }

  /** The row whose status the saga reflects is gone: it stands where it is, whatever else was to happen. */
  entityMissing(what: string): void {
    const undos = this.openUndos();
    if (undos.length === 0) this.endRun("parked");
    for (const undo of undos) this.changeRun(undo.id, { undo: { ...undo.undo, status: "parked" } });
    stand(this, { reasonCode: "INTERNAL", reasonMessage: what, reasonAt: this.context.now });
    this.record("TRANSITION", what);
  }

  // ---- attempts

  /** The command was carried out; only the step's deadline bounds the answer, which comes from outside. */
  answersLater(run: Run): void {
    this.changeRun(run.id, { later: true, ...ownAttempt(run, null) });
    const node = nodeOf(this.definition, this.instance.state);
    if (node.kind === "group") showGroup(this, node);
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
      if (this.instance.status !== "STUCK") this.change({ status: "RETRYING", attempt: attempts, nextAttemptAt, ...this.because(failure) });
      const group = nodeOf(this.definition, this.instance.state);
      if (group.kind === "group") showGroup(this, group);
      this.failedAttempt(failure, run.attempts, `${describeFailure(node.retry, run.attempts, failure)} Next attempt in ${describeMs(wait)}.`);
      return this.sendStep(node, { ...run, attempts }, nextAttemptAt);
    }
    this.bury(node.command, this.payloadOf(node, run), run.id, run.attempts, failure);
    this.failedAttempt(failure, run.attempts, `${describeFailure(node.retry, run.attempts, failure)} No attempt is left.`);
    this.failure = failure;
    this.about(run).apply(node.onExhausted, "given-up");
  }

  deadlineReached(): void {
    const { state } = this.instance;
    const node = nodeOf(this.definition, state);
    if (node.kind === "milestone") throw new Error(`${this.definition.name}: the milestone ${state} has no deadline`);
    const outcome = node.kind === "wait" ? node.onDeadline : node.onTimeout;
    const failure: FailureReason = {
      code: "TIMED_OUT",
      message: `${state} did not end in time.`,
      permanent: true,
      detail: `Deadline ${this.instance.deadlineAt?.toISOString()}`,
    };
    if (node.kind !== "wait" && (outcome.go === "skip" || outcome.go === "park")) {
      for (const run of this.currentRuns()) {
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

  /** A saga that stands shows the failure itself, if there was one; one that fails shows the declared reason; one that goes on shows none. */
  private trouble(): Pick<Instance, "reasonCode" | "reasonMessage" | "reasonAt"> {
    return this.failure === null ? { reasonCode: null, reasonMessage: null, reasonAt: null } : this.because(this.failure);
  }

  // ---- operators

  /** The current step, wait or undo once more, with a new run and its attempts counted from 1; of a group, and of its undo, what stands. */
  again(): void {
    const undos = this.currentUndos();
    for (const undone of undos) beginUndo(this, undone, `Undoing ${undone.state} again. ${this.reason()}`.trimEnd());
    if (undos.length > 0) return;
    const node = nodeOf(this.definition, this.instance.state);
    if (node.kind === "milestone") throw new Error(`${this.definition.name}: the milestone ${node.state} has no run`);
    const standing = this.currentRuns().filter(({ status }) => status === "parked");
    stopReminding(this);
    for (const run of standing) this.about(run).endRun("unknown");
    this.focus = null;
    this.change({ reasonCode: null, reasonMessage: null, reasonAt: null });
    if (node.kind === "group") return beginAgain(this, node, standing);
    this.open(node);
    this.record("TRANSITION", `${node.state} begins again.`);
    if (node.kind === "wait") this.takeParked(node);
  }

  /** On without the current step; without what stands of a group, or all of it where nothing stands. */
  skip(): void {
    const open = this.currentRuns();
    const standing = open.filter(({ status }) => status === "parked");
    for (const run of standing.length === 0 ? open : standing) this.about(run).apply({ go: "skip" }, "given-up");
  }

  setTimer(timer: "DEADLINE" | "REMINDER", to: Date): void {
    const { now } = this.context;
    for (const run of this.instance.runs)
      if (run.status === "active") this.changeRun(run.id, timer === "DEADLINE" ? { deadlineSetAt: now } : { reminderSetAt: now });
    this.change(timer === "DEADLINE" ? { deadlineAt: to } : { remindAt: to });
  }

  /** Failed attempts that wait are made at another time than their policy says; null: now. */
  reschedule(runs: readonly Run[], at: Date | null): void {
    const nextAttemptAt = at ?? this.context.now;
    for (const run of runs) {
      this.changeRun(run.id, ownAttempt(run, nextAttemptAt));
      this.rescheduled.push({ runId: run.undo?.runId ?? run.id, at });
    }
    const node = nodeOf(this.definition, this.instance.state);
    if (runs.every(({ group }) => group === undefined)) this.change({ nextAttemptAt });
    else if (this.openUndos().length > 0) showUndos(this);
    else if (node.kind === "group") showGroup(this, node);
  }

  /** What was held by a pause and is sent now waits on for the time of its attempt. */
  keepAttempts(): void {
    for (const run of this.waitingForAttempt()) {
      const at = this.nextAttemptOf(run);
      if (at !== null && at > this.context.now) this.rescheduled.push({ runId: run.undo?.runId ?? run.id, at });
    }
  }

  /** Runs, or undos, whose attempt has failed and that wait for the next one. */
  waitingForAttempt(): Run[] {
    const undos = this.openUndos().filter(({ id }) => this.focus === null || this.focus === id);
    return (undos.length > 0 ? undos : this.currentRuns()).filter((run) => this.nextAttemptOf(run) !== null);
  }

  nextAttemptOf({ group, nextAttemptAt }: Run): Date | null {
    return group === undefined ? this.instance.nextAttemptAt : (nextAttemptAt ?? null);
  }

  /** Sends the command of a run again that the saga went on without, or of an undo or notice that gave up. */
  redrive(runId: string, state: string, attempt: number): void {
    const known = this.instance.asides.find((aside) => aside.id === runId);
    sendAside(this, newAside(this, known?.kind ?? "redrive", state, runId, attempt), null);
  }

  /** A state that stands goes on standing under the name that a newer version has for it. */
  rename(state: string): void {
    const fromState = this.instance.state;
    this.change({ state });
    this.record("TRANSITION", `${fromState} is ${state} from now on, and goes on standing.`, { fromState });
  }

  /** Out of a wait that a newer version has lost, into what takes its place. */
  moveOn(state: string): void {
    this.endRun("unknown");
    this.enter(state);
  }

  cancel(): void {
    this.endRun("unknown");
    this.giveReason(CANCELLED_BY_OPERATOR);
    undoAll(this);
  }

  // ---- sub-sagas

  /** The saga that began it fails. That one is told when everything is undone. */
  undoWithParent(): void {
    this.endRun("unknown");
    this.giveReason(UNDONE_WITH_PARENT);
    undoAll(this);
  }
}
