import type { EntityManager } from "@mikro-orm/postgresql";
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import {
  answerReschedule,
  bookMentoringSession,
  cancelMentoringSession,
  completeMentoringSession,
  rescheduleMentoringSession,
} from "../../domain/mentoring-session/mentoring-session.service.ts";
import { SESSION_SAGA, type MentoringSessionStatus, type SessionOutcome } from "../../domain/mentoring-session/mentoring-session.ts";
import type { Actor } from "../../domain/actor.ts";
import { getById } from "../arguments.ts";
import { Auth, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { CourseType } from "../courses/types.ts";
import { orUserErrors } from "../errors.ts";
import { type Connection, pageRequest, toConnection } from "../pagination.ts";
import { getSagaOf } from "../sagas/subject.ts";
import { SagaType } from "../sagas/types.ts";
import { ScheduleType } from "../schedules/types.ts";
import { UserType } from "../users/types.ts";
import {
  BookMentoringSessionInput,
  MentoringSessionConnection,
  MentoringSessionPayload,
  MentoringSessionStatusEnum,
  MentoringSessionType,
  SessionOutcomeEnum,
  type SessionSide,
  SessionSideEnum,
} from "./types.ts";

@Resolver(() => MentoringSessionType)
export class MentoringSessionResolver {
  @Query(() => MentoringSessionType, { nullable: true, description: "Null when there is no such session for the caller." })
  @Auth({ any: ["ADMIN"], participant: true })
  async mentoringSession(
    @Arg("id", () => ID, { description: "Id of the session." }) id: string,
    @Ctx() context: RequestContext,
  ): Promise<MentoringSessionType | null> {
    const session = await context.loaders.mentoringSession.load(id);
    return session === null ? null : new MentoringSessionType(session);
  }

  @Mutation(() => MentoringSessionPayload, {
    nullable: true,
    description:
      "Starts the MentoringSession saga. The slot is claimed before this returns, or refused as SLOT_TAKEN; whether the booking is good " +
      "is decided by the saga: watch it with `sagaProgress(sagaId: <saga.id of the answer>, afterSequence: 0)` until `saga.settled`.",
  })
  @Auth({ any: ["LEARNER"] })
  async bookMentoringSession(
    @Arg("input", () => BookMentoringSessionInput, { description: "What to book." }) input: BookMentoringSessionInput,
    @Arg("idempotencyKey", () => String, {
      description:
        "8..128 characters, e.g. a UUID made for each click. Repeat it when an answer was lost: the same key and input answer with the first call's session.",
    })
    idempotencyKey: string,
    @Ctx() context: RequestContext,
  ) {
    const learnerId = requireViewer(context).id;
    const { scheduleId, courseId, type, note } = input;
    return orUserErrors(async () => {
      const { sessionId } = await context.write((em) =>
        bookMentoringSession(em, { learnerId, scheduleId, courseId, type, note: note ?? null, idempotencyKey }),
      );
      return this.#answer(sessionId, context);
    });
  }

  @Mutation(() => MentoringSessionPayload, {
    nullable: true,
    description: "Calls a session off before it begins; its slot is free at once. Cancelling what is cancelled changes nothing.",
  })
  @Auth({ any: ["ADMIN"], participant: true })
  async cancelMentoringSession(
    @Arg("id", () => ID, { description: "Id of the session." }) id: string,
    @Arg("note", () => String, { nullable: true, description: "Why, told to both; at most 500 characters." }) note: string | null | undefined,
    @Ctx() context: RequestContext,
  ) {
    return this.#change(id, context, (em, actor) => cancelMentoringSession(em, { sessionId: id, actor, note: note ?? null }));
  }

  @Mutation(() => MentoringSessionPayload, {
    nullable: true,
    description:
      "The mentor proposes another of their slots. Both are held until the learner answers, or the proposal lapses: after 48 hours, or 2 hours before the earlier of the two begins. Then the session stays as it was.",
  })
  @Auth({ participant: true })
  async rescheduleMentoringSession(
    @Arg("id", () => ID, { description: "Id of the session." }) id: string,
    @Arg("scheduleId", () => ID, { description: "Another slot of the caller's own, free for both." }) scheduleId: string,
    @Arg("note", () => String, { description: "What to tell the learner; 1..500 characters." }) note: string,
    @Ctx() context: RequestContext,
  ) {
    return this.#change(id, context, (em, actor) => rescheduleMentoringSession(em, { sessionId: id, actor, scheduleId, note }));
  }

  @Mutation(() => MentoringSessionPayload, { nullable: true, description: "The learner answers; declining cancels the session." })
  @Auth({ participant: true })
  async answerReschedule(
    @Arg("id", () => ID, { description: "Id of the session." }) id: string,
    @Arg("accept", () => Boolean, { description: "True: the session moves to the proposed slot. False: it is cancelled." }) accept: boolean,
    @Ctx() context: RequestContext,
  ) {
    return this.#change(id, context, (em, actor) => answerReschedule(em, { sessionId: id, actor, accept }));
  }

  @Mutation(() => MentoringSessionPayload, {
    nullable: true,
    description: "By the mentor, from the start time on; without it the session completes as HELD 24 h after its end.",
  })
  @Auth({ participant: true })
  async completeMentoringSession(
    @Arg("id", () => ID, { description: "Id of the session." }) id: string,
    @Arg("outcome", () => SessionOutcomeEnum, { defaultValue: "HELD", description: "What came of it." }) outcome: SessionOutcome,
    @Ctx() context: RequestContext,
  ) {
    return this.#change(id, context, (em, actor) => completeMentoringSession(em, { sessionId: id, actor, outcome }));
  }

  @FieldResolver(() => UserType, { description: "Who booked it." })
  async learner(@Root() session: MentoringSessionType, @Ctx() context: RequestContext): Promise<UserType> {
    return new UserType(await getById(context.loaders.user, session.learnerId, "user"));
  }

  @FieldResolver(() => UserType, { description: "Whose slot it is." })
  async mentor(@Root() session: MentoringSessionType, @Ctx() context: RequestContext): Promise<UserType> {
    return new UserType(await getById(context.loaders.user, session.mentorId, "user"));
  }

  @FieldResolver(() => CourseType, { description: "What it is about." })
  async course(@Root() session: MentoringSessionType, @Ctx() context: RequestContext): Promise<CourseType> {
    return new CourseType(await getById(context.loaders.course, session.courseId, "course"));
  }

  @FieldResolver(() => ScheduleType, { description: "When it takes place." })
  async schedule(@Root() session: MentoringSessionType, @Ctx() context: RequestContext): Promise<ScheduleType> {
    return new ScheduleType(await getById(context.loaders.schedule, session.scheduleId, "slot"));
  }

  @FieldResolver(() => ScheduleType, { nullable: true, description: "The slot that the mentor proposes instead; set while status is RESCHEDULING." })
  async proposedSchedule(@Root() session: MentoringSessionType, @Ctx() context: RequestContext): Promise<ScheduleType | null> {
    const { proposedScheduleId } = session;
    return proposedScheduleId === null ? null : new ScheduleType(await getById(context.loaders.schedule, proposedScheduleId, "slot"));
  }

  @FieldResolver(() => SagaType, { description: "The process that carries it out." })
  async saga(@Root() session: MentoringSessionType, @Ctx() context: RequestContext): Promise<SagaType> {
    return getSagaOf(SESSION_SAGA, session.id, context);
  }

  async #change(id: string, context: RequestContext, change: (em: EntityManager, actor: Actor) => Promise<void>) {
    const actor = requireViewer(context);
    return orUserErrors(async () => {
      await context.write((em) => change(em, actor));
      return this.#answer(id, context);
    });
  }

  async #answer(id: string, context: RequestContext): Promise<{ mentoringSession: MentoringSessionType }> {
    return { mentoringSession: new MentoringSessionType(await getById(context.loaders.mentoringSession, id, "session")) };
  }
}

@Resolver(() => MentoringSessionPayload)
export class MentoringSessionPayloadResolver {
  @FieldResolver(() => SagaType, { nullable: true, description: "The saga that the mutation started or advanced." })
  async saga(@Root() payload: MentoringSessionPayload, @Ctx() context: RequestContext): Promise<SagaType | null> {
    return payload.mentoringSession == null ? null : getSagaOf(SESSION_SAGA, payload.mentoringSession.id, context);
  }
}

@Resolver(() => ScheduleType)
export class ScheduleSessionResolver {
  @FieldResolver(() => MentoringSessionType, { nullable: true, description: "The session that has the slot, or took place in it; for its two parties." })
  @Auth({ any: ["ADMIN"], participant: true })
  async session(@Root() schedule: ScheduleType, @Ctx() context: RequestContext): Promise<MentoringSessionType | null> {
    const session = await context.loaders.sessionInSlot.load(schedule.id);
    return session === null ? null : new MentoringSessionType(session);
  }
}

@Resolver(() => UserType)
export class UserSessionsResolver {
  @FieldResolver(() => MentoringSessionConnection, { nullable: true, description: "The person's mentoring sessions on one side, newest first." })
  @Auth({ any: ["ADMIN"], participant: true })
  async mentoringSessions(
    @Root() user: UserType,
    @Arg("as", () => SessionSideEnum, { defaultValue: "LEARNER", description: "On which side." }) side: SessionSide,
    @Arg("status", () => [MentoringSessionStatusEnum], { nullable: true, description: "Only with one of these." }) status: MentoringSessionStatus[] | null,
    @Arg("first", () => Int, { defaultValue: 20, description: "1..100." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "A cursor of this list." }) after: string | null,
    @Ctx() context: RequestContext,
  ): Promise<Connection<MentoringSessionType>> {
    const request = pageRequest("mentoringSessions", first, after);
    const page = await context.loaders.mentoringSessions.load({ ...request, userId: user.id, side, status: status ?? null });
    return toConnection("mentoringSessions", request, page, (row) => new MentoringSessionType(row));
  }
}
