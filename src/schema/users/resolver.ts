import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import type { CourseEnrollmentStatus } from "../../domain/course-enrollment/course-enrollment.ts";
import { updateUser } from "../../domain/users/administration.service.ts";
import { listUsers } from "../../domain/users/user.queries.ts";
import { Auth, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { CourseEnrollmentConnection, CourseEnrollmentStatusEnum, CourseEnrollmentType } from "../course-enrollment/types.ts";
import { orUserErrors } from "../errors.ts";
import { type Connection, pageRequest, toConnection } from "../pagination.ts";
import { SagaConnection, SagaType } from "../sagas/types.ts";
import { ACTIVE_STATUSES, ENDED_STATUSES } from "../sagas/enums.ts";
import { Role } from "../enums.ts";
import { UserFilterInput } from "./inputs.ts";
import { findUser, getUser, UserConnection, UserPayload, UserType } from "./types.ts";

@Resolver(() => UserType)
export class UserResolver {
  @Query(() => UserType, { nullable: true, description: "Null when not signed in." })
  async viewer(@Ctx() context: RequestContext): Promise<UserType | null> {
    const user = context.viewer === null ? null : await context.loaders.user.load(context.viewer.id);
    return user === null ? null : new UserType(user);
  }

  @Query(() => UserType, { nullable: true, description: "What a person shows to everybody; null when there is none with this id." })
  async user(@Arg("id", () => ID, { description: "Id of the person." }) id: string, @Ctx() context: RequestContext): Promise<UserType | null> {
    return findUser(id, context);
  }

  @Query(() => UserConnection, { nullable: true, description: "Accounts, newest first." })
  @Auth({ any: ["ADMIN"] })
  async users(
    @Arg("filter", () => UserFilterInput, { nullable: true, description: "Everything given must hold." }) filter: UserFilterInput | null,
    @Arg("first", () => Int, { defaultValue: 20, description: "1..100." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "A cursor of this list." }) after: string | null,
    @Ctx() context: RequestContext,
  ): Promise<Connection<UserType>> {
    const request = pageRequest("users", first, after);
    const page = await listUsers(context.em, { ...request, filter: filter ?? null });
    return toConnection("users", request, page, (row) => new UserType(row));
  }

  @Mutation(() => UserPayload, {
    nullable: true,
    description:
      "Null leaves a value as it is. Deactivating cancels the user's coming sessions and sign-ins. Nobody deactivates or demotes themselves. " +
      "What changes reaches the user's open requests and sockets within seconds.",
  })
  @Auth({ any: ["ADMIN"] })
  async updateUser(
    @Arg("id", () => ID, { description: "Id of the account." }) id: string,
    @Arg("roles", () => [Role], { nullable: true, description: "All roles from now on; LEARNER is one of them." }) roles: Role[] | null | undefined,
    @Arg("active", () => Boolean, { nullable: true, description: "False switches the account off, true on again." }) active: boolean | null | undefined,
    @Ctx() context: RequestContext,
  ) {
    const actor = requireViewer(context);
    return orUserErrors(async () => {
      await context.write((em) => updateUser(em, { userId: id, roles: roles ?? null, active: active ?? null, actor }));
      return { user: await getUser(id, context) };
    });
  }

  @FieldResolver(() => CourseEnrollmentConnection, { nullable: true, description: "The person's enrollments, newest first." })
  @Auth({ any: ["ADMIN"], participant: true })
  async enrollments(
    @Root() user: UserType,
    @Arg("status", () => [CourseEnrollmentStatusEnum], { nullable: true, description: "Only with one of these." }) status: CourseEnrollmentStatus[] | null,
    @Arg("first", () => Int, { defaultValue: 20, description: "1..100." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "A cursor of this list." }) after: string | null,
    @Ctx() context: RequestContext,
  ): Promise<Connection<CourseEnrollmentType>> {
    const request = pageRequest("enrollments", first, after);
    const page = await context.loaders.enrollmentsOfLearner.load({ ...request, ownerId: user.id, status: status ?? null });
    return toConnection("enrollments", request, page, (row) => new CourseEnrollmentType(row));
  }

  @FieldResolver(() => SagaConnection, { nullable: true, description: "The user's own sagas, newest first." })
  @Auth({ any: ["OPERATOR"], participant: true })
  async sagas(
    @Root() user: UserType,
    @Arg("active", () => Boolean, { nullable: true, description: "True: not ended yet; false: ended." }) active: boolean | null,
    @Arg("first", () => Int, { defaultValue: 20, description: "1..100." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "A cursor of this list." }) after: string | null,
    @Ctx() context: RequestContext,
  ): Promise<Connection<SagaType>> {
    const request = pageRequest("sagas", first, after);
    const status = active == null ? {} : { status: active ? ACTIVE_STATUSES : ENDED_STATUSES };
    const page = await context.sagas.list(context.em, { userId: user.id, ...status }, { orderBy: "STARTED_AT_DESC", ...request });
    return toConnection("sagas", request, page, (view) => new SagaType(view));
  }
}
