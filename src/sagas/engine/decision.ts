import type { AnyCommand, Fate } from "../../outbox/index.ts";
import type { Data } from "./compiled.ts";
import type { Instance, SagaStatus } from "./instance.ts";
import type { SubSagaEnd } from "./sub-saga.ts";

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
  readonly report?: SubSagaEnd & { readonly parentId: string; readonly runId: string };
  /** Why the message was refused or put aside. */
  readonly explanation?: string;
  /** Why an operator's action is not possible: the state does not allow it, or what was given is wrong. */
  readonly denied?: "WRONG_STATE" | "INVALID";
  /** Of a duplicate: what became of the message the first time. */
  readonly first?: Fate;
}
