import { Arg, Ctx, Field, FieldResolver, Int, Mutation, ObjectType, Query, Resolver, Root, Subscription } from "type-graphql";
import { InvalidRequest, Refusal } from "../../kernel/errors.ts";
import { listQueues, type QueuePause, type QueueSample, type QueueView } from "../../outbox/index.ts";
import { Auth, holdsAny, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { forbidden, orUserErrors } from "../errors.ts";
import { Guarded } from "../guarded.ts";
import { MutationPayload } from "../payload.ts";
import { DateTime } from "../scalars.ts";
import { findUser, UserType } from "../users/types.ts";
import { type ArgumentDecorator, checkedNote, checkedOptionalNote, DryRun, Note, OptionalNote } from "./arguments.ts";

@ObjectType("QueuePause", { description: "An operator's order that nothing be taken from a queue." })
class QueuePauseType {
  @Field(() => DateTime, { description: "Since when." })
  readonly at: Date;

  @Field(() => String, { description: "Why, in the operator's words." })
  readonly note: string;

  readonly actorId: string | null;

  constructor({ pausedAt, pausedBy, note }: QueuePause) {
    this.at = pausedAt;
    this.note = note;
    this.actorId = pausedBy;
  }
}

@ObjectType("Queue", { description: "Commands of one kind, on their way to those who carry them out." })
class QueueType {
  @Field(() => String, { description: "As in the queue tables." })
  readonly name: string;

  @Field(() => Int, { description: "Due and waiting for a worker." })
  readonly ready: number;

  @Field(() => Int, { description: "Due later (delays, retries, timers)." })
  readonly deferred: number;

  @Field(() => Int, { description: "In hand, as far as can be seen from outside: what one transaction does looks ready until it commits." })
  readonly active: number;

  @Field(() => Int, { description: "Open dead letters that came from this queue." })
  readonly deadLetters: number;

  @Field(() => DateTime, { nullable: true, description: "Since when the oldest of the ready ones is due." })
  readonly oldestReadyAt: Date | null;

  @Field(() => Int, {
    description: "Commands carried out in the last 60 seconds, by all processes together; what was done in the last 5 seconds may be missing.",
  })
  readonly completedLastMinute: number;

  @Field(() => QueuePauseType, {
    nullable: true,
    description: "Set while workers do not fetch from it; jobs in hand are finished, new ones are still accepted.",
  })
  readonly pause: QueuePauseType | null;

  @Field(() => DateTime, { description: "When all of this was counted." })
  readonly measuredAt: Date;

  constructor(view: QueueView) {
    this.name = view.name;
    this.ready = view.ready;
    this.deferred = view.deferred;
    this.active = view.active;
    this.deadLetters = view.deadLetters;
    this.oldestReadyAt = view.oldestReadyAt;
    this.completedLastMinute = view.completedLastMinute;
    this.pause = view.pause === null ? null : new QueuePauseType(view.pause);
    this.measuredAt = view.measuredAt;
  }
}

@ObjectType("QueueSample", { description: "The deepest that a queue was in one stretch of time, out of the samples that were taken in it." })
class QueueSampleType implements QueueSample {
  @Field(() => DateTime, { description: "Where the stretch begins." })
  at!: Date;

  @Field(() => Int, { description: "Due and waiting for a worker." })
  ready!: number;

  @Field(() => Int, { description: "Jobs that are due later; what waits in the outbox for its time is not among them." })
  deferred!: number;

  @Field(() => Int, { description: "In hand." })
  active!: number;

  @Field(() => Int, { description: "For how long the oldest of the ready ones had been due; 0 where there was none." })
  oldestReadySeconds!: number;
}

@ObjectType({ implements: MutationPayload, description: "Answer to an operator's action on a queue." })
class QueuePayload extends MutationPayload {
  @Field(() => QueueType, { nullable: true, description: "The queue as it is now, after a dry run unchanged; null when the action was refused." })
  queue?: QueueType | null;
}

const QueueName = (): ArgumentDecorator => Arg("name", () => String, { description: "Name of the queue." });
const operatorsOnly = { any: ["OPERATOR"] } as const;

@Resolver()
export class QueueResolver {
  @Query(() => [QueueType], { nullable: true, description: "All queues by name, with their depths." })
  @Auth(operatorsOnly)
  async queues(
    @Arg("names", () => [String], { nullable: true, description: "Only these queues; left out: all." }) names: string[] | null | undefined,
    @Ctx() context: RequestContext,
  ): Promise<QueueType[]> {
    return (await listQueues(context.em, names ?? undefined)).map((view) => new QueueType(view));
  }

  @Subscription(() => [QueueType], {
    subscribe: ({ args, context }) => watchDepths(args as { names?: string[] | null; everySeconds: number }, context as RequestContext),
    description: "Depths now and then every `everySeconds` (2..60). A slow reader gets fewer pushes.",
  })
  @Auth(operatorsOnly)
  queueDepths(
    @Root() depths: readonly QueueView[],
    @Arg("names", () => [String], { nullable: true, description: "Only these queues; left out: all." }) _names: string[] | null,
    @Arg("everySeconds", () => Int, { defaultValue: 5, description: "2..60." }) _everySeconds: number,
  ): QueueType[] {
    return depths.map((view) => new QueueType(view));
  }

  @Mutation(() => QueuePayload, {
    nullable: true,
    description: "Lets no worker fetch from the queue. Deadlines of the steps that wait there stand still. A dry run shows how much would wait.",
  })
  @Auth(operatorsOnly)
  async pauseQueue(@QueueName() name: string, @Note() note: string, @DryRun() dryRun: boolean, @Ctx() context: RequestContext) {
    const actorId = requireViewer(context).id;
    return orUserErrors(async () => {
      const call = { queue: name, actorId, note: checkedNote(note) };
      const queue = await getQueue(name, context, { paused: false });
      if (dryRun) return { queue };
      await context.write((em) => context.operations.pauseQueue(em, call));
      return { queue: await getQueue(name, context) };
    });
  }

  @Mutation(() => QueuePayload, { nullable: true, description: "Lets workers fetch from the queue again. A dry run shows how much would be freed." })
  @Auth(operatorsOnly)
  async resumeQueue(@QueueName() name: string, @OptionalNote() note: string | null | undefined, @DryRun() dryRun: boolean, @Ctx() context: RequestContext) {
    const actorId = requireViewer(context).id;
    return orUserErrors(async () => {
      const call = { queue: name, actorId, note: checkedOptionalNote(note) };
      const queue = await getQueue(name, context, { paused: true });
      if (dryRun) return { queue };
      await context.write((em) => context.operations.resumeQueue(em, call));
      return { queue: await getQueue(name, context) };
    });
  }
}

@Resolver(() => QueueType)
export class QueueHistoryResolver {
  @FieldResolver(() => [QueueSampleType], {
    description:
      "Its depths until now, sampled every 20 seconds by processes that carry out commands and kept for 24 hours. Stretches that begin at `from`, the oldest first, at most 1,000; one without a sample is left out.",
  })
  history(
    @Root() queue: QueueType,
    @Arg("from", () => DateTime, { description: "Where the first stretch begins." }) from: Date,
    @Arg("everySeconds", () => Int, { defaultValue: 60, description: "Length of a stretch." }) everySeconds: number,
    @Ctx() context: RequestContext,
  ): Promise<readonly QueueSample[]> {
    return context.loaders.queueHistory.load({ queue: queue.name, from: from.toISOString(), everySeconds });
  }
}

@Resolver(() => QueuePauseType)
export class QueuePauseResolver {
  @FieldResolver(() => UserType, { nullable: true, description: "Who paused it; null where the account is gone." })
  async by(@Root() pause: QueuePauseType, @Ctx() context: RequestContext): Promise<UserType | null> {
    return findUser(pause.actorId, context);
  }
}

/** @throws {InvalidRequest} UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT: a queue that does not exist, or another interval */
async function watchDepths(args: { readonly names?: readonly string[] | null; readonly everySeconds: number }, context: RequestContext) {
  const { everySeconds, names } = args;
  const requireOperator = (): void => {
    if (!holdsAny(requireViewer(context), operatorsOnly.any)) throw forbidden();
  };
  requireOperator();
  if (everySeconds < 2 || everySeconds > 60) throw new InvalidRequest("BAD_USER_INPUT", `everySeconds is 2..60, not ${everySeconds}`);
  const known = (await context.queueDepths.count()).map(({ name }) => name);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new InvalidRequest("BAD_USER_INPUT", `There is no queue ${unknown.slice(0, 60)}; there are ${known.join(", ")}`);
  return Guarded.open(context, context.queueDepths.watch(everySeconds * 1_000), async (depths) => {
    await context.renewViewer();
    requireOperator();
    return depths.filter(({ name }) => names?.includes(name) ?? true);
  });
}

/** @throws {Refusal} NOT_FOUND, or WRONG_STATE where the queue must be paused, or not, and is otherwise */
async function getQueue(name: string, context: RequestContext, must: { readonly paused?: boolean } = {}): Promise<QueueType> {
  const queues = await listQueues(context.em);
  const view = queues.find((queue) => queue.name === name);
  if (view === undefined) throw new Refusal("NOT_FOUND", `There is no queue ${name}. There are: ${queues.map((queue) => queue.name).join(", ")}.`, ["name"]);
  const isPaused = view.pause !== null;
  if (isPaused !== (must.paused ?? isPaused)) throw new Refusal("WRONG_STATE", `The queue ${name} is ${isPaused ? "paused already" : "not paused"}.`, ["name"]);
  return new QueueType(view);
}
