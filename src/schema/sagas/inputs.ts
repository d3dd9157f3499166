import { Field, ID, InputType, Int } from "type-graphql";
import type { SagaFilter, SagaStatus } from "../../sagas/engine/index.ts";
import { requireIds } from "../arguments.ts";
import { ReasonCode } from "../enums.ts";
import { DateTime } from "../scalars.ts";
import { SagaStateEnum, SagaStatusEnum, SagaTypeEnum } from "./enums.ts";

@InputType("SagaFilter", { description: "Which sagas to list; everything given must hold." })
export class SagaFilterInput {
  @Field(() => [ID], { nullable: true, description: "Any of these." })
  ids?: string[] | null;

  @Field(() => [SagaTypeEnum], { nullable: true, description: "Any of these processes." })
  type?: string[] | null;

  @Field(() => [SagaStateEnum], { nullable: true, description: "In any of these states." })
  state?: string[] | null;

  @Field(() => [SagaStatusEnum], { nullable: true, description: "In any of these statuses." })
  status?: SagaStatus[] | null;

  @Field(() => [ReasonCode], { nullable: true, description: "For any of these reasons." })
  reason?: ReasonCode[] | null;

  @Field(() => ID, { nullable: true, description: "About this." })
  subjectId?: string | null;

  @Field(() => ID, { nullable: true, description: "This person is a party to the subject." })
  userId?: string | null;

  @Field(() => Int, { nullable: true, description: "Not ended and without any event for this long: finds sagas nobody marked STUCK." })
  quietForSeconds?: number | null;

  @Field(() => DateTime, { nullable: true, description: "Started at this instant or later." })
  startedAfter?: Date | null;

  @Field(() => DateTime, { nullable: true, description: "Started before this instant." })
  startedBefore?: Date | null;
}

/** Left-out and null members mean the same to a caller. */
export function toFilter(input: SagaFilterInput | null | undefined): SagaFilter {
  if (input == null) return {};
  requireIds({ ids: input.ids, subjectId: input.subjectId, userId: input.userId });
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value != null));
}
