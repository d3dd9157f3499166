import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import { listExpertises, listMentors } from "../../domain/mentors/mentor.queries.ts";
import { saveExpertise, updateMentorProfile } from "../../domain/mentors/mentor.service.ts";
import { InvalidRequest } from "../../kernel/errors.ts";
import { getById, requireIds } from "../arguments.ts";
import { Auth, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { CourseConnection, CourseType } from "../courses/types.ts";
import { orUserErrors } from "../errors.ts";
import { type Connection, pageRequest, toConnection } from "../pagination.ts";
import { DateTime } from "../scalars.ts";
import { ScheduleType } from "../schedules/types.ts";
import { UserConnection, UserPayload, UserType } from "../users/types.ts";
import { MentorFilterInput, MentorProfileInputType } from "./inputs.ts";
import { ExpertisePayload, ExpertiseType, MentorProfileType } from "./types.ts";

/** 31 days by the calendar may be an hour longer, when the clocks are put back in them. */
const MAX_WINDOW_MS = (31 * 24 + 1) * 3_600_000;

@Resolver(() => UserType)
export class MentorResolver {
  @Query(() => UserConnection, {
    description: "Mentors whose accounts are active, the newest first. With openFrom and openTo: those who can be booked in that window.",
  })
  async mentors(
    @Arg("filter", () => MentorFilterInput, { nullable: true, description: "Everything given must hold." }) filter: MentorFilterInput | null | undefined,
    @Arg("first", () => Int, { defaultValue: 20, description: "1..100." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "A cursor of this list." }) after: string | null | undefined,
    @Ctx() context: RequestContext,
  ): Promise<Connection<UserType>> {
    requireIds({ expertiseIds: filter?.expertiseIds, categoryId: filter?.categoryId });
    if (filter?.openFrom != null && filter.openTo != null) requireWindow("openFrom", filter.openFrom, "openTo", filter.openTo);
    const request = pageRequest("mentors", first, after);
    const page = await listMentors(context.em, { ...request, filter: filter ?? null, viewerId: context.viewer?.id ?? null });
    return toConnection("mentors", request, page, (row) => new UserType(row));
  }

  @Query(() => [ExpertiseType], { description: "All expertises by name." })
  async expertises(@Ctx() context: RequestContext): Promise<ExpertiseType[]> {
    const expertises = await listExpertises(context.em);
    return expertises.map((expertise) => new ExpertiseType(expertise));
  }

  @Mutation(() => UserPayload, { nullable: true, description: "Replaces everything that the caller says about what they offer as a mentor." })
  @Auth({ any: ["MENTOR"] })
  async updateMentorProfile(
    @Arg("input", () => MentorProfileInputType, { description: "All of it; what is left out is taken away." }) input: MentorProfileInputType,
    @Ctx() context: RequestContext,
  ) {
    const mentorId = requireViewer(context).id;
    return orUserErrors(async () => {
      await context.write((em) => updateMentorProfile(em, { mentorId, input }));
      return { user: new UserType(await getById(context.loaders.user, mentorId, "user")) };
    });
  }

  @Mutation(() => ExpertisePayload, { nullable: true, description: "Creates when id is null; otherwise renames. Recorded in the audit." })
  @Auth({ any: ["ADMIN"] })
  async saveExpertise(
    @Arg("id", () => ID, { nullable: true, description: "Null: a new one." }) id: string | null | undefined,
    @Arg("name", () => String, { description: "1..80 characters; unique without regard to case." }) name: string,
    @Ctx() context: RequestContext,
  ) {
    const actor = requireViewer(context);
    return orUserErrors(async () => {
      const { expertiseId } = await context.write((em) => saveExpertise(em, { expertiseId: id ?? null, name, actor }));
      return { expertise: new ExpertiseType(await getById(context.loaders.expertise, expertiseId, "expertise")) };
    });
  }

  @FieldResolver(() => MentorProfileType, { nullable: true, description: "Set while the user is an approved mentor." })
  async mentorProfile(@Root() user: UserType, @Ctx() context: RequestContext): Promise<MentorProfileType | null> {
    const profile = await context.loaders.mentorProfile.load(user.id);
    return profile === null ? null : new MentorProfileType(profile);
  }
}

@Resolver(() => MentorProfileType)
export class MentorProfileResolver {
  @FieldResolver(() => [ExpertiseType], { description: "What the mentor knows, by name." })
  async expertises(@Root() profile: MentorProfileType, @Ctx() context: RequestContext): Promise<ExpertiseType[]> {
    const expertises = await context.loaders.expertisesOfMentor.load(profile.mentorId);
    return expertises.map((expertise) => new ExpertiseType(expertise));
  }

  @FieldResolver(() => CourseConnection, { description: "The mentor's courses that the caller may see, newest first." })
  async courses(
    @Root() profile: MentorProfileType,
    @Arg("first", () => Int, { defaultValue: 20, description: "1..100." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "A cursor of this list." }) after: string | null | undefined,
    @Ctx() context: RequestContext,
  ): Promise<Connection<CourseType>> {
    const request = pageRequest("courses", first, after);
    const page = await context.loaders.coursesOfMentor.load({ ...request, mentorId: profile.mentorId });
    return toConnection("courses", request, page, (row) => new CourseType(row));
  }

  @FieldResolver(() => [ScheduleType], { description: "Slots that start in a window of at most 31 days, by start; withdrawn ones are left out." })
  async schedules(
    @Root() profile: MentorProfileType,
    @Arg("from", () => DateTime, { description: "Start of the window; a slot that starts then is in it." }) from: Date,
    @Arg("to", () => DateTime, { description: "End of the window; a slot that starts then is not in it." }) to: Date,
    @Arg("onlyOpen", () => Boolean, {
      defaultValue: true,
      description: "Only what the caller can book now; for mentors none of their own, so they pass false to see them.",
    })
    onlyOpen: boolean,
    @Ctx() context: RequestContext,
  ): Promise<ScheduleType[]> {
    requireWindow("from", from, "to", to);
    if (to.getTime() - from.getTime() > MAX_WINDOW_MS) throw new InvalidRequest("BAD_USER_INPUT", "The window from `from` to `to` is at most 31 days long");
    const schedules = await context.loaders.schedulesOfMentor.load({ mentorId: profile.mentorId, from, to, onlyOpen });
    return schedules.map((schedule) => new ScheduleType(schedule));
  }
}

function requireWindow(fromName: string, from: Date, toName: string, to: Date): void {
  if (from >= to) throw new InvalidRequest("BAD_USER_INPUT", `${toName} is later than ${fromName}`);
}
