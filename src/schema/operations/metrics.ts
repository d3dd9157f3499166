import { Arg, Ctx, Field, Float, Int, ObjectType, Query, Resolver } from "type-graphql";
import { readMetrics, type SagaMetrics } from "../../sagas/engine/index.ts";
import { Auth } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { SagaTypeEnum } from "../sagas/enums.ts";
import { DateTime } from "../scalars.ts";

@ObjectType("SagaMetrics", { description: "What happened to sagas in one stretch of time." })
class SagaMetricsType implements SagaMetrics {
  @Field(() => DateTime, { description: "Where the stretch begins." })
  from!: Date;

  @Field(() => DateTime, { description: "Where it ends; the next one begins there." })
  to!: Date;

  @Field(() => Int, { description: "Sagas that began." })
  started!: number;

  @Field(() => Int, { description: "Sagas that ended as intended." })
  completed!: number;

  @Field(() => Int, { description: "Sagas that ended by a business rule." })
  failed!: number;

  @Field(() => Int, { description: "Sagas that were ended by a person." })
  cancelled!: number;

  @Field(() => Int, { description: "How often a saga came to need an operator." })
  becameStuck!: number;

  @Field(() => Int, { description: "Attempts that failed." })
  failedAttempts!: number;

  @Field(() => Int, { description: "Of the sagas that ended: those of which no step took more than one attempt." })
  firstAttempt!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Milliseconds from a saga's start until its business outcome was known, of half of them; null where none was.",
  })
  settledP50Ms!: number | null;

  @Field(() => Float, { nullable: true, description: "The same of 95 % of them." })
  settledP95Ms!: number | null;
}

@Resolver()
export class MetricsResolver {
  @Query(() => [SagaMetricsType], { nullable: true, description: "Stretch by stretch, the oldest first; at most 1,000 stretches." })
  @Auth({ any: ["OPERATOR"] })
  sagaMetrics(
    @Arg("from", () => DateTime, { description: "Where the first stretch begins." }) from: Date,
    @Arg("to", () => DateTime, { description: "Where the last one ends." }) to: Date,
    @Arg("everySeconds", () => Int, { defaultValue: 60, description: "Length of a stretch." }) everySeconds: number,
    @Arg("type", () => SagaTypeEnum, { nullable: true, description: "Only of this process." }) type: string | null | undefined,
    @Ctx() context: RequestContext,
  ): Promise<SagaMetrics[]> {
    return readMetrics(context.em, { from, to, everySeconds, type: type ?? null });
  }
}
