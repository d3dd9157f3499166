import type { FailureReason } from "../../kernel/errors.ts";
import type { AnyCommand, Fate } from "../../outbox/index.ts";
import { makerOf, participantsOf, stepOf, type CompiledBranch, type Data, type Definition, type StepNode, type Undo } from "./compiled.ts";
import type { CommandToSend, DeadLetterToWrite, Decision, DecisionContext, HistoryKind, HistoryRow } from "./decision.ts";
import { isOpen, ownAttempt, type Instance, type ParkedEvent, type Run, type UndoneRun } from "./instance.ts";
import { engineReasons } from "./operator.ts";
import type { AnyOutcome } from "./outcome.ts";
import { undoOf } from "./remains.ts";
import type { Retry } from "./retry.ts";

/** One decision in the making: the instance as it has become so far, and what it gives rise to: history, commands, dead letters, a fate. */
export class Draft {
  readonly definition: Definition;
  readonly context: DecisionContext;
  /** Name of what is decided about; null: a timer or an operator. */
  message: string | null;
  private messageId: string | null;
  /** Goes onto the next row that is recorded, with the body of the message. */
  private fate: Fate | null = null;
  protected body: Data | null;
  /** When the attempt was begun that the message ends; goes onto the next row that is recorded. */
  private begunAt: Date | null = null;
  /** Of several runs that are open at a time, the one that is decided about; null: all. */
  protected focus: string | null = null;
  /** Goes onto the next row that is recorded. */
  private step: string | null = null;
  private readonly history: HistoryRow[] = [];
  private readonly commands: CommandToSend[] = [];
  private readonly deadLetters: DeadLetterToWrite[] = [];
  protected readonly rescheduled: { runId: string; at: Date | null }[] = [];
  /** Of a sub-saga that has ended. */
  report: NonNullable<Decision["report"]> | null = null;
  /** Digest of the reply that ends the current run. */
  answer: string | null = null;
  /** As they were before the branch that is being taken saved something. */
  protected dataBefore: Data;
  private current: Instance;

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
    this.current = instance;
    this.dataBefore = instance.data;
    this.context = context;
    this.message = message;
    this.messageId = messageId;
  }

  get instance(): Instance {
    return this.current;
  }

  decision(fate: Fate, explanation?: string): Decision {
    const { history, commands, deadLetters, rescheduled } = this;
    return {
      instance: this.instance,
      history,
      commands,
      deadLetters,
      rescheduled,
      fate,
      ...(this.report === null ? {} : { report: this.report }),
      ...(explanation === undefined ? {} : { explanation }),
    };
  }

  // ---- the message

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
    this.change({ heard: [...this.instance.heard.filter(({ id }) => id !== messageId), { id: messageId, fate }] });
  }

  /** The message has no effect, and the history says so. */
  ignore(fate: Fate, summary: string): Decision {
    this.becomes(fate).record("MESSAGE_IGNORED", summary);
    return this.decision(fate, summary);
  }

  /** The event came before the wait that takes it. */
  park(payload: unknown): Decision {
    const name = this.message ?? "";
    this.change({ parked: [...this.instance.parked, { messageId: this.messageId ?? "", name, payload }] });
    this.remember("parked");
    const summary = `${name} came early and waits for its state.`;
    this.becomes("parked").record("NOTICE", summary);
    return this.decision("parked", summary);
  }

  /** Takes a parked event: it is what is decided about from now on. */
  unpark({ messageId, name }: ParkedEvent, fate: Fate): void {
    this.change({ parked: this.instance.parked.filter((one) => one.messageId !== messageId) });
    this.message = name;
    this.messageId = messageId;
    // It was noted when the message came.
    this.body = null;
    this.remember(fate);
  }

  /** An action is not possible; nothing changes and nothing is recorded, since whoever asked is told. */
  deny(denied: "WRONG_STATE" | "INVALID", explanation: string): Decision {
    return { ...this.decision("refused", explanation), denied };
  }

  // ---- data

  change(changes: Partial<Instance>): void {
    this.current = { ...this.current, ...changes, updatedAt: this.context.now };
  }

  changeRun(id: string, changes: Partial<Run>): void {
    this.change({ runs: this.instance.runs.map((run) => (run.id === id ? { ...run, ...changes } : run)) });
  }

  save(changes: Data | undefined): void {
    if (changes === undefined) return;
    const data = { ...this.instance.data, ...changes };
    this.change({ data, participants: participantsOf(this.definition, data) });
  }

  /** The outcome that a branch has for a payload; what it saves is saved. */
  choose(branch: CompiledBranch, payload: unknown): AnyOutcome {
    const source = branch.by?.from === "event" ? (payload as Data) : this.instance.data;
    const value = branch.by === null ? "*" : String(source[branch.by.field]);
    const arm = branch.arms.get(value);
    if (arm === undefined) throw new Error(`${this.definition.name}: ${branch.by?.field} is ${value}; handled are ${[...branch.arms.keys()].join(", ")}`);
    this.dataBefore = this.instance.data;
    this.save(arm.save?.(payload, this.instance.data));
    return arm.then;
  }

  // ---- runs

  newRun(state: string, viaLoop: boolean): Run {
    const run: Run = { id: this.context.newId(), state, status: "active", attempts: 1, startedAt: this.context.now, endedAt: null, undo: null };
    return viaLoop ? { ...run, viaLoop } : run;
  }

  /** What is decided from now on is about this run, whatever else is open. */
  about(run: Run): this {
    this.focus = run.id;
    return this.tells(run);
  }

  /** The next row tells about this run. */
  tells(run: Run): this {
    this.step = run.group === undefined ? null : run.state;
    return this;
  }

  /** Runs that await their end, or an operator; several only in a group. */
  currentRuns(): Run[] {
    return this.instance.runs.filter((run) => isOpen(run) && (this.focus === null || run.id === this.focus));
  }

  /** Undos that stand, or else those under way; several only in a group. */
  currentUndos(): readonly UndoneRun[] {
    const open = this.openUndos().filter(({ id }) => this.focus === null || this.focus === id);
    const standing = open.filter(({ undo }) => undo.status === "parked");
    return standing.length === 0 ? open : standing;
  }

  /** Whether what is decided about stands and needs an operator. */
  stands(): boolean {
    return this.currentRuns().some(({ status }) => status === "parked") || this.currentUndos().some(({ undo }) => undo.status === "parked");
  }

  openUndos(): UndoneRun[] {
    return this.instance.runs.filter((run): run is UndoneRun => run.undo !== null && isOpen(run.undo));
  }

  endRun(status: Run["status"]): void {
    const answer = this.answer === null ? {} : { answer: this.answer };
    for (const run of this.currentRuns()) this.changeRun(run.id, { status, endedAt: this.context.now, ...answer, ...ownAttempt(run, null) });
    this.answer = null;
  }

  stepOf(run: Run): StepNode {
    return stepOf(makerOf(this.definition, run), run.state);
  }

  undoOf(run: Run): Undo {
    const undo = undoOf(this.definition, run);
    if (undo === null) throw new Error(`${this.definition.name}: ${run.state} has no undo`);
    return undo;
  }

  isSubSaga(run: Run): boolean {
    const node = makerOf(this.definition, run).nodes.get(run.state);
    return node?.kind === "step" && node.begins !== null;
  }

  /** The data that a run's own version knows. */
  dataOf(run: Run): Data {
    return run.made === undefined ? this.instance.data : makerOf(this.definition, run).data.decode(run.made.data, `v${run.made.version}.data`);
  }

  // ---- why

  declaredReason(): Definition["reasons"][string] | undefined {
    const { reason } = this.instance;
    return reason === null ? undefined : (engineReasons[reason] ?? this.definition.reasons[reason]);
  }

  /** Why the saga is being undone, as a sentence; empty while it goes forward. */
  reason(): string {
    const declared = this.declaredReason();
    if (declared === undefined) return "";
    return typeof declared.message === "string" ? declared.message : declared.message(this.instance.data);
  }

  giveReason(reason: string): void {
    this.change({ reason });
    this.change({ ...this.declared(reason), deadlineAt: null, nextAttemptAt: null });
  }

  declared(reason: string): Pick<Instance, "reasonCode" | "reasonMessage" | "reasonAt"> {
    const declared = engineReasons[reason] ?? this.definition.reasons[reason];
    if (declared === undefined) throw new Error(`${this.definition.name}: ${reason} is not a declared reason`);
    const reasonMessage = typeof declared.message === "string" ? declared.message : declared.message(this.instance.data);
    return { reasonCode: declared.code, reasonMessage, reasonAt: this.context.now };
  }

  because(failure: FailureReason): Pick<Instance, "reasonCode" | "reasonMessage" | "reasonAt"> {
    return { reasonCode: failure.code, reasonMessage: failure.message, reasonAt: this.context.now };
  }

  nextWait(retry: Retry, attempts: number, failure: FailureReason): number | null {
    const wait = retry.waitsMs[attempts - 1];
    if (failure.permanent || wait === undefined) return null;
    return Math.round(wait * (1 + retry.jitter * (2 * this.context.random() - 1)));
  }

  failedAttempt(failure: FailureReason, attempt: number, summary: string): void {
    this.record("ATTEMPT_FAILED", summary, { attempt, reasonCode: failure.code, reasonMessage: failure.message });
  }

  bury(command: AnyCommand, payload: unknown, runId: string, attempts: number, failure: FailureReason): void {
    this.deadLetters.push({ command, payload, runId, attempts, reasonCode: failure.code, reasonMessage: failure.message, detail: failure.detail });
  }

  // ---- commands

  meta(stepRunId: string, attempt: number): { stepRunId: string; attempt: number; now: Date; reason: string } {
    return { stepRunId, attempt, now: this.context.now, reason: this.reason() };
  }

  payloadOf(node: StepNode, run: Run): unknown {
    return node.with(this.instance.data, this.meta(run.id, run.attempts));
  }

  sendStep(node: StepNode, run: Run, deliverAt: Date | null): void {
    this.send(node.command, this.payloadOf(node, run), run.id, run.attempts, deliverAt);
  }

  send(command: AnyCommand, payload: unknown, runId: string, attempt: number, deliverAt: Date | null): void {
    this.commands.push({ id: this.context.newId(), command, payload, runId, attempt, deliverAt, causationId: this.messageId });
  }

  // ---- history

  /** The audit row; what the action leads to follows it. */
  audit(summary: string, actorId: string, data: Data): void {
    this.record("OPERATOR_ACTION", summary, { actorId, data });
  }

  record(
    kind: HistoryKind,
    summary: string,
    extra: Partial<Pick<HistoryRow, "fromState" | "attempt" | "reasonCode" | "reasonMessage" | "actorId" | "data" | "undoneState">> = {},
  ): void {
    const { codeHash } = this.instance;
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
    const sequence = this.instance.sequence + 1;
    this.change({ sequence });
    const { state, status, reasonCode, reasonMessage } = this.instance;
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
