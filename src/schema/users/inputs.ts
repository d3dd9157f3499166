import { Field, ID, InputType, registerEnumType } from "type-graphql";
import { Role } from "../enums.ts";
import { EmailAddress, TimeZone } from "../scalars.ts";

export const RefreshTokenDelivery = { COOKIE: "COOKIE", BODY: "BODY" } as const;
export type RefreshTokenDelivery = keyof typeof RefreshTokenDelivery;
registerEnumType(RefreshTokenDelivery, {
  name: "RefreshTokenDelivery",
  description: "How a client is given its refresh token.",
  valuesConfig: {
    COOKIE: { description: "HttpOnly, Secure, SameSite=Strict cookie; for browsers." },
    BODY: { description: "In the payload; for command-line and server clients." },
  },
});

@InputType({ description: "Somebody who wants an account." })
export class RegisterUserInput {
  @Field(() => EmailAddress, { description: "Address for sign-in and mail." })
  email!: string;

  @Field(() => String, { description: "12..128 characters." })
  password!: string;

  @Field(() => String, { description: "1..200 characters." })
  fullName!: string;

  @Field(() => TimeZone, { description: "The person's own zone." })
  timeZone!: string;
}

@InputType({ description: "What a person tells about themselves." })
export class ProfileInput {
  @Field(() => String, { description: "1..200 characters." })
  fullName!: string;

  @Field(() => String, { nullable: true, description: "At most 2,000 characters; null takes it away." })
  bio?: string | null;

  @Field(() => TimeZone, { description: "The person's own zone." })
  timeZone!: string;

  @Field(() => ID, { nullable: true, description: "An upload with the purpose AVATAR; null leaves the picture as it is." })
  avatarUploadId?: string | null;
}

@InputType("UserFilter", { description: "Which accounts; everything given must hold." })
export class UserFilterInput {
  @Field(() => String, { nullable: true, description: "Words in name or address." })
  text?: string | null;

  @Field(() => Role, { nullable: true, description: "Who holds this role." })
  role?: Role | null;

  @Field(() => Boolean, { nullable: true, description: "True: may sign in; false: switched off." })
  active?: boolean | null;
}
