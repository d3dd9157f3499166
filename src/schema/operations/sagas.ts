import { Arg, Ctx, Field, Int, Mutation, ObjectType, registerEnumType, Resolver } from "type-graphql";
import { Refusal } from "../../kernel/errors.ts";
import { isId } from "../../kernel/ids.ts";
import type { Migrate, OperatorAction, SagaPlan, SagaStatus, SagaTimer } from "../../sagas/engine/index.ts";
import { getById } from "../arguments.ts";
import { Auth, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { orUserErrors } from "../errors.ts";
import { SagaEventKindEnum, SagaStateEnum, SagaStatusEnum } from "../sagas/enums.ts";
import { SagaMutationPayload, SagaRemainderType, SagaType } from "../sagas/types.ts";
import { DateTime, JSONObject } from "../scalars.ts";
import { checkedOptionalNote, DryRun, ExpectedSequence, Note, OptionalNote, requireStorable, SagaId } from "./arguments.ts";

const SagaTimerEnum: { readonly [T in SagaTimer]: T } = { DEADLINE: "DEADLINE", REMINDER: "REMINDER", NEXT_ATTEMPT: "NEXT_ATTEMPT" };
registerEnumType(SagaTimerEnum, {
  name: "SagaTimer",
  description: "What a saga may be waiting for on the clock.",
  valuesConfig: {
    DEADLINE: { description: "When the current step or wait runs out: `Saga.deadlineAt`." },
    REMINDER: { description: "When it reminds next: `Saga.remindAt`." },
    NEXT_ATTEMPT: { description: "When a failed attempt is made again: `Saga.nextAttemptAt`." },
  },
});

@ObjectType({ description: "An undo to come." })
class SagaPlannedUndo {
  @Field(() => SagaStateEnum, { description: "State whose effect is undone." })
  state!: string;

  @Field(() => String, { description: "Command that undoes it." })
  command!: string;
}

@ObjectType({ description: "An event that the history will show." })
class SagaPlannedEvent {
  @Field(() => SagaEventKindEnum, { description: "What sort of thing it is." })
  kind!: SagaPlan["events"][number]["kind"];

  @Field(() => String, { description: "English sentence for people." })
  summary!: string;
}

@ObjectType("SagaPlan", { description: "What an operator's action does, or did: the very decision that is carried out." })
class SagaPlanType implements SagaPlan {
  @Field(() => SagaStateEnum, { description: "Right after the action." })
  state!: string;

  @Field(() => SagaStatusEnum, { description: "Right after the action." })
  status!: SagaStatus;

  @Field(() => [String], { description: "Commands that are sent, in order." })
  sends!: readonly string[];

  @Field(() => [SagaPlannedUndo], { description: "Undos to come, the one under way first." })
  undoes!: readonly SagaPlannedUndo[];

  @Field(() => [SagaRemainderType], { description: "Effects that stay, if every undo to come succeeds." })
  remains!: readonly SagaRemainderType[];

  @Field(() => SagaStateEnum, { nullable: true, description: "Where it ends, if the action leads to an end by itself or through undos alone." })
  endsIn!: string | null;

  @Field(() => DateTime, { nullable: true, description: "Deadline right after the action." })
  deadlineAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "Next reminder right after the action." })
  remindAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: "Next attempt right after the action." })
  nextAttemptAt!: Date | null;

  @Field(() => [SagaPlannedEvent], { description: "What the history will say." })
  events!: readonly SagaPlannedEvent[];
}

@ObjectType({ implements: SagaMutationPayload, description: "Answer to an operator's action on a saga; `saga` is as it is now, after a dry run unchanged." })
class SagaPayload extends SagaMutationPayload {
  @Field(() => SagaPlanType, { nullable: true, description: "What the action does; null when it was refused." })
  plan?: SagaPlan | null;
}

interface Call {
  readonly id: string;
  readonly note: string | null | undefined;
  readonly expectedSequence: number | null | undefined;
  readonly dryRun: boolean;
  readonly action: OperatorAction | Migrate;
}

/** Which of several steps at a time. */
const OfStep = () =>
  Arg("step", () => String, {
    nullable: true,
    description: "Where steps run at the same time: the one that is meant. Left out: what stands, or without that all that is under way.",
  });

/** Of several attempts that wait, whose. */
const OfStepsAttempt = () =>
  Arg("step", () => String, {
    nullable: true,
    description:
      "Where steps run, or are undone, at the same time: the one whose next attempt is meant; only with NEXT_ATTEMPT. Left out: the one that comes next.",
  });

const operatorsOnly = { any: ["OPERATOR"] } as const;

/** What operators do to one saga: each a decision of the engine, whose answer is the saga and what was decided. */
@Resolver()
export class SagaOperationsResolver {
  @Mutation(() => SagaPayload, {
    nullable: true,
    description:
      "STUCK: the current step, or undo, again, attempts counted from 1. RETRYING, and COMPENSATING while an undo waits for its next attempt: now instead of at nextAttemptAt.",
  })
  @Auth(operatorsOnly)
  retrySaga(
    @SagaId() id: string,
    @OptionalNote() note: string | null | undefined,
    @Arg("changes", () => JSONObject, { nullable: true, description: "Members of the saga's data to replace before; only for one that is STUCK." })
    changes: Record<string, unknown> | null | undefined,
    @OfStep() step: string | null | undefined,
    @ExpectedSequence() expectedSequence: number | null | undefined,
    @DryRun() dryRun: boolean,
    @Ctx() context: RequestContext,
  ) {
    return act(
      { id, note, expectedSequence, dryRun, action: { kind: "retry", ...(changes == null ? {} : { changes }), ...(step == null ? {} : { step }) } },
      context,
    );
  }

  @Mutation(() => SagaPayload, {
    nullable: true,
    description: "Answers the current step or wait by hand, with what its participant would have said. During an undo: it was done by hand.",
  })
  @Auth(operatorsOnly)
  completeSagaStep(
    @SagaId() id: string,
    @Arg("reply", () => String, { nullable: true, description: "Name of the event, e.g. CourseCapacityCheckedEvent; null for an undo." })
    reply: string | null | undefined,
    @Arg("payload", () => JSONObject, { nullable: true, description: "The event's body; the subject's id may be left out." })
    payload: Record<string, unknown> | null | undefined,
    @OfStep() step: string | null | undefined,
    @Note() note: string,
    @ExpectedSequence() expectedSequence: number | null | undefined,
    @DryRun() dryRun: boolean,
    @Ctx() context: RequestContext,
  ) {
    return act(
      { id, note, expectedSequence, dryRun, action: { kind: "complete", reply: reply ?? null, payload: payload ?? null, ...(step == null ? {} : { step }) } },
      context,
    );
  }

  @Mutation(() => SagaPayload, {
    nullable: true,
    description: "Goes on without the current step, whose undo stays planned. During an undo: gives it up, and its effect stays.",
  })
  @Auth(operatorsOnly)
  skipSagaStep(
    @SagaId() id: string,
    @OfStep() step: string | null | undefined,
    @Note() note: string,
    @ExpectedSequence() expectedSequence: number | null | undefined,
    @DryRun() dryRun: boolean,
    @Ctx() context: RequestContext,
  ) {
    return act({ id, note, expectedSequence, dryRun, action: { kind: "skip", ...(step == null ? {} : { step }) } }, context);
  }

  @Mutation(() => SagaPayload, { nullable: true, description: "Compensates what was done and ends the saga as CANCELLED." })
  @Auth(operatorsOnly)
  cancelSaga(
    @SagaId() id: string,
    @Note() note: string,
    @ExpectedSequence() expectedSequence: number | null | undefined,
    @DryRun() dryRun: boolean,
    @Ctx() context: RequestContext,
  ) {
    return act({ id, note, expectedSequence, dryRun, action: { kind: "cancel" } }, context);
  }

  @Mutation(() => SagaPayload, {
    nullable: true,
    description: "Lets the saga stand still: no command of it is carried out and none of its timers fires, but it goes on hearing messages.",
  })
  @Auth(operatorsOnly)
  pauseSaga(
    @SagaId() id: string,
    @Note() note: string,
    @ExpectedSequence() expectedSequence: number | null | undefined,
    @DryRun() dryRun: boolean,
    @Ctx() context: RequestContext,
  ) {
    return act({ id, note, expectedSequence, dryRun, action: { kind: "pause" } }, context);
  }

  @Mutation(() => SagaPayload, { nullable: true, description: "Lets a paused saga go on; the step or wait it stands in has as long as it had before." })
  @Auth(operatorsOnly)
  resumeSaga(
    @SagaId() id: string,
    @Note() note: string,
    @ExpectedSequence() expectedSequence: number | null | undefined,
    @DryRun() dryRun: boolean,
    @Ctx() context: RequestContext,
  ) {
    return act({ id, note, expectedSequence, dryRun, action: { kind: "resume" } }, context);
  }

  @Mutation(() => SagaPayload, {
    nullable: true,
    description: "Sets a timer that the saga has now to another instant. Of several attempts that wait, one: the others keep their time.",
  })
  @Auth(operatorsOnly)
  moveSagaTimer(
    @SagaId() id: string,
    @Arg("timer", () => SagaTimerEnum, { description: "Which of its timers." }) timer: SagaTimer,
    @Arg("to", () => DateTime, { description: "An instant to come." }) to: Date,
    @OfStepsAttempt() step: string | null | undefined,
    @Note() note: string,
    @ExpectedSequence() expectedSequence: number | null | undefined,
    @DryRun() dryRun: boolean,
    @Ctx() context: RequestContext,
  ) {
    return act({ id, note, expectedSequence, dryRun, action: { kind: "move-timer", timer, to, ...(step == null ? {} : { step }) } }, context);
  }

  @Mutation(() => SagaPayload, {
    nullable: true,
    description: "Does now what a timer that the saga has would do at its time. Of several attempts that wait, one is made: `retrySaga` makes them all.",
  })
  @Auth(operatorsOnly)
  fireSagaTimer(
    @SagaId() id: string,
    @Arg("timer", () => SagaTimerEnum, { description: "Which of its timers." }) timer: SagaTimer,
    @OfStepsAttempt() step: string | null | undefined,
    @Note() note: string,
    @ExpectedSequence() expectedSequence: number | null | undefined,
    @DryRun() dryRun: boolean,
    @Ctx() context: RequestContext,
  ) {
    return act({ id, note, expectedSequence, dryRun, action: { kind: "fire-timer", timer, ...(step == null ? {} : { step }) } }, context);
  }

  @Mutation(() => SagaPayload, {
    nullable: true,
    description: "Moves a saga to another version of its state machine, if no answer is outstanding that the other version would not understand.",
  })
  @Auth(operatorsOnly)
  migrateSaga(
    @SagaId() id: string,
    @Arg("toVersion", () => Int, { description: "A version that a declared migration leads to." }) toVersion: number,
    @Note() note: string,
    @ExpectedSequence() expectedSequence: number | null | undefined,
    @DryRun() dryRun: boolean,
    @Ctx() context: RequestContext,
  ) {
    return act({ id, note, expectedSequence, dryRun, action: { kind: "migrate", toVersion } }, context);
  }
}

function act(call: Call, context: RequestContext) {
  const { id, expectedSequence, dryRun, action } = call;
  const actorId = requireViewer(context).id;
  return orUserErrors(async () => {
    if (!isId(id)) throw new Refusal("NOT_FOUND", "There is no such saga.", ["id"]);
    const note = checkedOptionalNote(call.note);
    if (action.kind === "retry") requireStorable({ changes: action.changes });
    if (action.kind === "complete") requireStorable({ payload: action.payload });
    const sagaId = id.toLowerCase();
    const plan = await context.write((em) => context.operations.act(em, { sagaId, actorId, note, expectedSequence: expectedSequence ?? null, dryRun, action }));
    return { plan, saga: new SagaType(await getById(context.loaders.saga, sagaId, "saga")) };
  });
}
