import { Arg, Ctx, Field, FieldResolver, Int, ObjectType, Query, registerEnumType, Resolver, Root } from "type-graphql";
import {
  mermaidOf,
  type Diagram,
  type DiagramKind,
  type DiagramOutcome,
  type DiagramState,
  type DiagramTransition,
  type OutcomeKind,
  type TransitionKind,
} from "../../sagas/engine/index.ts";
import { Auth } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { SagaTypeEnum } from "./enums.ts";
import { SagaType } from "./types.ts";

const DiagramKindEnum: { readonly [K in DiagramKind]: K } = {
  START: "START",
  STEP: "STEP",
  GROUP: "GROUP",
  WAIT: "WAIT",
  MILESTONE: "MILESTONE",
  FINAL: "FINAL",
};
registerEnumType(DiagramKindEnum, {
  name: "SagaDefinitionStateKind",
  description: "What a saga does in a state.",
  valuesConfig: {
    START: { description: "It has just begun." },
    STEP: { description: "A command is carried out." },
    GROUP: { description: "Several steps run at the same time; it is left when the last of them has ended." },
    WAIT: { description: "An event or the clock is waited for." },
    MILESTONE: { description: "Something has been reached; it goes on at once." },
    FINAL: { description: "It has ended." },
  },
});

const TransitionKindEnum: { readonly [K in TransitionKind]: K } = { NEXT: "NEXT", BRANCH: "BRANCH", FAIL: "FAIL", UNDO: "UNDO" };
registerEnumType(TransitionKindEnum, {
  name: "SagaTransitionKind",
  description: "How a saga goes from one state to another.",
  valuesConfig: {
    NEXT: { description: "On along the main path." },
    BRANCH: { description: "To another place of the main path, or to an end before it." },
    FAIL: { description: "It fails: what was done is undone, and then it ends in this final." },
    UNDO: { description: "From the undo of one state to that of the one before it, and from the last to the final." },
  },
});

const OutcomeKindEnum: { readonly [K in OutcomeKind]: K } = {
  NEXT: "NEXT",
  GO: "GO",
  LOOP: "LOOP",
  FINISH: "FINISH",
  FAIL: "FAIL",
  FAIL_PARTLY: "FAIL_PARTLY",
  SKIP: "SKIP",
  PARK: "PARK",
  STAY: "STAY",
};
registerEnumType(OutcomeKindEnum, {
  name: "SagaOutcomeKind",
  description: "What follows a reply, an event, a deadline or the last failed attempt.",
  valuesConfig: {
    NEXT: { description: "On to the state that is defined next." },
    GO: { description: "On to that state." },
    LOOP: { description: "Back to that state, so many times in a saga's life." },
    FINISH: { description: "The end; nothing is undone." },
    FAIL: { description: "Everything before is undone." },
    FAIL_PARTLY: { description: "Everything before is undone, and this state too, which had done something before its no." },
    SKIP: { description: "On without what the state was for." },
    PARK: { description: "It stands as STUCK until an operator acts." },
    STAY: { description: "It is noted, and the saga goes on waiting." },
  },
});

@ObjectType("SagaOutcome", { description: "Something that can happen to a saga in a state, and what follows." })
class SagaOutcomeType implements DiagramOutcome {
  @Field(() => String, {
    description: "Reply or event, with the field that decides where there are several ways; or `deadline`, `attempts used up`, `reached`, `all steps ended`.",
  })
  on!: string;

  @Field(() => OutcomeKindEnum, { description: "What follows." })
  kind!: OutcomeKind;

  @Field(() => String, {
    nullable: true,
    description: "Where to; of a failure, where it ends once everything is undone. Null where the saga stays, and where a step of a group has ended.",
  })
  to!: string | null;

  @Field(() => String, { nullable: true, description: "Reason that is given, by its name in the definition." })
  reason!: string | null;

  @Field(() => Int, { nullable: true, description: "Of LOOP: how often." })
  times!: number | null;

  @Field(() => Boolean, { description: "By an event that is accepted in many states, such as a cancellation." })
  interrupt!: boolean;
}

@ObjectType("SagaDefinitionState", { description: "One state of a state machine, with its place in a drawing." })
class SagaDefinitionStateType implements DiagramState {
  @Field(() => String, { description: "Name of the state. A version that is not loaded any more may have states that SagaState does not know." })
  state!: string;

  @Field(() => DiagramKindEnum, { description: "What a saga does there." })
  kind!: DiagramKind;

  @Field(() => String, { nullable: true, description: "Command that is sent." })
  command!: string | null;

  @Field(() => String, { nullable: true, description: "Queue of the command." })
  queue!: string | null;

  @Field(() => String, { nullable: true, description: "Command that undoes what was done; null where nothing is to be undone." })
  compensation!: string | null;

  @Field(() => String, { nullable: true, description: "The group whose step it is, which is the saga's state while it runs; null: a state of its own." })
  group!: string | null;

  @Field(() => String, { nullable: true, description: "Name of the process that it begins and whose end it waits for; null: it begins none." })
  subSaga!: string | null;

  @Field(() => Boolean, { description: "The business outcome is known from here on." })
  goal!: boolean;

  @Field(() => [SagaOutcomeType], { description: "What can follow; of a final, nothing. Interrupts come last." })
  outcomes!: readonly DiagramOutcome[];

  @Field(() => Boolean, { nullable: true, description: "Of a final: whether it is the end that was wanted." })
  succeeded!: boolean | null;

  @Field(() => Int, { description: "0: the main path. 1: the final behind the undos, which stand in the columns of what they undo." })
  row!: number;

  @Field(() => Int, { description: "From 0, left to right." })
  column!: number;
}

@ObjectType("SagaTransition", { description: "A way from one state to another." })
class SagaTransitionType implements DiagramTransition {
  @Field(() => String, { description: "Where from; for UNDO the state that has just been undone." })
  from!: string;

  @Field(() => String, { description: "Where to; for UNDO the state that is undone next, or the final." })
  to!: string;

  @Field(() => [String], { description: "What leads there: replies and events by their names, `deadline`, `attempts used up`, `reached`, `undone`." })
  on!: readonly string[];

  @Field(() => TransitionKindEnum, { description: "How." })
  kind!: TransitionKind;

  @Field(() => String, { nullable: true, description: "Reason that is given, by its name in the definition." })
  reason!: string | null;

  @Field(() => Boolean, { description: "By an event that is accepted in many states, such as a cancellation." })
  interrupt!: boolean;
}

@ObjectType("SagaDefinition", { description: "A version of a state machine." })
class SagaDefinitionType implements Diagram {
  @Field(() => SagaTypeEnum, { description: "Which process." })
  type!: string;

  @Field(() => Int, { description: "From 1." })
  version!: number;

  @Field(() => [SagaDefinitionStateType], { description: "The main path in order, then the finals." })
  states!: readonly DiagramState[];

  @Field(() => [SagaTransitionType], { description: "All ways, those of the main path first." })
  transitions!: readonly DiagramTransition[];
}

@Resolver(() => SagaDefinitionType)
export class DrawnDefinitionResolver {
  @FieldResolver(() => [SagaDefinitionStateType], {
    description: "The states that have an undo, in the order in which a saga that fails undoes those it has been in: latest first, steps of a group together.",
  })
  undoPath(@Root() { states }: SagaDefinitionType): DiagramState[] {
    return states.filter(({ compensation }) => compensation !== null).toReversed();
  }

  @FieldResolver(() => String, { description: "The same as the text of a Mermaid flowchart: dashed is what leads to the undos, and from one to the other." })
  mermaid(@Root() definition: SagaDefinitionType): string {
    return mermaidOf(definition);
  }
}

@Resolver(() => SagaType)
export class SagaDefinitionResolver {
  @Query(() => [SagaDefinitionType], { nullable: true, description: "Every version of every process that sagas have run on, the newest first." })
  @Auth({ any: ["OPERATOR"] })
  async sagaDefinitions(@Ctx() context: RequestContext): Promise<Diagram[]> {
    return context.sagas.definitions(context.em);
  }

  @Query(() => SagaDefinitionType, { nullable: true, description: "Null when no saga has run on this version." })
  @Auth({ any: ["OPERATOR"] })
  async sagaDefinition(
    @Arg("type", () => SagaTypeEnum, { description: "Which process." }) type: string,
    @Arg("version", () => Int, { nullable: true, description: "Left out: the newest." }) version: number | null | undefined,
    @Ctx() context: RequestContext,
  ): Promise<Diagram | null> {
    const definitions = await context.sagas.definitions(context.em);
    return definitions.find((one) => one.type === type && one.version === (version ?? one.version)) ?? null;
  }

  @FieldResolver(() => SagaDefinitionType, { nullable: true, description: "The state machine that it runs on." })
  definition(@Root() saga: SagaType, @Ctx() context: RequestContext): Promise<Diagram | null> {
    return context.loaders.sagaDefinition.load({ type: saga.type, version: saga.definitionVersion });
  }
}
