import { Field, InterfaceType, ObjectType } from "type-graphql";
import { ReasonCode, toReasonCode } from "./enums.ts";
import { DateTime } from "./scalars.ts";

@ObjectType({ description: "Something the caller can correct." })
export class UserError {
  @Field(() => ReasonCode, { description: "What is wrong; for matching." })
  code!: ReasonCode;

  @Field(() => String, { description: "English sentence for people; not for matching." })
  message!: string;

  @Field(() => [String], {
    nullable: true,
    description: 'Path of the argument at fault, e.g. ["input", "blocks", "2", "start"]; null when no single argument is.',
  })
  field!: string[] | null;
}

@InterfaceType({ description: "What every mutation answers with.", autoRegisterImplementations: false })
export abstract class MutationPayload {
  @Field(() => [UserError], { description: "Empty when the mutation was carried out; otherwise nothing was written." })
  userErrors!: UserError[];
}

@ObjectType({ implements: MutationPayload, description: "Answer of a mutation that has nothing to show." })
export class BasicPayload extends MutationPayload {}

@ObjectType({ description: "Why something failed, is stuck, or is being retried." })
export class Reason {
  @Field(() => ReasonCode, { description: "For matching." })
  code!: ReasonCode;

  @Field(() => String, { description: "English sentence for people." })
  message!: string;

  @Field(() => DateTime, { description: "When it happened." })
  occurredAt!: Date;
}

/** What went wrong inside the program is for operators, who find it in `ops.saga` and `ops.dead_letter`; callers learn that it did. */
export const toReason = (reason: { readonly code: string; readonly message: string; readonly occurredAt: Date } | null): Reason | null =>
  reason === null
    ? null
    : {
        code: toReasonCode(reason.code),
        message: reason.code === "INTERNAL" ? "Something went wrong on our side." : reason.message,
        occurredAt: reason.occurredAt,
      };
