import { Field, ID, ObjectType } from "type-graphql";
import type { ScheduleView } from "../../domain/schedules/schedule.queries.ts";
import type { HasParties } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { MutationPayload } from "../payload.ts";
import { DateTime, TimeZone } from "../scalars.ts";

@ObjectType("Schedule", { description: "One bookable slot of a mentor." })
export class ScheduleType implements HasParties {
  @Field(() => ID, { description: "UUIDv7." })
  readonly id: string;

  @Field(() => DateTime, { description: "When a session in this slot begins." })
  readonly startTime: Date;

  @Field(() => DateTime, { description: "When it ends; the next slot may begin then." })
  readonly endTime: Date;

  @Field(() => TimeZone, { description: "The zone in which the mentor published it." })
  readonly timeZone: string;

  readonly mentorId: string;

  constructor(schedule: ScheduleView) {
    this.id = schedule.id;
    this.startTime = schedule.during.start;
    this.endTime = schedule.during.end;
    this.timeZone = schedule.timeZone;
    this.mentorId = schedule.mentorId;
  }

  /** Whose slot it is, and who has it. */
  async parties(context: RequestContext): Promise<readonly string[]> {
    const session = await context.loaders.sessionInSlot.load(this.id);
    return session === null ? [this.mentorId] : [this.mentorId, session.learnerId];
  }
}

@ObjectType({ implements: MutationPayload, description: "Answer to a mutation about slots." })
export class SchedulesPayload extends MutationPayload {
  @Field(() => [ScheduleType], { nullable: true, description: "The slots as they are now, by start; null when the mutation was refused." })
  schedules?: ScheduleType[] | null;
}
