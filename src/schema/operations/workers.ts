import { Ctx, Field, ID, Int, ObjectType, Query, Resolver } from "type-graphql";
import { listWorkers, type WorkerView } from "../../outbox/index.ts";
import { Auth } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { DateTime } from "../scalars.ts";

@ObjectType("SagaWorker", { description: "A process that carries out commands." })
export class SagaWorkerType {
  @Field(() => ID, { description: "UUIDv7, made at its start." })
  id!: string;

  @Field(() => String, { description: "Name of its machine." })
  host!: string;

  @Field(() => Int, { description: "Number of the process on that machine." })
  pid!: number;
}

@ObjectType("WorkerHand", { description: "What a process last took from a queue." })
class WorkerHandType {
  @Field(() => String, { description: "Name of the queue." })
  queue!: string;

  @Field(() => Int, { description: "Commands at once." })
  count!: number;

  @Field(() => DateTime, { description: "When. By now they may have been carried out." })
  takenAt!: Date;
}

@ObjectType("Worker", { description: "A process that carries out commands and is alive: it holds a lock that PostgreSQL drops when it dies." })
class WorkerType extends SagaWorkerType {
  @Field(() => DateTime, { description: "When it signed on." })
  startedAt!: Date;

  @Field(() => [String], { description: "Queues that it takes from." })
  queues!: readonly string[];

  @Field(() => [String], { description: "Versions of state machines that it has loaded, e.g. CourseEnrollment v1." })
  loads!: readonly string[];

  @Field(() => [WorkerHandType], { description: "What it last took, the latest first." })
  hands!: WorkerView["hands"];
}

@Resolver()
export class WorkerResolver {
  @Query(() => [WorkerType], { nullable: true, description: "Every process that carries out commands and is alive, oldest first." })
  @Auth({ any: ["OPERATOR"] })
  workers(@Ctx() context: RequestContext): Promise<WorkerView[]> {
    return listWorkers(context.em);
  }
}
