import { Arg, Ctx, Field, ID, Int, Mutation, ObjectType, Resolver } from "type-graphql";
import { Refusal } from "../../kernel/errors.ts";
import { isId } from "../../kernel/ids.ts";
import type { MigratedMany } from "../../sagas/engine/index.ts";
import { Auth, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { orUserErrors } from "../errors.ts";
import { MutationPayload } from "../payload.ts";
import { SagaTypeEnum } from "../sagas/enums.ts";
import { SagaFilterInput, toFilter } from "../sagas/inputs.ts";
import { checkedNote, DryRun, Note } from "./arguments.ts";

const MAX_SAGAS = 1_000;

@ObjectType({ description: "Sagas that stay on their version for one reason." })
class SagaMigrationRefusal {
  @Field(() => String, { description: "English sentence for people." })
  reason!: string;

  @Field(() => Int, { description: "How many there are." })
  count!: number;

  @Field(() => ID, { description: "Id of one of them." })
  example!: string;
}

@ObjectType({ implements: MutationPayload, description: "Answer to an operator who moves sagas to another version." })
class SagaMigrationPayload extends MutationPayload {
  @Field(() => Int, { nullable: true, description: "Those that were moved, or, in a dry run, would be; null when all was refused." })
  migrated?: number | null;

  @Field(() => [SagaMigrationRefusal], { description: "Those that stay as they are, by why." })
  refused!: MigratedMany["refused"];

  @Field(() => ID, { nullable: true, description: "Where the next call goes on, as its `after`; null when all have been looked at." })
  next?: string | null;
}

@Resolver()
export class SagaMigrationResolver {
  @Mutation(() => SagaMigrationPayload, {
    nullable: true,
    description:
      "Moves sagas of one version of a state machine to another: all, or those of the filter. Who has ended or awaits what the other version would not understand stays, and comes back in `refused`. One that was moved is not met again, so a repeated call does no harm.",
  })
  @Auth({ any: ["OPERATOR"] })
  async migrateSagas(
    @Arg("type", () => SagaTypeEnum, { description: "Which process." }) type: string,
    @Arg("fromVersion", () => Int, { description: "The version on which they run." }) fromVersion: number,
    @Arg("toVersion", () => Int, { description: "A version that a declared migration leads to." }) toVersion: number,
    @Arg("filter", () => SagaFilterInput, { nullable: true, description: "Which of them; everything given must hold." }) filter: SagaFilterInput | null,
    @Arg("limit", () => Int, { defaultValue: 100, description: "How many to look at, in the order of their birth; 1..1,000." }) limit: number,
    @Arg("after", () => ID, { nullable: true, description: "`next` of the call before." }) after: string | null | undefined,
    @Note() note: string,
    @DryRun() dryRun: boolean,
    @Ctx() context: RequestContext,
  ) {
    const actorId = requireViewer(context).id;
    const answer = await orUserErrors(async () => {
      if (limit < 1 || limit > MAX_SAGAS) throw new Refusal("INVALID", `limit is 1..${MAX_SAGAS}, not ${limit}.`, ["limit"]);
      if (after != null && !isId(after)) throw new Refusal("INVALID", "after is no id of a saga.", ["after"]);
      const which = { type, fromVersion, toVersion, filter: toFilter(filter), limit, after: after ?? null };
      const call = { ...which, actorId, note: checkedNote(note), dryRun };
      return context.write((em) => context.operations.migrateMany(em, call));
    });
    return { refused: [], ...answer };
  }
}
