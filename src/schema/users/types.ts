import { Field, ID, ObjectType } from "type-graphql";
import type { User } from "../../domain/users/user.ts";
import { Auth, type HasParties } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { Role } from "../enums.ts";
import { getById } from "../arguments.ts";
import { connectionOf } from "../pagination.ts";
import { MutationPayload } from "../payload.ts";
import { DateTime, EmailAddress, TimeZone } from "../scalars.ts";

/** Asked only for viewers who may be one. */
async function reviewersOf(user: UserType, context: RequestContext): Promise<readonly string[]> {
  const reviewer = context.viewer?.roles.includes("REVIEWER") === true ? await context.loaders.openReviewer.load(user.id) : null;
  return reviewer === null ? [] : [reviewer];
}

@ObjectType("User", { description: "A person with an account. Everybody is a learner; some are more." })
export class UserType implements HasParties {
  @Field(() => ID, { description: "UUIDv7." })
  readonly id: string;

  @Field(() => String, { description: "Name as the person writes it." })
  readonly fullName: string;

  @Field(() => String, { nullable: true, description: "What the person tells about themselves; at most 2,000 characters." })
  readonly bio: string | null;

  @Field(() => TimeZone, { description: "The person's own zone." })
  readonly timeZone: string;

  @Field(() => DateTime, { description: "When the account was made." })
  readonly createdAt: Date;

  @Field(() => EmailAddress, {
    nullable: true,
    description: "Address for sign-in and mail; null when an outside issuer has told none. Also for the reviewer assigned to the user's open application.",
  })
  @Auth({ any: ["ADMIN"], participant: true, also: reviewersOf })
  readonly email: string | null;

  @Field(() => Boolean, { nullable: true, description: "Whether a link sent to the address was followed." })
  @Auth({ any: ["ADMIN"], participant: true })
  readonly emailVerified: boolean;

  @Field(() => Boolean, { nullable: true, description: "An inactive account can neither sign in nor enroll." })
  @Auth({ any: ["ADMIN"], participant: true })
  readonly active: boolean;

  @Field(() => [Role], { nullable: true, description: "What the person may do; always contains LEARNER." })
  @Auth({ any: ["ADMIN"], participant: true })
  readonly roles: Role[];

  readonly avatarFileId: string | null;

  constructor(user: User) {
    this.id = user.id;
    this.avatarFileId = user.avatarFileId;
    this.fullName = user.fullName;
    this.bio = user.bio;
    this.timeZone = user.timeZone;
    this.createdAt = user.createdAt;
    this.email = user.knownEmail();
    this.emailVerified = user.emailVerifiedAt !== null;
    this.active = user.active;
    this.roles = user.roles;
  }

  parties(): readonly string[] {
    return [this.id];
  }
}

/** Who is named by something that people do; null for nobody, and for an account that is gone. */
export async function findUser(id: string | null, context: RequestContext): Promise<UserType | null> {
  const user = id === null ? null : await context.loaders.user.load(id);
  return user === null ? null : new UserType(user);
}

export const UserConnection = connectionOf(UserType, "User");

/** Who has just been changed. */
export const getUser = async (id: string, context: RequestContext): Promise<UserType> => new UserType(await getById(context.loaders.user, id, "user"));

@ObjectType({ implements: MutationPayload, description: "Answer to a change of an account." })
export class UserPayload extends MutationPayload {
  @Field(() => UserType, { nullable: true, description: "The account as it is now." })
  user?: UserType | null;
}

@ObjectType({ implements: MutationPayload, description: "Answer to a sign-in." })
export class TokenPayload extends MutationPayload {
  @Field(() => String, {
    nullable: true,
    description: "Goes with every request as the header `authorization: Bearer <accessToken>`, and with a socket in its connection parameters.",
  })
  accessToken?: string | null;

  @Field(() => DateTime, { nullable: true, description: "Until when the access token is good." })
  accessTokenExpiresAt?: Date | null;

  @Field(() => String, {
    nullable: true,
    description: "Only with delivery BODY. For `refreshTokens`, once; keep it as secret as a password. A sign-in ends when it is not refreshed for 30 days.",
  })
  refreshToken?: string | null;

  @Field(() => UserType, { nullable: true, description: "Who is signed in." })
  user?: UserType | null;
}
