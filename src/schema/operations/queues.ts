import { Arg, Ctx, Field, FieldResolver, Int, Mutation, ObjectType, Query, Resolver, Root } from "type-graphql";
import { Refusal } from "../../kernel/errors.ts";
import { listQueues, type QueuePause, type QueueView } from "../../outbox/index.ts";
import { Auth, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { orUserErrors } from "../errors.ts";
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
    this.pause = view.pause === null ? null : new QueuePauseType(view.pause);
    this.measuredAt = view.measuredAt;
  }
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
  async queues(@Ctx() context: RequestContext): Promise<QueueType[]> {
    return (await listQueues(context.em)).map((view) => new QueueType(view));
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

@Resolver(() => QueuePauseType)
export class QueuePauseResolver {
  @FieldResolver(() => UserType, { nullable: true, description: "Who paused it; null where the account is gone." })
  async by(@Root() pause: QueuePauseType, @Ctx() context: RequestContext): Promise<UserType | null> {
    return findUser(pause.actorId, context);
  }
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
