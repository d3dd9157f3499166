import { Arg, Ctx, Field, FieldResolver, ID, Int, ObjectType, Query, Resolver, Root } from "type-graphql";
import { listOperatorActions, type OperatorActionView } from "../../sagas/engine/index.ts";
import { Auth } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { type Connection, connectionOf, pageRequest, toConnection } from "../pagination.ts";
import { SagaType } from "../sagas/types.ts";
import { DateTime } from "../scalars.ts";
import { findUser, UserType } from "../users/types.ts";

@ObjectType("OperatorAction", { description: "Something that an operator did." })
class OperatorActionType {
  @Field(() => ID, { description: "A UUID." })
  readonly id: string;

  @Field(() => DateTime, { description: "When." })
  readonly occurredAt: Date;

  @Field(() => String, {
    description: "What was done: retry, complete, skip, cancel, pause, resume, move-timer, fire-timer, migrate, redrive, discard, pause-queue, resume-queue.",
  })
  readonly action: string;

  @Field(() => String, { nullable: true, description: "The queue, or `dead letters`; null for what was done to a saga." })
  readonly target: string | null;

  @Field(() => String, { nullable: true, description: "Why, in the operator's words." })
  readonly note: string | null;

  @Field(() => String, { nullable: true, description: "English sentence of the saga's history." })
  readonly summary: string | null;

  readonly actorId: string;
  readonly sagaId: string | null;

  constructor(view: OperatorActionView) {
    this.id = view.id;
    this.occurredAt = view.occurredAt;
    this.action = view.action;
    this.target = view.target;
    this.note = view.note;
    this.summary = view.summary;
    this.actorId = view.actorId;
    this.sagaId = view.sagaId;
  }
}

const OperatorActionConnection = connectionOf(OperatorActionType, "OperatorAction");

@Resolver(() => OperatorActionType)
export class OperatorActionResolver {
  @Query(() => OperatorActionConnection, { nullable: true, description: "What operators did to sagas, queues and dead letters, the latest first." })
  @Auth({ any: ["OPERATOR"] })
  async operatorActions(
    @Arg("first", () => Int, { defaultValue: 20, description: "1..100." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "A cursor of this list." }) after: string | null,
    @Ctx() context: RequestContext,
  ): Promise<Connection<OperatorActionType>> {
    const request = pageRequest("operatorActions", first, after);
    const page = await listOperatorActions(context.em, request);
    return toConnection("operatorActions", request, page, (view) => new OperatorActionType(view));
  }

  @FieldResolver(() => UserType, { nullable: true, description: "Who; null where the account is gone." })
  async by(@Root() action: OperatorActionType, @Ctx() context: RequestContext): Promise<UserType | null> {
    return findUser(action.actorId, context);
  }

  @FieldResolver(() => SagaType, { nullable: true, description: "The saga that it was done to." })
  async saga(@Root() action: OperatorActionType, @Ctx() context: RequestContext): Promise<SagaType | null> {
    const view = action.sagaId === null ? null : await context.loaders.saga.load(action.sagaId);
    return view === null ? null : new SagaType(view);
  }
}
