import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import type { CourseEnrollmentStatus } from "../../domain/course-enrollment/course-enrollment.ts";
import { authenticate } from "../../domain/users/user.service.ts";
import { Auth } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { CourseEnrollmentConnection, CourseEnrollmentStatusEnum, CourseEnrollmentType } from "../course-enrollment/types.ts";
import { orUserErrors } from "../errors.ts";
import { Limited } from "../limited.ts";
import { type Connection, pageRequest, toConnection } from "../pagination.ts";
import { SagaConnection, SagaType } from "../sagas/types.ts";
import { ACTIVE_STATUSES, ENDED_STATUSES } from "../sagas/enums.ts";
import { EmailAddress } from "../scalars.ts";
import { TokenPayload, UserType } from "./types.ts";

@Resolver(() => UserType)
export class UserResolver {
  @Query(() => UserType, { nullable: true, description: "Null when not signed in." })
  async viewer(@Ctx() context: RequestContext): Promise<UserType | null> {
    const user = context.viewer === null ? null : await context.loaders.user.load(context.viewer.id);
    return user === null ? null : new UserType(user);
  }

  @Mutation(() => TokenPayload, { nullable: true, description: "Answers alike whether the address is unknown or the password wrong." })
  @Limited("sign-in")
  async signIn(
    @Arg("email", () => EmailAddress, { description: "The account's address; case does not matter." }) email: string,
    @Arg("password", () => String, { description: "The account's password." }) password: string,
    @Ctx() context: RequestContext,
  ) {
    return orUserErrors(async () => {
      const user = await authenticate(context.em, { email, password });
      const token = await context.identity.issue(user);
      context.signIn({ id: user.id, roles: user.roles });
      return { accessToken: token.accessToken, accessTokenExpiresAt: token.expiresAt, user: new UserType(user) };
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
