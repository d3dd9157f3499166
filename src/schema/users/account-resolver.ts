import { Arg, Ctx, Extensions, type MiddlewareFn, Mutation, Resolver, UseMiddleware } from "type-graphql";
import {
  authenticate,
  AVATAR_FIELD,
  checkRegistration,
  hashNewPassword,
  registerUser,
  requestPasswordReset,
  requireResetToken,
  resetPassword,
  updateProfile,
  verifyEmail,
} from "../../domain/users/user.service.ts";
import { refreshSignIn, signOut, signOutEverywhere, startSignIn, type RefreshToken } from "../../domain/users/sign-in.service.ts";
import type { User } from "../../domain/users/user.ts";
import { Refusal } from "../../kernel/errors.ts";
import { requireIds } from "../arguments.ts";
import { Auth, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { orUserErrors } from "../errors.ts";
import { Limited } from "../limited.ts";
import { BasicPayload } from "../payload.ts";
import { EmailAddress } from "../scalars.ts";
import { ProfileInput, RefreshTokenDelivery, RegisterUserInput } from "./inputs.ts";
import { getUser, TokenPayload, UserPayload, UserType } from "./types.ts";

/** Aliases must not turn one request into many tries. */
const oneTry = { maxPerOperation: 1 };

/** Refuses with NOT_SUPPORTED where an outside issuer keeps the accounts. */
const ownAccountsOnly: MiddlewareFn<RequestContext> = ({ context }, next) => {
  void context.tokens;
  return next();
};
const OwnAccounts = (): MethodDecorator => UseMiddleware(ownAccountsOnly);

/** Accounts that are kept here, and their sign-ins. With an outside issuer all but `updateProfile` are NOT_SUPPORTED. */
@Resolver()
export class AccountResolver {
  @Mutation(() => BasicPayload, {
    nullable: true,
    description: "Makes an account, to be confirmed by the link of a mail. Answers alike whether or not the address is known; a mail tells.",
  })
  @Limited("sign-in")
  @OwnAccounts()
  async registerUser(
    @Arg("input", () => RegisterUserInput, { description: "Who registers." }) input: RegisterUserInput,
    @Ctx() context: RequestContext,
  ): Promise<BasicPayload> {
    return orUserErrors(async () => {
      const registration = await checkRegistration(input);
      await context.write((em) => registerUser(em, registration));
      return { userErrors: [] };
    });
  }

  @Mutation(() => UserPayload, { nullable: true, description: "Confirms an address by the token of the mail's link, good once and for a day." })
  @Extensions(oneTry)
  @OwnAccounts()
  async verifyEmail(@Arg("token", () => String, { description: "What stands behind the # of the link." }) token: string, @Ctx() context: RequestContext) {
    return orUserErrors(async () => {
      const { userId } = await context.write((em) => verifyEmail(em, { token }));
      return { user: await getUser(userId, context) };
    });
  }

  @Mutation(() => TokenPayload, {
    nullable: true,
    description:
      "The way in: the answer's accessToken goes with every other call. Answers alike whether the address is unknown or the password wrong; whoever knows the password is told if the account is switched off or its address not confirmed.",
  })
  @Limited("sign-in")
  @OwnAccounts()
  async signIn(
    @Arg("email", () => EmailAddress, { description: "The account's address; case does not matter." }) email: string,
    @Arg("password", () => String, { description: "The account's password." }) password: string,
    @Arg("delivery", () => RefreshTokenDelivery, { defaultValue: "COOKIE", description: "How the refresh token comes back." }) delivery: RefreshTokenDelivery,
    @Ctx() context: RequestContext,
  ) {
    return orUserErrors(async () => {
      const user = await authenticate(context.em, { email, password });
      const { signInId, refreshToken } = await context.write((em) => startSignIn(em, user));
      return answer(context, user, signInId, refreshToken, delivery);
    });
  }

  @Mutation(() => TokenPayload, {
    nullable: true,
    description:
      "A new access token for a refresh token, which is spent by that: the next one comes back the way this one came. A spent one that comes again ends the whole " +
      "sign-in, unless two tabs of a browser have asked at once.",
  })
  @Extensions(oneTry)
  @OwnAccounts()
  async refreshTokens(
    @Arg("refreshToken", () => String, { nullable: true, description: "For sign-ins with delivery BODY; null: the cookie's." }) given:
      | string
      | null
      | undefined,
    @Ctx() context: RequestContext,
  ) {
    return orUserErrors(async () => {
      const delivery = given == null ? "COOKIE" : "BODY";
      const token = given ?? context.refreshCookie?.read() ?? "";
      const refresh = await context.write((em) => refreshSignIn(em, { token, mayRace: delivery === "COOKIE" }));
      if (refresh.outcome === "refused") {
        if (delivery === "COOKIE") context.refreshCookie?.clear();
        throw new Refusal("TOKEN_INVALID", "This sign-in has ended; sign in again.", delivery === "COOKIE" ? null : ["refreshToken"]);
      }
      const user = await context.loaders.user.load(refresh.userId);
      if (user === null) throw new Refusal("TOKEN_INVALID", "This sign-in has ended; sign in again.");
      return answer(context, user, refresh.signInId, refresh.outcome === "rotated" ? refresh.refreshToken : null, delivery);
    });
  }

  @Mutation(() => BasicPayload, {
    nullable: true,
    description: "Ends this sign-in, or all of them. An access token of this one alone stays good until it runs out.",
  })
  @Auth()
  @OwnAccounts()
  async signOut(
    @Arg("everywhere", () => Boolean, { defaultValue: false, description: "True: on all devices, and at once." }) everywhere: boolean,
    @Ctx() context: RequestContext,
  ): Promise<BasicPayload> {
    const { id: userId } = requireViewer(context);
    const { signInId, refreshCookie } = context;
    await context.write((em) => (everywhere ? signOutEverywhere(em, userId) : signOut(em, { userId, signInId, token: refreshCookie?.read() ?? null })));
    refreshCookie?.clear();
    return { userErrors: [] };
  }

  @Mutation(() => BasicPayload, {
    nullable: true,
    description: "Sends a mail with a link for choosing a new password, if the address has an account. Answers alike whether or not it has.",
  })
  @Limited("sign-in")
  @OwnAccounts()
  async requestPasswordReset(
    @Arg("email", () => EmailAddress, { description: "The account's address; case does not matter." }) email: string,
    @Ctx() context: RequestContext,
  ): Promise<BasicPayload> {
    return orUserErrors(async () => {
      await context.write((em) => requestPasswordReset(em, { email }));
      return { userErrors: [] };
    });
  }

  @Mutation(() => BasicPayload, {
    nullable: true,
    description: "Sets a new password by the token of the mail's link, good once and for 15 minutes. Everybody who was signed in is signed out.",
  })
  @Limited("sign-in")
  @OwnAccounts()
  async resetPassword(
    @Arg("token", () => String, { description: "What stands behind the # of the link." }) token: string,
    @Arg("newPassword", () => String, { description: "12..128 characters." }) newPassword: string,
    @Ctx() context: RequestContext,
  ): Promise<BasicPayload> {
    return orUserErrors(async () => {
      await requireResetToken(context.em, token);
      const passwordHash = await hashNewPassword(newPassword, ["newPassword"]);
      await context.write((em) => resetPassword(em, { token, passwordHash }));
      return { userErrors: [] };
    });
  }

  @Mutation(() => UserPayload, { nullable: true, description: "Replaces what the caller tells about themselves." })
  @Auth()
  async updateProfile(
    @Arg("input", () => ProfileInput, { description: "All of it; only the picture stays when it is left out." }) input: ProfileInput,
    @Ctx() context: RequestContext,
  ) {
    const { id: userId } = requireViewer(context);
    return orUserErrors(async () => {
      requireIds({ "input.avatarUploadId": input.avatarUploadId });
      if (input.avatarUploadId != null) await context.files.settle(userId, [{ id: input.avatarUploadId, field: AVATAR_FIELD }]);
      await context.write((em) => updateProfile(em, { userId, input }));
      return { user: await getUser(userId, context) };
    });
  }
}

/** What is asked about the user is answered to the user: they have just shown who they are. */
async function answer(context: RequestContext, user: User, signInId: string, refreshToken: RefreshToken | null, delivery: RefreshTokenDelivery) {
  const { accessToken, expiresAt } = await context.tokens.issue(user, signInId);
  context.signIn({ id: user.id, roles: user.roles });
  if (refreshToken !== null && delivery === "COOKIE") context.refreshCookie?.write(refreshToken.token, refreshToken.expiresAt);
  return {
    accessToken,
    accessTokenExpiresAt: expiresAt,
    refreshToken: delivery === "BODY" ? (refreshToken?.token ?? null) : null,
    user: new UserType(user),
  };
}
