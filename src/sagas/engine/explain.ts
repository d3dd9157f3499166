import type { EntityManager } from "@mikro-orm/postgresql";
import { queueOf, type AnyEvent, type WorkerView } from "../../outbox/index.ts";
import { answersOf, hasWayOn, type Definition, type Node } from "./compiled.ts";
import { isLoaded, readFacts, type ExplainedSaga, type Holder, type RowHolder, type SagaFacts } from "./explain-facts.ts";
import { nextStates, runUnderWay, undoFor, undoUnderWay, type NextState } from "./explain-next.ts";
import type { Run } from "./instance.ts";
import { attemptsOf } from "./retry.ts";
import { reportOf } from "./sub-saga.ts";
import type { SagaRegistry } from "./registry.ts";

export type { ExplainedSaga, RowHolder, SagaFacts } from "./explain-facts.ts";
export type { NextState } from "./explain-next.ts";

/** Why a saga is where it is: each cause with what it means. An unfinished saga always has exactly one of them. */
export const SagaCause = {
  ENDED: "It has ended; nothing is to come.",
  DATA_UNREADABLE: "Its stored data do not fit the definition of its version, so nobody can move it.",
  RUNNING: "A worker is carrying out its command at this moment.",
  LOCK_HELD: "A database transaction holds its row, or a row that its command waits for.",
  PAUSED: "An operator has paused it.",
  VERSION_NOT_LOADED: "No process that is alive and could move it has loaded its version.",
  ENTITY_MISSING: "The business row that it writes its status to is gone.",
  UNDO_PARKED: "The undo of a step needs an operator.",
  STEP_PARKED: "Its step, or wait, needs an operator.",
  WAITING_FOR_EVENT: "It waits for somebody outside, for a deadline, or for a saga that it has begun.",
  RETRY_SCHEDULED: "An attempt has failed; the next one waits for its time.",
  RELAY_BEHIND: "Its command is due and no relay has put it onto its queue yet.",
  QUEUE_PAUSED: "An operator has paused the queue of its command.",
  NO_WORKER: "No process that is alive takes from the queue of its command, or looks at its timer.",
  QUEUED: "Its command is on its queue and waits for its turn.",
  COMMAND_MISSING: "Its command is neither in the outbox nor on a queue: somebody has deleted it.",
} as const;
export type SagaCause = keyof typeof SagaCause;

/** A mutation of the API that moves the saga on, with the arguments to call it with; what stands in angle brackets is for the operator to fill in. */
export interface SagaRemedy {
  readonly mutation: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly description: string;
}

export interface SagaExplanation {
  readonly cause: SagaCause;
  /** One or two sentences with the facts; for operators only, since errors inside the program are told as they are. */
  readonly summary: string;
  /** Since when the cause holds. */
  readonly since: Date | null;
  /** When the clock ends it, where it does. */
  readonly until: Date | null;
  /** What is waited for from outside. */
  readonly events: readonly string[];
  /** Of the current command. */
  readonly queue: string | null;
  /** Who carries the command out. */
  readonly worker: { readonly id: string; readonly host: string; readonly pid: number } | null;
  /** Empty where only time, or somebody outside, moves it on; the summary says so. */
  readonly remedies: readonly SagaRemedy[];
  readonly next: readonly NextState[];
}

/** Tells why sagas are where they are, and what would move them on. */
export class SagaExplainer {
  /** Explains sagas by a constant number of statements; one that does not exist is left out. It reads only, and waits for no lock. */
  async explain(em: EntityManager, registry: SagaRegistry, sagaIds: readonly string[]): Promise<Map<string, SagaExplanation>> {
    if (sagaIds.length === 0) return new Map();
    const known = await readFacts(em, registry, sagaIds);
    return new Map(
      known.map(({ saga, facts }) => [saga.id, explain((isLoaded(registry, saga) && registry.find(saga.type, saga.version)) || null, saga, facts)]),
    );
  }
}

type Found = Pick<SagaExplanation, "cause" | "summary"> & Partial<Omit<SagaExplanation, "cause" | "summary" | "next">>;

/**
 * Names the one cause. Of several that hold, the first of this list:
 *
 * 1. ENDED.
 * 2. DATA_UNREADABLE: no operation and no worker gets past it.
 * 3. LOCK_HELD or RUNNING, where a worker has the command in hand: an effect may be happening now, whatever was ordered since.
 * 4. PAUSED: nothing else matters before the saga is resumed; the summary says what comes then.
 * 5. VERSION_NOT_LOADED.
 * 6. ENTITY_MISSING, UNDO_PARKED or STEP_PARKED: it stands.
 * 7. LOCK_HELD, for a second at least; shorter ones are work.
 * 8. WAITING_FOR_EVENT. Where its deadline has passed and no process is alive to take it: NO_WORKER, or VERSION_NOT_LOADED.
 * 9. RETRY_SCHEDULED or RELAY_BEHIND: the command is in the outbox.
 * 10. QUEUE_PAUSED, NO_WORKER or QUEUED, in this order: the command is on its queue.
 * 11. COMMAND_MISSING.
 *
 * While a saga is undone, its command is the undo's. Commands beside the main path, such as reminders, are never a cause.
 *
 * @param definition null: this process has not loaded the saga's version, or one by which it may have to undo, so what leads where is not known
 */
export function explain(definition: Definition | null, saga: ExplainedSaga, facts: SagaFacts): SagaExplanation {
  const found = new Explanation(definition, saga, facts).find();
  return {
    since: null,
    until: null,
    events: [],
    queue: null,
    worker: null,
    remedies: [],
    ...found,
    next: definition === null ? [] : nextStates(definition, saga),
  };
}

const LONG_LOCK_MS = 1_000;
/** A summary is no list. */
const WORKERS_TOLD = 5;
const LATE_TIMER_MS = 5_000;

class Explanation {
  private readonly definition: Definition | null;
  private readonly saga: ExplainedSaga;
  private readonly facts: SagaFacts;
  /** Of a group, the step that is told about. */
  private readonly node: Node | undefined;
  private readonly run: Run | undefined;
  private readonly undone: ReturnType<typeof undoUnderWay>;
  /** The current command in words. */
  private readonly command: string;
  private readonly queue: string | null;

  constructor(definition: Definition | null, saga: ExplainedSaga, facts: SagaFacts) {
    this.definition = definition;
    this.saga = saga;
    this.facts = facts;
    this.undone = undoUnderWay(saga);
    this.run = runUnderWay(saga);
    const state = definition?.nodes.get(saga.state);
    this.node = state?.kind === "group" ? definition?.nodes.get(this.run?.state ?? "") : state;
    const contract = this.undone === undefined ? (this.node?.kind === "step" ? this.node.command : undefined) : this.undo?.command;
    this.command = contract?.name ?? (this.undone === undefined ? `The command of ${saga.state}` : `The undo of ${this.undone.state}`);
    this.queue = facts.job?.queue ?? facts.outbox?.queue ?? (contract === undefined ? null : queueOf(contract.name));
  }

  find(): Found {
    return (
      this.ended() ??
      this.unreadable() ??
      this.inHand() ??
      this.paused() ??
      this.notLoaded() ??
      this.undoneNotLoaded() ??
      this.standing() ??
      this.locked() ??
      this.reportPaused() ??
      this.waitingForUndo() ??
      this.waiting() ??
      this.inOutbox() ??
      this.onQueue() ??
      this.missing()
    );
  }

  private ended(): Found | null {
    const { finishedAt, state, status, reason, runs, asides } = this.saga;
    if (finishedAt === null) return null;
    // What a redrive would refuse is not offered.
    const letters = this.facts.openLetters.filter(
      ({ runId }) =>
        runs.some(({ undo }) => undo?.status === "gave-up" && undo.runId === runId) ||
        asides.some(({ id, kind, status: end }) => id === runId && kind === "tell" && end === "gave-up") ||
        (reason === null && runs.some(({ id, answer }) => id === runId && answer === undefined)),
    );
    return {
      cause: "ENDED",
      summary: `It ended as ${state} (${status}) at ${iso(finishedAt)}.`,
      since: finishedAt,
      remedies: letters.length === 0 ? [] : [this.redrive(letters, "Sends what was given up on the way round again, beside the ended saga.")],
    };
  }

  private unreadable(): Found | null {
    const { unreadable } = this.facts;
    if (unreadable === null) return null;
    return {
      cause: "DATA_UNREADABLE",
      summary: `Its stored data do not fit ${this.version}: ${sentence(unreadable)} Its commands are put back and its timers do nothing until the row is repaired.`,
      since: this.saga.updatedAt,
    };
  }

  private inHand(): Found | null {
    const { job, heldBy, workers } = this.facts;
    if (job === null || (!job.isActive && job.heldBy === null)) return null;
    const hand = job.hands.find(({ workerId }) => workers.some((worker) => worker.id === workerId));
    const worker = workers.find(({ id }) => id === hand?.workerId);
    // A lease whose process has died is given up by the first other process that takes from the queue.
    if (worker === undefined && !(job.isActive && this.takers().length > 0)) return null;
    const since = hand?.takenAt ?? job.startedAt;
    const blocker = this.blockerOfWork(job.heldBy, heldBy);
    if (blocker !== null) {
      const who = worker === undefined ? "" : ` by ${name(worker)}`;
      return { ...this.lockHeld(blocker, `${this.command} was taken in hand${who} and waits for it.`), worker: view(worker), queue: this.queue };
    }
    const { pausedAt } = this.saga;
    const paused = pausedAt === null ? "" : ` ${this.pause} It stands once this has ended.`;
    const attempt = `${this.command}, attempt ${this.attempt} of ${this.maxAttempts},`;
    return {
      cause: "RUNNING",
      summary:
        worker === undefined
          ? `${attempt} was in hand of a process that has died; its lease counts as a failed attempt as soon as another process gives it up, at the latest at ${isoOr(job.expiresAt)}.${paused}`
          : `${attempt} has been in hand of ${name(worker)} since ${isoOr(since)}.${paused}`,
      since,
      until: job.expiresAt,
      queue: this.queue,
      worker: view(worker),
    };
  }

  private blockerOfWork(work: RowHolder | null, row: RowHolder | null): Holder | null {
    if (work?.blockedBy != null && this.isLong(work.blockedSince)) return work.blockedBy;
    return row !== null && row.pid !== work?.pid && this.isLong(row.since) ? (row.blockedBy ?? row) : null;
  }

  private paused(): Found | null {
    const { pausedAt } = this.saga;
    if (pausedAt === null) return null;
    const { outbox } = this.facts;
    const isHeld = outbox !== null && outbox.deliverAt === null;
    const then = isHeld ? `${this.command} is held and is sent at once when it is resumed.` : `Apart from that: ${this.apartFromPause().summary}`;
    return {
      cause: "PAUSED",
      summary: `${this.pause} ${then}`,
      since: pausedAt,
      queue: this.queue,
      remedies: [this.act("resumeSaga", {}, "Lets it go on; what counts from the entry of the state does not count the pause.")],
    };
  }

  private apartFromPause(): Found {
    return new Explanation(this.definition, { ...this.saga, pausedAt: null }, this.facts).find();
  }

  private notLoaded(): Found | null {
    const { workers } = this.facts;
    if (this.isLoadedByWorker()) return null;
    const isLoadedHere = this.definition !== null;
    // What waits or stands is moved by a message or an operator, in a process that need not be a worker. A report is a worker's work.
    const needsNoWorker = this.saga.status === "STUCK" || (this.saga.status === "WAITING" && !this.isReportOnItsWay);
    if (isLoadedHere && (workers.length === 0 || needsNoWorker)) return null;
    return this.versionNotLoaded();
  }

  private versionNotLoaded(): Found {
    const earlier = this.versions.slice(1);
    const undoing = earlier.length === 0 ? "" : `, and ${earlier.join(" and ")}, by which it may have to undo what it did`;
    return {
      cause: "VERSION_NOT_LOADED",
      summary: `No process that is alive and could move it has loaded ${this.version}${undoing} (${this.loadedOf(this.saga.type)}). Start a process that has it.`,
      since: this.saga.updatedAt,
      queue: this.queue,
    };
  }

  /** What a sub-saga has done is undone by the versions that did it. */
  private undoneNotLoaded(): Found | null {
    const { undoneSaga, workers } = this.facts;
    if (undoneSaga === null || this.undone === undefined || this.undone.undo.later === true || workers.length === 0) return null;
    const { type, id } = undoneSaga;
    const versions = [...new Set(undoneSaga.versions)].map((version) => `${type} v${version}`);
    if (workers.some(({ loads }) => versions.every((version) => loads.includes(version)))) return null;
    return {
      cause: "VERSION_NOT_LOADED",
      summary: `The undo of ${this.undone.state} undoes what the ${type} ${id} did by ${versions.join(" and ")}, and no process that is alive has loaded ${versions.length === 1 ? "that" : "these"} (${this.loadedOf(type)}). Start a process that has.`,
      since: this.saga.updatedAt,
      queue: this.queue,
    };
  }

  /** Which versions of a saga the processes that are alive have. */
  private loadedOf(type: string): string {
    const { workers } = this.facts;
    if (workers.length === 0) return "no worker is alive";
    const told = workers.slice(0, WORKERS_TOLD).map((worker) => {
      const loaded = worker.loads.filter((one) => one.startsWith(`${type} `));
      return `${worker.host}:${worker.pid} has ${loaded.length === 0 ? "no version of it" : loaded.join(", ")}`;
    });
    const more = workers.length > WORKERS_TOLD ? `, and ${workers.length - WORKERS_TOLD} more` : "";
    return `${some(workers.length, "worker")} alive: ${told.join(", ")}${more}`;
  }

  private standing(): Found | null {
    const { status, reasonCode, reasonMessage } = this.saga;
    if (status !== "STUCK") return null;
    const state = this.node?.state ?? this.saga.state;
    const { missingIn, lastMove } = this.facts;
    const since = lastMove?.at ?? this.saga.updatedAt;
    if (missingIn !== null) {
      return {
        cause: "ENTITY_MISSING",
        summary: `It stands in ${state} since ${iso(since)}: its row ${this.saga.subjectId} in ${missingIn} is gone, and its status cannot be written. Restore the row first.`,
        since,
        remedies: [this.act("retrySaga", {}, `Begins ${this.undone === undefined ? state : `the undo of ${this.undone.state}`} again, once the row is back.`)],
      };
    }
    const error = reasonCode === null ? "" : ` ${reasonCode}: ${sentence(reasonMessage ?? "")}`;
    if (this.undone !== undefined) {
      return {
        cause: "UNDO_PARKED",
        summary: `The undo of ${this.undone.state} stands since ${iso(since)}, after ${some(this.undone.undo.attempts, "attempt")}.${error || " An answer to it asks for an operator."}`,
        since,
        remedies: [
          this.act("retrySaga", {}, `Undoes ${this.undone.state} again, attempts counted from 1.`),
          ...this.redriveOf(this.undone.undo.runId),
          ...this.undoByHand(this.undone.state),
        ],
      };
    }
    const asked = lastMove?.message == null ? "An answer" : lastMove.message;
    return {
      cause: "STEP_PARKED",
      summary: `${state} stands since ${iso(since)}, after ${some(this.run?.attempts ?? this.saga.attempt, "attempt")}.${error || ` ${asked} asks for an operator.`}`,
      since,
      events: this.run?.later === true ? this.answers().map((event) => event.name) : [],
      remedies: [
        this.act("retrySaga", {}, `Begins ${state} again, attempts counted from 1.`),
        ...this.redriveOf(this.run?.id ?? null),
        ...this.forwardByHand(),
      ],
    };
  }

  private locked(): Found | null {
    const { heldBy, job, outbox } = this.facts;
    // Without a command a lock of any age may be that of whoever is about to change that.
    if (heldBy !== null && (this.isLong(heldBy.since) || (job === null && outbox === null && this.saga.status !== "WAITING")))
      return { ...this.lockHeld(heldBy.blockedBy ?? heldBy, "Whatever is to move the saga waits for it."), queue: this.queue };
    const message = job?.heldBy ?? outbox?.heldBy ?? null;
    if (message === null || !this.isLong(message.since)) return null;
    return { ...this.lockHeld(message.blockedBy ?? message, `It holds ${this.command}, which nobody else takes meanwhile.`), queue: this.queue };
  }

  private lockHeld({ pid, application, user, since }: Holder, effect: string): Found {
    const open = since === null ? "" : `, open since ${iso(since)},`;
    return {
      cause: "LOCK_HELD",
      summary: `The transaction of backend ${pid} (${application === "" ? "no application name" : application}, user ${user})${open} holds the lock. ${effect} It ends with that transaction; select pg_terminate_backend(${pid}) ends it by force.`,
      since,
    };
  }

  private waiting(): Found | null {
    const { status, deadlineAt, state } = this.saga;
    if (status !== "WAITING") return null;
    const { now, workers, lastMove } = this.facts;
    const isLate = deadlineAt !== null && now.getTime() - deadlineAt.getTime() > LATE_TIMER_MS;
    if (isLate && !this.isLoadedByWorker()) {
      if (workers.length > 0) return this.versionNotLoaded();
      return {
        cause: "NO_WORKER",
        summary: `The deadline of ${state} passed at ${iso(deadlineAt)} and no process with the role worker is alive to take it. Start one.`,
        since: deadlineAt,
      };
    }
    const events = this.answers().map((event) => event.name);
    const since = this.run?.later === true ? (lastMove?.at ?? this.run.startedAt) : (this.run?.startedAt ?? this.saga.updatedAt);
    const what = events.length === 0 ? "an event that this process does not know, since it has not loaded the version," : events.join(" or ");
    const { begins } = this;
    const answer = this.run?.later === true && !begins ? `${this.command} was carried out, and its answer comes from outside: ` : "";
    const end = deadlineAt === null ? "" : isLate ? `; the deadline passed at ${iso(deadlineAt)}` : `, until ${iso(deadlineAt)}`;
    return {
      cause: "WAITING_FOR_EVENT",
      summary: `${answer}${this.node?.state ?? state} waits for ${begins ? this.subSaga : what} since ${iso(since)}${end}. ${isLate ? "Workers are alive and have not taken it: their logs say why." : begins ? "What moves that one moves this one." : "Nothing is wrong: somebody outside has to act, or time has to pass."}`,
      since,
      until: isLate ? null : deadlineAt,
      events,
      remedies: [
        ...(begins ? this.redriveReport() : []),
        ...(isLate ? [this.act("fireSagaTimer", { timer: "DEADLINE" }, "Takes the outcome of the deadline now.")] : []),
      ],
    };
  }

  private waitingForUndo(): Found | null {
    const { undone } = this;
    if (undone?.undo.later !== true || undone.undo.status !== "active") return null;
    return {
      cause: "WAITING_FOR_EVENT",
      summary: `The undo of ${undone.state} waits for ${this.subSaga} since ${iso(this.saga.updatedAt)}. What moves that one moves this one.`,
      since: this.saga.updatedAt,
      events: this.undo?.command.replies.map(({ name }) => name) ?? [],
      remedies: [...this.redriveReport(), ...this.undoByHand(undone.state)],
    };
  }

  private inOutbox(): Found | null {
    const { outbox, now } = this.facts;
    if (outbox === null) return null;
    const { queue, deliverAt } = outbox;
    if (deliverAt === null) {
      return {
        cause: "RELAY_BEHIND",
        summary: `${this.command} is held in the outbox as if the saga were paused, which it is not.`,
        since: this.saga.updatedAt,
        queue,
        remedies: [
          this.act("pauseSaga", {}, "Pauses it, so that it can be resumed."),
          this.act("resumeSaga", { expectedSequence: null }, "Then releases what is held."),
        ],
      };
    }
    if (deliverAt > now) {
      const failed = this.failure();
      return {
        cause: "RETRY_SCHEDULED",
        summary: `Attempt ${this.attempt} of ${this.maxAttempts} of ${this.command} is due at ${iso(deliverAt)}${failed === null ? "." : `, after ${failed}`}`,
        since: this.undone === undefined ? this.saga.reasonAt : this.saga.updatedAt,
        until: deliverAt,
        queue,
        remedies: [
          this.act("retrySaga", {}, "Makes the attempt now."),
          this.act(
            "moveSagaTimer",
            { timer: "NEXT_ATTEMPT", to: iso(new Date(deliverAt.getTime() + 3_600_000)) },
            "Makes the attempt at another time, here an hour later.",
          ),
        ],
      };
    }
    const why = outbox.isQueueKnown
      ? "no relay has put it onto its queue; start a process with the role relay, if none is alive"
      : `the queue ${queue} does not exist; it is created at the start of a process that carries ${this.command} out`;
    return { cause: "RELAY_BEHIND", summary: `${this.command} is due since ${iso(deliverAt)} and ${why}.`, since: deliverAt, queue };
  }

  private onPausedQueue(what: string, queue: string, effect = ""): Found | null {
    const pause = this.facts.queuePauses.find((one) => one.queue === queue);
    if (pause === undefined) return null;
    return {
      cause: "QUEUE_PAUSED",
      summary: `${what} is on the queue ${queue}, which ${pause.by ?? "somebody"} has paused since ${iso(pause.at)}: ${sentence(pause.note)}${effect}`,
      since: pause.at,
      queue,
      remedies: [{ mutation: "resumeQueue", arguments: { name: queue, note: WHY }, description: "Lets every process take from the queue again." }],
    };
  }

  /** The end of a sub-saga, which its saga has not heard of yet. */
  private reportPaused(): Found | null {
    const step = this.undone === undefined ? this.node : this.definition?.nodes.get(this.undone.state);
    if (!this.isReportOnItsWay || step?.kind !== "step" || step.begins === null) return null;
    return this.onPausedQueue(`The report of its sub-saga's end`, queueOf(reportOf(step.begins.saga)));
  }

  private onQueue(): Found | null {
    const { job, now } = this.facts;
    if (job === null) return null;
    const { queue, ahead, readyAt } = job;
    const paused = this.onPausedQueue(this.command, queue, " Deadlines of steps stand still meanwhile.");
    if (paused !== null) return paused;
    const takers = this.takers().length;
    if (takers === 0) {
      return {
        cause: "NO_WORKER",
        summary: `${this.command} is on the queue ${queue} since ${iso(readyAt)}, and no process that is alive takes from it. Start one with the role worker that carries ${this.command} out.`,
        since: readyAt,
        queue,
      };
    }
    const processes = `${some(takers, "process", "processes")} ${takers === 1 ? "takes" : "take"} from it`;
    if (readyAt > now) {
      return {
        cause: "QUEUED",
        summary: `${this.command} was put back onto the queue ${queue} until ${iso(readyAt)}, because a process could neither carry it out nor count it as failed; ${processes}.`,
        since: this.saga.updatedAt,
        until: readyAt,
        queue,
      };
    }
    return {
      cause: "QUEUED",
      summary: `${this.command} is ready on the queue ${queue} since ${iso(readyAt)}, behind ${some(ahead, "ready job")}; ${processes}. Nothing is wrong: its turn comes.`,
      since: readyAt,
      queue,
    };
  }

  private missing(): Found {
    const { deadlineAt, updatedAt } = this.saga;
    const mover = deadlineAt === null ? "Only an operator moves it on." : `Only its deadline at ${iso(deadlineAt)}, or an operator, moves it on.`;
    return {
      cause: "COMMAND_MISSING",
      summary: `${this.command} is neither in the outbox nor on ${this.queue === null ? "any queue" : `the queue ${this.queue}`}: somebody has deleted it. ${mover}`,
      since: updatedAt,
      until: deadlineAt,
      queue: this.queue,
      remedies:
        this.undone === undefined
          ? [
              ...(deadlineAt === null ? [] : [this.act("fireSagaTimer", { timer: "DEADLINE" }, "Takes the outcome of the deadline now.")]),
              ...this.forwardByHand(),
            ]
          : this.undoByHand(this.undone.state),
    };
  }

  // ---- words

  /** The step that is told about begins another saga. */
  private get begins(): boolean {
    return this.node?.kind === "step" && this.node.begins !== null;
  }

  /** The run, or undo, that the sub-saga reports to. */
  private get awaiting(): string | null {
    return this.undone === undefined ? (this.run?.id ?? null) : this.undone.undo.runId;
  }

  private get lostReports(): SagaFacts["lostReports"] {
    return this.facts.lostReports.filter(({ runId }) => runId === this.awaiting);
  }

  private get awaited(): SagaFacts["subSagas"][number] | undefined {
    return this.facts.subSagas.find(({ runId }) => runId === this.awaiting);
  }

  /** That of the end of its sub-saga. */
  private get isReportOnItsWay(): boolean {
    const waits = this.undone === undefined ? this.begins && this.run?.later === true : this.undone.undo.later === true;
    return waits && this.awaited === undefined && this.lostReports.length === 0;
  }

  private get subSaga(): string {
    const subSaga = this.awaited;
    if (this.lostReports.length > 0) return "word of the end of its sub-saga, which could not be delivered and is a dead letter,";
    return subSaga === undefined
      ? "word of the end of its sub-saga, which is on its way,"
      : `the ${subSaga.type} ${subSaga.id}, which is ${subSaga.status} in ${subSaga.state},`;
  }

  private get undo(): ReturnType<typeof undoFor> {
    return this.definition === null || this.undone === undefined ? undefined : undoFor(this.definition, this.undone);
  }

  private get version(): string {
    return `${this.saga.type} v${this.saga.version}`;
  }

  /** The saga's own, and behind it those that it was moved from. */
  private get versions(): readonly string[] {
    const { type, runs } = this.saga;
    return [...new Set([this.version, ...runs.flatMap(({ made }) => (made === undefined ? [] : `${type} v${made.version}`))])];
  }

  private get attempt(): number {
    return this.undone?.undo.attempts ?? this.run?.attempts ?? this.saga.attempt;
  }

  private get maxAttempts(): number {
    const retry = this.undone === undefined ? (this.node?.kind === "step" ? this.node.retry : undefined) : this.undo?.retry;
    return retry === undefined ? this.saga.maxAttempts : attemptsOf(retry);
  }

  private get pause(): string {
    const { pausedAt, pausedBy, pauseNote } = this.saga;
    return `${pausedBy ?? "Somebody"} has paused it since ${isoOr(pausedAt)}${pauseNote === null ? "." : `: ${sentence(pauseNote)}`}`;
  }

  /** What went wrong with the attempt before. */
  private failure(): string | null {
    const { reasonCode, reasonMessage } = this.saga;
    const { lastFailure } = this.facts;
    // While a saga is undone, its reason is why it failed.
    const [code, message] = this.undone === undefined ? [reasonCode, reasonMessage] : [lastFailure?.code ?? null, lastFailure?.message ?? null];
    return code === null ? null : `${code}: ${sentence(message ?? "")}`;
  }

  private takers(): readonly WorkerView[] {
    const { queue } = this;
    return queue === null ? [] : this.facts.workers.filter((worker) => worker.queues.includes(queue));
  }

  private isLoadedByWorker(): boolean {
    return this.facts.workers.some(({ loads }) => this.versions.every((version) => loads.includes(version)));
  }

  private isLong(since: Date | null): boolean {
    return since === null || this.facts.now.getTime() - since.getTime() >= LONG_LOCK_MS;
  }

  /** The events that the current step or wait may be answered by. */
  private answers(): readonly AnyEvent[] {
    return this.node === undefined ? [] : answersOf(this.node);
  }

  // ---- remedies

  private act(mutation: string, more: Readonly<Record<string, unknown>>, description: string): SagaRemedy {
    const run = this.undone ?? this.run;
    const isOfStep = ["retrySaga", "completeSagaStep", "skipSagaStep"].includes(mutation) || more["timer"] === "NEXT_ATTEMPT";
    const step = run?.group !== undefined && isOfStep ? { step: run.state } : {};
    return { mutation, arguments: { id: this.saga.id, note: WHY, expectedSequence: this.saga.sequence, ...more, ...step }, description };
  }

  private redrive(letters: SagaFacts["openLetters"], description: string): SagaRemedy {
    const filter = { ids: letters.map(({ id }) => id) };
    return { mutation: "redriveDeadLetters", arguments: { filter, limit: letters.length, note: WHY, idempotencyKey: KEY }, description };
  }

  private redriveReport(): SagaRemedy[] {
    const { lostReports } = this;
    return lostReports.length === 0 ? [] : [this.redrive(lostReports, "Delivers the report of the sub-saga's end again.")];
  }

  private redriveOf(runId: string | null): SagaRemedy[] {
    const letters = this.facts.openLetters.filter((letter) => letter.runId === runId);
    return letters.length === 0 ? [] : [this.redrive(letters, "The same, and the dead letter is resolved with it.")];
  }

  private undoByHand(state: string): SagaRemedy[] {
    return [
      this.act("completeSagaStep", { reply: null, payload: null }, `Says that ${state} was undone by hand.`),
      this.act("skipSagaStep", {}, `Leaves the effect of ${state} as it is, and undoes the rest.`),
    ];
  }

  private forwardByHand(): SagaRemedy[] {
    const { definition, saga } = this;
    if (definition === null || this.node === undefined) return [];
    return [
      ...this.answers().map((event) =>
        this.act(
          "completeSagaStep",
          { reply: event.name, payload: {} },
          `Answers by hand; the payload is ${event.schema.text}, its ${definition.key} may be left out.`,
        ),
      ),
      ...(!hasWayOn(definition, saga.state) ? [] : [this.act("skipSagaStep", {}, `Goes on without ${this.node.state}, whose undo stays planned.`)]),
      ...(definition.failedFinal === null ? [] : [this.act("cancelSaga", {}, "Undoes everything; it ends CANCELLED.")]),
    ];
  }
}

const WHY = "<why>";
/** 8 to 128 characters of the operator's choice. */
const KEY = "<a new key>";

const iso = (instant: Date): string => instant.toISOString();
const isoOr = (instant: Date | null): string => (instant === null ? "an unknown time" : iso(instant));
const name = ({ host, pid }: WorkerView): string => `worker ${host}:${pid}`;
const view = (worker: WorkerView | undefined): SagaExplanation["worker"] =>
  worker === undefined ? null : { id: worker.id, host: worker.host, pid: worker.pid };
const some = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
