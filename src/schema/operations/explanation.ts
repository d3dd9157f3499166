import { Ctx, Field, FieldResolver, ObjectType, registerEnumType, Resolver, Root } from "type-graphql";
import { SagaCause, type SagaExplanation, type SagaRemedy } from "../../sagas/engine/index.ts";
import { Auth } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { SagaStateEnum } from "../sagas/enums.ts";
import { SagaType } from "../sagas/types.ts";
import { DateTime, JSONObject } from "../scalars.ts";
import { SagaWorkerType } from "./workers.ts";

const causes = Object.entries(SagaCause);
const SagaCauseEnum = Object.fromEntries(causes.map(([cause]) => [cause, cause]));
registerEnumType(SagaCauseEnum, {
  name: "SagaCause",
  description: "Why a saga is where it is. One that has not ended always has exactly one cause.",
  valuesConfig: Object.fromEntries(causes.map(([cause, description]) => [cause, { description }])),
});

@ObjectType("SagaRemedy", { description: "A mutation that moves a saga on." })
class SagaRemedyType {
  @Field(() => String, { description: "Name of the mutation." })
  mutation!: string;

  @Field(() => JSONObject, { description: "What to call it with; what stands in angle brackets is for the operator to fill in." })
  arguments!: SagaRemedy["arguments"];

  @Field(() => String, { description: "What it does here." })
  description!: string;
}

@ObjectType("SagaNextState", { description: "A state that a saga can come to next." })
class SagaNextStateType {
  @Field(() => String, { description: "What leads there: a reply, an event, the deadline, attempts that are used up, or an operator." })
  on!: string;

  @Field(() => SagaStateEnum, { description: "The state; the same one where the saga stays, and where it fails the one behind the undos." })
  state!: string;

  @Field(() => DateTime, { nullable: true, description: "When the clock does it." })
  at!: Date | null;
}

@ObjectType("SagaExplanation", { description: "Why a saga is where it is, and what would move it on." })
class SagaExplanationType implements SagaExplanation {
  @Field(() => SagaCauseEnum, { description: "For matching." })
  cause!: SagaCause;

  @Field(() => String, { description: "English sentences with the facts; errors inside the program are told as they are." })
  summary!: string;

  @Field(() => DateTime, { nullable: true, description: "Since when the cause holds." })
  since!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When the clock ends it, where it does." })
  until!: Date | null;

  @Field(() => [String], { description: "Events that are waited for from outside." })
  events!: readonly string[];

  @Field(() => String, { nullable: true, description: "Queue of the current command." })
  queue!: string | null;

  @Field(() => SagaWorkerType, { nullable: true, description: "Who carries the command out at this moment." })
  worker!: SagaExplanation["worker"];

  @Field(() => [SagaRemedyType], { description: "Empty where only time, or somebody outside, moves it on; the summary says so." })
  remedies!: readonly SagaRemedyType[];

  @Field(() => [SagaNextStateType], { description: "Where it can go from here, by its definition; empty for one that has ended." })
  next!: readonly SagaNextStateType[];
}

@Resolver(() => SagaType)
export class SagaExplanationResolver {
  @FieldResolver(() => SagaExplanationType, { nullable: true, description: "Why it is where it is, as of now." })
  @Auth({ any: ["OPERATOR"] })
  explanation(@Root() saga: SagaType, @Ctx() context: RequestContext): Promise<SagaExplanation | null> {
    return context.loaders.explanation.load(saga.id);
  }
}
