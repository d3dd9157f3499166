import { Field, ID, InputType, Int, ObjectType, registerEnumType } from "type-graphql";
import type { DeadLetterGroup, DeadLetterStatus, DeadLetterView } from "../../outbox/index.ts";
import { ReasonCode, toReasonCode } from "../enums.ts";
import { connectionOf } from "../pagination.ts";
import { MutationPayload, Reason } from "../payload.ts";
import { SagaTypeEnum } from "../sagas/enums.ts";
import { DateTime } from "../scalars.ts";

const DeadLetterStatusEnum: { readonly [S in DeadLetterStatus]: S } = { OPEN: "OPEN", REDRIVEN: "REDRIVEN", DISCARDED: "DISCARDED" };
registerEnumType(DeadLetterStatusEnum, {
  name: "DeadLetterStatus",
  description: "What became of a dead letter.",
  valuesConfig: {
    OPEN: { description: "Nobody has decided about it yet." },
    REDRIVEN: { description: "It was sent round again, or its step was begun again." },
    DISCARDED: { description: "It is not needed." },
  },
});

@ObjectType("DeadLetter", { description: "A message whose attempts are used up, or that found no saga." })
export class DeadLetterType {
  @Field(() => ID, { description: "UUIDv7." })
  readonly id: string;

  @Field(() => String, { description: "Queue that it came from." })
  readonly queue: string;

  @Field(() => String, { description: "Command name, e.g. SendWelcomeEmailCommand; the event's for one that found no saga." })
  readonly message: string;

  @Field(() => Int, { description: "Attempts made." })
  readonly attempts: number;

  @Field(() => DateTime, { description: "When the last attempt failed." })
  readonly failedAt: Date;

  @Field(() => Reason, { description: "Why; errors inside the program are told as they are." })
  readonly reason: Reason;

  @Field(() => String, { description: "Last error with stack, cut at 4,000 characters." })
  readonly detail: string;

  @Field(() => DeadLetterStatusEnum, { description: "What became of it." })
  readonly status: DeadLetterStatus;

  @Field(() => DateTime, { nullable: true, description: "When somebody decided about it." })
  readonly resolvedAt: Date | null;

  @Field(() => String, { nullable: true, description: "Why, in the words of whoever decided about it." })
  readonly note: string | null;

  readonly sagaId: string | null;
  readonly actorId: string | null;
  /** With personal data. */
  readonly body: unknown;

  constructor(view: DeadLetterView) {
    this.id = view.id;
    this.queue = view.queue;
    this.message = view.message;
    this.attempts = view.attempts;
    this.failedAt = view.failedAt;
    this.reason = { code: toReasonCode(view.reason.code), message: view.reason.message, occurredAt: view.failedAt };
    this.detail = view.detail;
    this.status = view.status;
    this.resolvedAt = view.resolvedAt;
    this.note = view.note;
    this.sagaId = view.sagaId;
    this.actorId = view.resolvedBy;
    this.body = view.payload;
  }
}

export const DeadLetterConnection = connectionOf(DeadLetterType, "DeadLetter");

@ObjectType("DeadLetterGroup", { description: "Dead letters of one queue and message that say the same." })
export class DeadLetterGroupType {
  @Field(() => String, { description: "Queue that they came from." })
  readonly queue: string;

  @Field(() => String, { description: "Command or event name." })
  readonly message: string;

  @Field(() => ReasonCode, { description: "Code of their reason." })
  readonly reason: ReasonCode;

  @Field(() => String, { description: "What their reasons have in common: ids and numbers are #. Goes into DeadLetterFilter." })
  readonly pattern: string;

  @Field(() => String, { description: "Reason of the latest of them." })
  readonly example: string;

  @Field(() => Int, { description: "How many there are." })
  readonly count: number;

  @Field(() => DateTime, { description: "When the first of them failed." })
  readonly firstFailedAt: Date;

  @Field(() => DateTime, { description: "When the last of them failed." })
  readonly lastFailedAt: Date;

  @Field(() => [Int], { description: "How many failed in each twelfth of the time from the first to the last." })
  readonly history: readonly number[];

  constructor(group: DeadLetterGroup) {
    this.queue = group.queue;
    this.message = group.message;
    this.reason = toReasonCode(group.reasonCode);
    this.pattern = group.pattern;
    this.example = group.example;
    this.count = group.count;
    this.firstFailedAt = group.firstFailedAt;
    this.lastFailedAt = group.lastFailedAt;
    this.history = group.history;
  }
}

@InputType("DeadLetterFilter", { description: "Which dead letters are meant; everything given must hold." })
export class DeadLetterFilterInput {
  @Field(() => [ID], { nullable: true, description: "Any of these." })
  ids?: string[] | null;

  @Field(() => [DeadLetterStatusEnum], { nullable: true, description: "With any of these statuses." })
  status?: DeadLetterStatus[] | null;

  @Field(() => String, { nullable: true, description: "Name of the queue that they came from." })
  queue?: string | null;

  @Field(() => String, { nullable: true, description: "Name of the command or event." })
  message?: string | null;

  @Field(() => SagaTypeEnum, { nullable: true, description: "Only of this process." })
  sagaType?: string | null;

  @Field(() => [ReasonCode], { nullable: true, description: "For any of these reasons." })
  reason?: ReasonCode[] | null;

  @Field(() => String, { nullable: true, description: "With this `DeadLetterGroup.pattern`." })
  pattern?: string | null;

  @Field(() => DateTime, { nullable: true, description: "Failed after this instant." })
  failedAfter?: Date | null;

  @Field(() => DateTime, { nullable: true, description: "Failed before this instant." })
  failedBefore?: Date | null;
}

@ObjectType({ description: "A dead letter that an operator's action left as it was." })
export class DeadLetterRefusal {
  @Field(() => DeadLetterType, { description: "The letter." })
  deadLetter!: DeadLetterType;

  @Field(() => String, { description: "Why, as an English sentence." })
  reason!: string;
}

@ObjectType({ implements: MutationPayload, description: "Answer to an operator's action on dead letters." })
export class DeadLettersPayload extends MutationPayload {
  @Field(() => [DeadLetterType], { nullable: true, description: "Those that were handled, or, in a dry run, would be; null when the action was refused." })
  deadLetters?: readonly DeadLetterType[] | null;

  @Field(() => Int, {
    nullable: true,
    description: "OPEN ones that match and were not handled because of `limit`; for a repeated call, those that match by now.",
  })
  remaining?: number | null;

  @Field(() => [DeadLetterRefusal], { description: "Those that were left as they are, each with why; for a repeated call empty." })
  refused!: readonly DeadLetterRefusal[];
}
