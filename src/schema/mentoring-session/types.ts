import { Field, ID, InputType, ObjectType, registerEnumType } from "type-graphql";
import type { MentoringSession, MentoringSessionStatus, SessionOutcome, SessionType } from "../../domain/mentoring-session/mentoring-session.ts";
import type { HasParties } from "../authorization.ts";
import { connectionOf } from "../pagination.ts";
import { Reason, toReason } from "../payload.ts";
import { SagaMutationPayload } from "../sagas/types.ts";
import { DateTime, Url } from "../scalars.ts";

export const SessionTypeEnum: { readonly [T in SessionType]: T } = { VIRTUAL: "VIRTUAL", IN_PERSON: "IN_PERSON", ONSITE: "ONSITE" };
registerEnumType(SessionTypeEnum, {
  name: "SessionType",
  description: "How the two meet.",
  valuesConfig: {
    VIRTUAL: { description: "Over the net, at `meetingUrl`." },
    IN_PERSON: { description: "Somewhere that the two agree on." },
    ONSITE: { description: "Where the learner works." },
  },
});

export const MentoringSessionStatusEnum: { readonly [S in MentoringSessionStatus]: S } = {
  PENDING: "PENDING",
  SCHEDULED: "SCHEDULED",
  RESCHEDULING: "RESCHEDULING",
  COMPLETED: "COMPLETED",
  CANCELLED: "CANCELLED",
};
registerEnumType(MentoringSessionStatusEnum, {
  name: "MentoringSessionStatus",
  description: "How far a session is.",
  valuesConfig: {
    PENDING: { description: "The slot is held; the saga is still working." },
    SCHEDULED: { description: "It takes place." },
    RESCHEDULING: { description: "The mentor proposed another slot; both slots are held until the learner answers or the answer time runs out." },
    COMPLETED: { description: "Its time is over; `outcome` says what came of it." },
    CANCELLED: { description: "It does not take place; `failure` says why." },
  },
});

export const SessionOutcomeEnum: { readonly [O in SessionOutcome]: O } = {
  HELD: "HELD",
  LEARNER_NO_SHOW: "LEARNER_NO_SHOW",
  MENTOR_NO_SHOW: "MENTOR_NO_SHOW",
};
registerEnumType(SessionOutcomeEnum, {
  name: "SessionOutcome",
  description: "What came of a session.",
  valuesConfig: {
    HELD: { description: "It took place, or nobody said otherwise." },
    LEARNER_NO_SHOW: { description: "The learner did not come." },
    MENTOR_NO_SHOW: { description: "The mentor did not come." },
  },
});

export const SessionSideEnum = { LEARNER: "LEARNER", MENTOR: "MENTOR" } as const;
export type SessionSide = keyof typeof SessionSideEnum;
registerEnumType(SessionSideEnum, {
  name: "SessionSide",
  description: "On which side of a session a person is.",
  valuesConfig: { LEARNER: { description: "Who learns." }, MENTOR: { description: "Who teaches." } },
});

@ObjectType("MentoringSession", { description: "A learner's booking of a mentor's slot, from the asking to its end." })
export class MentoringSessionType implements HasParties {
  @Field(() => ID, { description: "UUIDv7." })
  readonly id: string;

  @Field(() => SessionTypeEnum, { description: "How the two meet." })
  readonly type: SessionType;

  @Field(() => MentoringSessionStatusEnum, { description: "How far it is." })
  readonly status: MentoringSessionStatus;

  @Field(() => String, { nullable: true, description: "What the learner wants to talk about." })
  readonly note: string | null;

  @Field(() => Url, { nullable: true, description: "Where a VIRTUAL session takes place; null until the booking has been checked, and for other types." })
  readonly meetingUrl: string | null;

  @Field(() => SessionOutcomeEnum, { nullable: true, description: "What came of it; set while status is COMPLETED." })
  readonly outcome: SessionOutcome | null;

  @Field(() => Reason, { nullable: true, description: "Why it is CANCELLED." })
  readonly failure: Reason | null;

  @Field(() => String, { nullable: true, description: "What the mentor wrote to the proposal; set while status is RESCHEDULING." })
  readonly proposalNote: string | null;

  @Field(() => DateTime, { nullable: true, description: "Until when the learner may answer; set while status is RESCHEDULING." })
  readonly proposalExpiresAt: Date | null;

  @Field(() => DateTime, { description: "When it was booked." })
  readonly createdAt: Date;

  @Field(() => DateTime, { description: "When anything about it last changed." })
  readonly updatedAt: Date;

  readonly learnerId: string;
  readonly mentorId: string;
  readonly courseId: string;
  readonly scheduleId: string;
  readonly proposedScheduleId: string | null;

  constructor(session: MentoringSession) {
    this.id = session.id;
    this.type = session.type;
    this.status = session.status;
    this.note = session.note;
    this.meetingUrl = session.meetingUrl;
    this.outcome = session.outcome;
    const { failureCode, failureMessage, failureAt } = session;
    this.failure = toReason(
      failureCode === null || session.status !== "CANCELLED"
        ? null
        : { code: failureCode, message: failureMessage ?? "", occurredAt: failureAt ?? session.updatedAt },
    );
    this.proposalNote = session.proposalNote;
    this.proposalExpiresAt = session.proposalExpiresAt;
    this.createdAt = session.createdAt;
    this.updatedAt = session.updatedAt;
    this.learnerId = session.learnerId;
    this.mentorId = session.mentorId;
    this.courseId = session.courseId;
    this.scheduleId = session.scheduleId;
    this.proposedScheduleId = session.proposedScheduleId;
  }

  parties(): readonly string[] {
    return [this.learnerId, this.mentorId];
  }
}

export const MentoringSessionConnection = connectionOf(MentoringSessionType, "MentoringSession");

@InputType({ description: "What a learner books." })
export class BookMentoringSessionInput {
  @Field(() => ID, { description: "A slot of somebody else that begins late enough for the mentor's notice." })
  scheduleId!: string;

  @Field(() => ID, { description: "A published course of the slot's mentor." })
  courseId!: string;

  @Field(() => SessionTypeEnum, { description: "How the two are to meet." })
  type!: SessionType;

  @Field(() => String, { nullable: true, description: "What the learner wants to talk about. At most 500 characters." })
  note?: string | null;
}

@ObjectType({ implements: SagaMutationPayload, description: "Answer to a mutation about a mentoring session." })
export class MentoringSessionPayload extends SagaMutationPayload {
  @Field(() => MentoringSessionType, { nullable: true, description: "The session as it is now; null when the mutation was refused." })
  mentoringSession?: MentoringSessionType | null;
}
