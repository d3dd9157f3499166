import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { z } from "zod";

export interface TokenRules {
  readonly getKey: JWTVerifyGetKey;
  /** Fixed by the program: a token cannot talk its reader into another. */
  readonly algorithms: readonly string[];
  /** What `typ` may say; null: nothing. Lower case, without `application/`. */
  readonly types: readonly (string | null)[];
  readonly issuer: string;
  readonly audience: string;
  readonly now: () => Date;
  readonly maxLength: number;
}

/** How far the clocks of two machines may be apart. */
export const leewaySeconds = 30;
/** No token is good for longer, whatever it says: one that is stolen would be good for ever. */
const maxLifetimeSeconds = 86_400;

/**
 * Checks a token and gives what `claims` makes of its payload; null for one that is wrong in any way.
 *
 * @throws what `getKey` throws when keys cannot be had: then nothing is known about the token
 */
export async function verifyToken<T>(token: string, rules: TokenRules, claims: z.ZodType<T, JWTPayload>): Promise<T | null> {
  if (token.length > rules.maxLength) return null;
  try {
    const { payload, protectedHeader } = await jwtVerify(token, rules.getKey, {
      algorithms: [...rules.algorithms],
      issuer: rules.issuer,
      audience: rules.audience,
      clockTolerance: leewaySeconds,
      currentDate: rules.now(),
      requiredClaims: ["sub", "iat", "exp"],
      maxTokenAge: maxLifetimeSeconds,
    });
    const { iat = 0, exp = Number.POSITIVE_INFINITY } = payload;
    const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, "") ?? null;
    return exp - iat > maxLifetimeSeconds || !rules.types.includes(type) ? null : claims.parse(payload);
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) return null;
    throw error;
  }
}
