import { Field, ID, Int, InterfaceType, ObjectType } from "type-graphql";
import type { ActivityPush, SagaEventView, SagaPush, SagaRemainder, SagaStatus, SagaStepStatus, SagaView } from "../../sagas/engine/index.ts";
import { Auth, type HasParties } from "../authorization.ts";
import { connectionOf } from "../pagination.ts";
import { MutationPayload, Reason, toReason } from "../payload.ts";
import { sealActivityCursor } from "./activity.ts";
import { DateTime, JSONObject } from "../scalars.ts";
import { MessageFateEnum, SagaEventKindEnum, SagaRemainderWhyEnum, SagaStateEnum, SagaStatusEnum, SagaStepStatusEnum, SagaTypeEnum } from "./enums.ts";

@ObjectType({ description: "One stop of the state machine's main path, for a progress bar." })
export class SagaStep {
  @Field(() => SagaStateEnum, { description: "State in which the step is done." })
  state!: string;

  @Field(() => SagaStepStatusEnum, { description: "How it is doing." })
  status!: SagaStepStatus;

  @Field(() => Int, { description: "Attempts made so far." })
  attempts!: number;

  @Field(() => DateTime, { nullable: true, description: "When it was first tried." })
  startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When it was over, one way or the other." })
  finishedAt!: Date | null;
}

@ObjectType("SagaPause", { description: "An operator's order that a saga stand still." })
export class SagaPauseType {
  @Field(() => DateTime, { description: "Since when." })
  readonly at: Date;

  @Field(() => String, { nullable: true, description: "Why, in the operator's words." })
  @Auth({ any: ["OPERATOR"] })
  readonly note: string | null;

  readonly actorId: string | null;

  constructor({ at, by, note }: NonNullable<SagaView["pause"]>) {
    this.at = at;
    this.note = note;
    this.actorId = by;
  }
}

@ObjectType("SagaRemainder", { description: "An effect that a failed saga leaves behind." })
export class SagaRemainderType implements SagaRemainder {
  @Field(() => SagaStateEnum, { description: "State whose effect stays." })
  state!: string;

  @Field(() => String, { nullable: true, description: "Command whose effect it is; null for what was done when the saga started." })
  command!: string | null;

  @Field(() => SagaRemainderWhyEnum, { description: "Why it stays." })
  why!: SagaRemainder["why"];

  @Field(() => Boolean, { description: "False: it was given up without an answer, so it may never have happened." })
  certain!: boolean;

  @Field(() => SagaTypeEnum, { nullable: true, description: "Process of the sub-saga that did it, whose state and command these are; null: the saga itself." })
  sagaType!: string | null;

  @Field(() => ID, { nullable: true, description: "That sub-saga." })
  sagaId!: string | null;
}

@ObjectType("Saga", { description: "A process of several steps, each a transaction of its own, that either all take effect or are undone." })
export class SagaType implements HasParties {
  @Field(() => ID, { description: "UUIDv7." })
  readonly id: string;

  @Field(() => SagaTypeEnum, { description: "Which process." })
  readonly type: string;

  @Field(() => Int, { description: "Version of the state machine this saga runs on; only an operator moves a saga to another." })
  readonly definitionVersion: number;

  @Field(() => ID, { description: "Id of what the saga is about." })
  readonly subjectId: string;

  @Field(() => SagaStateEnum, { description: "Where it stands." })
  readonly state: string;

  @Field(() => SagaStatusEnum, { description: "How it is doing." })
  readonly status: SagaStatus;

  @Field(() => Boolean, { description: "The business outcome is known, though the saga may still have work to do. Stop the spinner here." })
  readonly settled: boolean;

  @Field(() => Int, { description: "Number of the newest event: 1, 2, 3 ... without gaps." })
  readonly sequence: number;

  @Field(() => [SagaStep], { description: "The main path, in order." })
  readonly steps: readonly SagaStep[];

  @Field(() => Reason, { nullable: true, description: "Why it is RETRYING, STUCK, FAILED or CANCELLED." })
  readonly reason: Reason | null;

  @Field(() => Int, { description: "Attempt of the current step, from 1." })
  readonly attempt: number;

  @Field(() => Int, { description: "Attempts that the current step has in all." })
  readonly maxAttempts: number;

  @Field(() => DateTime, {
    nullable: true,
    description: "When a failed attempt is made again: set while RETRYING, and while COMPENSATING where an attempt of the undo has failed.",
  })
  readonly nextAttemptAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When the current wait runs out." })
  readonly deadlineAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When the current step or wait reminds next." })
  readonly remindAt: Date | null;

  @Field(() => SagaPauseType, {
    nullable: true,
    description: "Set while an operator has it paused: no command of it is carried out and none of its timers fires.",
  })
  readonly pause: SagaPauseType | null;

  @Field(() => [SagaRemainderType], { description: "What stays of a saga that has failed; empty while nothing has failed." })
  readonly remains: readonly SagaRemainder[];

  @Field(() => Boolean, { description: "The undo of some effect was given up; `remains` says which." })
  readonly undoIncomplete: boolean;

  @Field(() => DateTime, { description: "When it began." })
  readonly startedAt: Date;

  @Field(() => DateTime, { description: "When its newest event happened." })
  readonly updatedAt: Date;

  @Field(() => DateTime, { nullable: true, description: "When it ended; null before that." })
  readonly finishedAt: Date | null;

  readonly participants: readonly string[];
  readonly parentId: string | null;

  constructor(view: SagaView) {
    this.id = view.id;
    this.type = view.type;
    this.definitionVersion = view.definitionVersion;
    this.subjectId = view.subjectId;
    this.state = view.state;
    this.status = view.status;
    this.settled = view.settled;
    this.sequence = view.sequence;
    this.steps = view.steps;
    this.reason = toReason(view.reason);
    this.attempt = view.attempt;
    this.maxAttempts = view.maxAttempts;
    this.nextAttemptAt = view.nextAttemptAt;
    this.deadlineAt = view.deadlineAt;
    this.remindAt = view.remindAt;
    this.pause = view.pause === null ? null : new SagaPauseType(view.pause);
    this.remains = view.remains;
    this.undoIncomplete = view.undoIncomplete;
    this.startedAt = view.startedAt;
    this.updatedAt = view.updatedAt;
    this.finishedAt = view.finishedAt;
    this.participants = view.participants;
    this.parentId = view.parentId;
  }

  parties(): readonly string[] {
    return this.participants;
  }
}

export const SagaConnection = connectionOf(SagaType, "Saga");

@ObjectType("SagaEvent", { description: "Something that happened to a saga; stored in the transaction in which it happened." })
export class SagaEventType {
  @Field(() => ID, { description: "Saga and sequence." })
  readonly id: string;

  @Field(() => Int, { description: "1, 2, 3 ... without gaps." })
  readonly sequence: number;

  @Field(() => DateTime, { description: "When it happened." })
  readonly occurredAt: Date;

  @Field(() => SagaEventKindEnum, { description: "What sort of thing it was." })
  readonly kind: SagaEventView["kind"];

  @Field(() => String, { nullable: true, description: "Command or event name, e.g. CourseCapacityCheckedEvent; null when the clock or an operator acted." })
  readonly message: string | null;

  @Field(() => MessageFateEnum, {
    nullable: true,
    description: "What became of the message; where it led to several events, only the first of them says so.",
  })
  readonly fate: SagaEventView["fate"];

  @Field(() => SagaStateEnum, { nullable: true, description: "State before; null for the first event." })
  readonly fromState: string | null;

  @Field(() => SagaStateEnum, { description: "State after." })
  readonly toState: string;

  @Field(() => SagaStatusEnum, { description: "Status after." })
  readonly status: SagaStatus;

  @Field(() => String, { description: "English sentence for people." })
  readonly summary: string;

  @Field(() => Int, { nullable: true, description: "Attempt that it belongs to." })
  readonly attempt: number | null;

  @Field(() => Reason, { nullable: true, description: "Why, where something went wrong." })
  readonly reason: Reason | null;

  @Field(() => JSONObject, {
    nullable: true,
    description:
      "Message body with personal data removed: ids, numbers, instants and words out of a closed list as they are, of texts only the length. " +
      "Of an operator's action what it was and why.",
  })
  @Auth({ any: ["OPERATOR"] })
  readonly data: Record<string, unknown> | null;

  readonly sagaId: string;
  readonly actorId: string | null;

  constructor(view: SagaEventView) {
    this.id = `${view.sagaId}:${view.sequence}`;
    this.sequence = view.sequence;
    this.occurredAt = view.occurredAt;
    this.kind = view.kind;
    this.message = view.message;
    this.fate = view.fate;
    this.fromState = view.fromState;
    this.toState = view.toState;
    this.status = view.status;
    this.summary = view.summary;
    this.attempt = view.attempt;
    this.reason = toReason(view.reason);
    this.data = view.data;
    this.sagaId = view.sagaId;
    this.actorId = view.actorId;
  }
}

@ObjectType("SagaProgress", { description: "One push of sagaProgress." })
export class SagaProgressType implements HasParties {
  @Field(() => Int, { description: "The client is now up to here; ask for `afterSequence: sequence` after a reconnect." })
  readonly sequence: number;

  @Field(() => SagaType, { description: "The saga as it is now; saga.sequence > sequence only while hasMore is true." })
  readonly saga: SagaType;

  @Field(() => [SagaEventType], { description: "Every event after the previous push (first push: after afterSequence), oldest first, no gaps." })
  readonly events: readonly SagaEventType[];

  @Field(() => Boolean, { description: "More events are stored already; they follow in the next push." })
  readonly hasMore: boolean;

  @Field(() => Boolean, { description: "The saga has ended and everything was sent; the server completes the stream after this push." })
  readonly final: boolean;

  constructor(push: SagaPush) {
    this.sequence = push.sequence;
    this.saga = new SagaType(push.saga);
    this.events = push.events.map((event) => new SagaEventType(event));
    this.hasMore = push.hasMore;
    this.final = push.final;
  }

  parties(): readonly string[] {
    return this.saga.parties();
  }
}

@ObjectType("SagaActivity", { description: "One push of sagaActivity." })
export class SagaActivityType {
  @Field(() => String, { description: "Resume point; pass as `after`." })
  readonly cursor: string;

  @Field(() => [SagaEventType], { description: "Oldest first. Empty in the first push and in keep-alive pushes." })
  readonly events: readonly SagaEventType[];

  constructor(push: ActivityPush) {
    this.cursor = sealActivityCursor(push.cursor);
    this.events = push.events.map(({ event }) => new SagaEventType(event));
  }
}

@ObjectType("SagaCount", { description: "How many sagas of one process are in one state and status." })
export class SagaCountType {
  @Field(() => SagaTypeEnum, { description: "Which process." })
  type!: string;

  @Field(() => SagaStateEnum, { description: "Where they stand." })
  state!: string;

  @Field(() => SagaStatusEnum, { description: "How they are doing." })
  status!: SagaStatus;

  @Field(() => Int, { description: "How many there are; 1 or more." })
  count!: number;

  @Field(() => DateTime, { description: "When the newest event of the longest unchanged one of them happened." })
  oldestUpdatedAt!: Date;
}

@InterfaceType({ implements: MutationPayload, autoRegisterImplementations: false, description: "Payload of every mutation that starts or advances a saga." })
export abstract class SagaMutationPayload extends MutationPayload {
  @Field(() => SagaType, { nullable: true, description: "The saga that the mutation started or advanced." })
  saga?: SagaType | null;
}
