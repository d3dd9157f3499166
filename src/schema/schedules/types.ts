import { Field, ID, ObjectType } from "type-graphql";
import type { Schedule } from "../../domain/schedules/schedule.ts";
import type { HasParties } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { DateTime, TimeZone } from "../scalars.ts";

@ObjectType("Schedule", { description: "One bookable slot of a mentor." })
export class ScheduleType implements HasParties {
  @Field(() => ID, { description: "UUIDv7." })
  readonly id: string;

  @Field(() => DateTime, { description: "When it begins." })
  readonly startTime: Date;

  @Field(() => DateTime, { description: "When it is over." })
  readonly endTime: Date;

  @Field(() => TimeZone, { description: "The zone in which the mentor published it." })
  readonly timeZone: string;

  readonly mentorId: string;

  constructor(schedule: Schedule) {
    this.id = schedule.id;
    this.startTime = schedule.startsAt;
    this.endTime = schedule.endsAt;
    this.timeZone = schedule.timeZone;
    this.mentorId = schedule.mentorId;
  }

  /** Whose slot it is, and who has it. */
  async parties(context: RequestContext): Promise<readonly string[]> {
    const session = await context.loaders.sessionInSlot.load(this.id);
    return session === null ? [this.mentorId] : [this.mentorId, session.learnerId];
  }
}
