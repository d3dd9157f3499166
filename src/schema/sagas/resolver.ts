import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root, Subscription } from "type-graphql";
import type { ActivityPush, SagaCount, SagaPush } from "../../sagas/engine/index.ts";
import { getById } from "../arguments.ts";
import { Auth } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { checkedFirst, type Connection, pageRequest, toConnection } from "../pagination.ts";
import { findUser, UserType } from "../users/types.ts";
import { mayWatch, watchActivity } from "./activity.ts";
import { type SagaOrder, SagaOrderEnum } from "./enums.ts";
import { SagaFilterInput, toFilter } from "./inputs.ts";
import { watchProgress } from "./progress.ts";
import { findVisibleSubject, SagaSubject } from "./subject.ts";
import { SagaActivityType, SagaConnection, SagaCountType, SagaEventType, SagaPauseType, SagaProgressType, SagaType } from "./types.ts";

@Resolver(() => SagaType)
export class SagaResolver {
  @Query(() => SagaType, { nullable: true, description: "Null when there is no such saga for the caller." })
  @Auth({ any: ["OPERATOR"], participant: true })
  async saga(@Arg("id", () => ID, { description: "Id of the saga." }) id: string, @Ctx() context: RequestContext): Promise<SagaType | null> {
    const view = await context.loaders.saga.load(id);
    return view === null ? null : new SagaType(view);
  }

  @Query(() => SagaConnection, { nullable: true, description: "Sagas of everybody." })
  @Auth({ any: ["OPERATOR"] })
  async sagas(
    @Arg("filter", () => SagaFilterInput, { nullable: true, description: "Everything given must hold." }) filter: SagaFilterInput | null,
    @Arg("orderBy", () => SagaOrderEnum, { defaultValue: "UPDATED_AT_DESC", description: "Order of the list." }) orderBy: SagaOrder,
    @Arg("first", () => Int, { defaultValue: 20, description: "1..100." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "A cursor of this list, in this order." }) after: string | null,
    @Ctx() context: RequestContext,
  ): Promise<Connection<SagaType>> {
    const list = `sagas.${orderBy}`;
    const request = pageRequest(list, first, after);
    const page = await context.sagas.list(context.em, toFilter(filter), { orderBy, ...request });
    return toConnection(list, request, page, (view) => new SagaType(view));
  }

  @Subscription(() => SagaProgressType, {
    subscribe: ({ args, context }) => watchProgress(args as { sagaId: string; afterSequence?: number | null }, context as RequestContext),
    description:
      "Progress of one saga. The first push comes at once and carries the saga as it is; afterSequence null starts from now, " +
      "0 replays the whole history, n replays what came after n. A number above the saga's sequence is the error SEQUENCE_AHEAD.",
  })
  @Auth({ any: ["OPERATOR"], participant: true })
  sagaProgress(
    @Root() push: SagaPush,
    @Arg("sagaId", () => ID, { description: "Id of the saga." }) _sagaId: string,
    @Arg("afterSequence", () => Int, { nullable: true, description: "What the client has already; 0 or more." }) _afterSequence: number | null,
  ): SagaProgressType {
    return new SagaProgressType(push);
  }

  @Query(() => [SagaCountType], {
    nullable: true,
    description: "How many sagas there are of each process, state and status that this version of the program knows, ended ones too.",
  })
  @Auth({ any: ["OPERATOR"] })
  async sagaCounts(@Ctx() context: RequestContext): Promise<SagaCount[]> {
    return context.sagas.counts(context.em);
  }

  @Subscription(() => SagaActivityType, {
    subscribe: ({ args, context }) => {
      const { filter, after } = args as { filter?: SagaFilterInput | null; after?: string | null };
      return watchActivity(toFilter(filter), after ?? null, context as RequestContext);
    },
    description:
      "Events of many sagas: everything for an operator, the caller's own for everybody else. The first push carries only the " +
      "cursor; run the list query after it has arrived and nothing can fall between. A cursor older than 7 days is CURSOR_EXPIRED. " +
      "`state`, `status` and `reason` of the filter mean those after the event; `quietForSeconds` makes no sense here and is refused. " +
      "At most 200 events a push; after 30 seconds without any, a push without events brings a newer cursor.",
  })
  @Auth()
  sagaActivity(
    @Root() push: ActivityPush,
    @Arg("filter", () => SagaFilterInput, { nullable: true, description: "Everything given must hold." }) _filter: SagaFilterInput | null,
    @Arg("after", () => String, { nullable: true, description: "Cursor of an earlier push; left out: from now on." }) _after: string | null,
  ): SagaActivityType {
    return new SagaActivityType(push);
  }

  @FieldResolver(() => SagaSubject, { nullable: true, description: "Null when the caller may see the saga but not its subject (operators)." })
  async subject(@Root() saga: SagaType, @Ctx() context: RequestContext): Promise<typeof SagaSubject | null> {
    return findVisibleSubject(saga, context);
  }

  @FieldResolver(() => SagaType, {
    nullable: true,
    description:
      "The saga that began it as one of its steps, or the run that undoes what that one did; null where it began by itself, and for those who may not see that one.",
  })
  async parent(@Root() saga: SagaType, @Ctx() context: RequestContext): Promise<SagaType | null> {
    const view = saga.parentId === null ? null : await context.loaders.saga.load(saga.parentId);
    return view !== null && mayWatch(view, context) ? new SagaType(view) : null;
  }

  @FieldResolver(() => [SagaType], { description: "The sagas that it has begun as steps, oldest first, as far as the caller may see them." })
  async subSagas(@Root() saga: SagaType, @Ctx() context: RequestContext): Promise<SagaType[]> {
    const views = await context.loaders.subSagas.load(saga.id);
    return views.filter((view) => mayWatch(view, context)).map((view) => new SagaType(view));
  }

  @FieldResolver(() => [SagaEventType], { description: "History in order; `first` is 1..200. Polling this is the same as sagaProgress without a socket." })
  async events(
    @Root() saga: SagaType,
    @Arg("afterSequence", () => Int, { defaultValue: 0, description: "Only what came after this number." }) afterSequence: number,
    @Arg("first", () => Int, { defaultValue: 50, description: "1..200." }) first: number,
    @Ctx() context: RequestContext,
  ): Promise<SagaEventType[]> {
    const events = await context.loaders.sagaEvents.load({ sagaId: saga.id, afterSequence, first: checkedFirst(first, 200) });
    return events.map((view) => new SagaEventType(view));
  }
}

@Resolver(() => SagaEventType)
export class SagaEventResolver {
  @FieldResolver(() => SagaType, { description: "The saga it happened to, as it is now." })
  async saga(@Root() event: SagaEventType, @Ctx() context: RequestContext): Promise<SagaType> {
    return new SagaType(await getById(context.loaders.saga, event.sagaId, "saga"));
  }

  @FieldResolver(() => UserType, { nullable: true, description: "Who acted; null for the system." })
  async actor(@Root() event: SagaEventType, @Ctx() context: RequestContext): Promise<UserType | null> {
    return findUser(event.actorId, context);
  }
}

@Resolver(() => SagaPauseType)
export class SagaPauseResolver {
  @FieldResolver(() => UserType, { nullable: true, description: "Who paused it; null where the account is gone." })
  async by(@Root() pause: SagaPauseType, @Ctx() context: RequestContext): Promise<UserType | null> {
    return findUser(pause.actorId, context);
  }
}
