import { Ctx, Field, FieldResolver, Int, ObjectType, registerEnumType, Resolver, Root } from "type-graphql";
import { attemptsOf, type AttemptOutcome, type SagaAttempt } from "../../sagas/engine/index.ts";
import type { RequestContext } from "../context.ts";
import { Reason, toReason } from "../payload.ts";
import { DateTime } from "../scalars.ts";
import { SagaType } from "./types.ts";

const AttemptOutcomeEnum: { readonly [O in AttemptOutcome]: O } = { OPEN: "OPEN", ANSWERED: "ANSWERED", FAILED: "FAILED", GIVEN_UP: "GIVEN_UP" };
registerEnumType(AttemptOutcomeEnum, {
  name: "SagaAttemptOutcome",
  description: "How an attempt ended.",
  valuesConfig: {
    OPEN: { description: "It is under way, or waits for its turn." },
    ANSWERED: { description: "It was answered, whatever that led to." },
    FAILED: { description: "It was not answered." },
    GIVEN_UP: { description: "The saga went on without its end." },
  },
});

@ObjectType("SagaAttempt", { description: "An attempt at a step or its undo, or the time spent in a wait." })
class SagaAttemptType {
  @Field(() => String, { description: "State of the step or wait." })
  readonly state: string;

  @Field(() => Boolean, { description: "At the undo of the state." })
  readonly isUndo: boolean;

  @Field(() => Int, { description: "From 1; from 1 again where an operator had the step begun again, or the saga came back to it." })
  readonly number: number;

  @Field(() => DateTime, { description: "Since when it could have been made, or can be." })
  readonly queuedAt: Date;

  @Field(() => DateTime, {
    nullable: true,
    description: "When somebody began with it; null while nobody has, for waits, and where the answer came from outside.",
  })
  readonly startedAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When it ended." })
  readonly finishedAt: Date | null;

  @Field(() => AttemptOutcomeEnum, { description: "How it ended." })
  readonly outcome: AttemptOutcome;

  @Field(() => Reason, { nullable: true, description: "Why it failed." })
  readonly reason: Reason | null;

  constructor(attempt: SagaAttempt) {
    this.state = attempt.state;
    this.isUndo = attempt.isUndo;
    this.number = attempt.number;
    this.queuedAt = attempt.queuedAt;
    this.startedAt = attempt.startedAt;
    this.finishedAt = attempt.finishedAt;
    this.outcome = attempt.outcome;
    this.reason = toReason(attempt.reason);
  }
}

/** A history that is longer has been at it for years; its newest attempts are then not shown. */
const MAX_EVENTS = 2_000;

@Resolver(() => SagaType)
export class SagaAttemptResolver {
  @FieldResolver(() => [SagaAttemptType], {
    description: "Attempts at its steps and undos, and its waits, in the order of their beginning, out of the first 2,000 events of its history.",
  })
  async attempts(@Root() saga: SagaType, @Ctx() context: RequestContext): Promise<SagaAttemptType[]> {
    const [events, definition] = await Promise.all([
      context.loaders.sagaEvents.load({ sagaId: saga.id, afterSequence: 0, first: MAX_EVENTS }),
      context.loaders.sagaDefinition.load({ type: saga.type, version: saga.definitionVersion }),
    ]);
    const states = definition?.states ?? [];
    const stops = states.flatMap(({ kind, state, group }): [string, string[]][] => {
      if (kind === "GROUP") return [[state, states.filter((one) => one.group === state).map((one) => one.state)]];
      return (kind === "STEP" && group === null) || kind === "WAIT" ? [[state, [state]]] : [];
    });
    return attemptsOf(saga, events, new Map(stops)).map((attempt) => new SagaAttemptType(attempt));
  }
}
