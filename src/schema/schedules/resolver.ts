import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from "type-graphql";
import { findPublished } from "../../domain/schedules/schedule.queries.ts";
import { publishSchedule, withdrawSchedule } from "../../domain/schedules/schedule.service.ts";
import { getById } from "../arguments.ts";
import { Auth, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { orUserErrors } from "../errors.ts";
import { UserType } from "../users/types.ts";
import { PublishScheduleInputType } from "./inputs.ts";
import { SchedulesPayload, ScheduleType } from "./types.ts";

@Resolver(() => ScheduleType)
export class ScheduleResolver {
  @Mutation(() => SchedulesPayload, {
    nullable: true,
    description: "Offers hours as slots that learners can book. All slots or none; 09:00 stays 09:00 when the clocks change in the weeks between.",
  })
  @Auth({ any: ["MENTOR"] })
  async publishSchedule(
    @Arg("input", () => PublishScheduleInputType, { description: "Which hours, and how they are cut." }) input: PublishScheduleInputType,
    @Arg("idempotencyKey", () => String, { description: "8..128 characters; the same key and input answer with the first call's slots." })
    idempotencyKey: string,
    @Ctx() context: RequestContext,
  ) {
    const mentorId = requireViewer(context).id;
    return orUserErrors(async () => {
      const { publicationId } = await context.write((em) => publishSchedule(em, { mentorId, input, idempotencyKey }));
      const schedules = await findPublished(context.em, mentorId, publicationId);
      return { schedules: schedules.map((schedule) => new ScheduleType(schedule)) };
    });
  }

  @Mutation(() => SchedulesPayload, {
    nullable: true,
    description: "Takes back an own slot that no session holds. Withdrawing what is withdrawn changes nothing.",
  })
  @Auth({ participant: true })
  async withdrawSchedule(@Arg("id", () => ID, { description: "Id of the slot." }) id: string, @Ctx() context: RequestContext) {
    const mentorId = requireViewer(context).id;
    return orUserErrors(async () => {
      await context.write((em) => withdrawSchedule(em, { scheduleId: id, mentorId }));
      return { schedules: [new ScheduleType(await getById(context.loaders.schedule, id, "slot"))] };
    });
  }

  @FieldResolver(() => UserType, { description: "Whose slot it is." })
  async mentor(@Root() schedule: ScheduleType, @Ctx() context: RequestContext): Promise<UserType> {
    return new UserType(await getById(context.loaders.user, schedule.mentorId, "user"));
  }

  @FieldResolver(() => Boolean, {
    description: "Can be booked by the caller now: not withdrawn, held by no session, far enough away for its mentor, who is active and somebody else.",
  })
  async open(@Root() schedule: ScheduleType, @Ctx() context: RequestContext): Promise<boolean> {
    return context.loaders.scheduleOpen.load(schedule.id);
  }
}
