import { Arg, Ctx, Field, FieldResolver, ObjectType, Query, registerEnumType, Resolver, Root } from "type-graphql";
import { find, type Found, type FoundKind } from "../../sagas/engine/index.ts";
import { Auth } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { SagaType } from "../sagas/types.ts";
import { DeadLetterType } from "./dead-letter-types.ts";

const FoundKindEnum: { readonly [K in FoundKind]: K } = { SAGA: "SAGA", SUBJECT: "SUBJECT", MESSAGE: "MESSAGE", DEAD_LETTER: "DEAD_LETTER" };
registerEnumType(FoundKindEnum, {
  name: "FoundKind",
  description: "What a text is to what was found by it.",
  valuesConfig: {
    SAGA: { description: "Id of the saga." },
    SUBJECT: { description: "Id of what the saga is about." },
    MESSAGE: { description: "Id of a message in the saga's history." },
    DEAD_LETTER: { description: "Id of the dead letter." },
  },
});

@ObjectType("Found", { description: "Something that was found by an id." })
class FoundType {
  @Field(() => FoundKindEnum, { description: "What the text is to it." })
  readonly kind: FoundKind;

  readonly sagaId: string | null;
  readonly deadLetterId: string | null;

  constructor({ kind, sagaId, deadLetterId }: Found) {
    this.kind = kind;
    this.sagaId = sagaId;
    this.deadLetterId = deadLetterId;
  }
}

@Resolver(() => FoundType)
export class FindResolver {
  @Query(() => [FoundType], {
    nullable: true,
    description:
      "Sagas and dead letters by an id: their own, the subject's, a message's; or by the last 8 characters or more of their own, among the 50,000 sagas that moved last. " +
      "At most 20; anything else finds nothing.",
  })
  @Auth({ any: ["OPERATOR"] })
  async find(@Arg("text", () => String, { description: "An id, or its end." }) text: string, @Ctx() context: RequestContext): Promise<FoundType[]> {
    return (await find(context.em, text)).map((found) => new FoundType(found));
  }

  @FieldResolver(() => SagaType, { nullable: true, description: "The saga; null for a dead letter that has none." })
  async saga(@Root() found: FoundType, @Ctx() context: RequestContext): Promise<SagaType | null> {
    const view = found.sagaId === null ? null : await context.loaders.saga.load(found.sagaId);
    return view === null ? null : new SagaType(view);
  }

  @FieldResolver(() => DeadLetterType, { nullable: true, description: "The dead letter." })
  async deadLetter(@Root() found: FoundType, @Ctx() context: RequestContext): Promise<DeadLetterType | null> {
    const view = found.deadLetterId === null ? null : await context.loaders.deadLetter.load(found.deadLetterId);
    return view === null ? null : new DeadLetterType(view);
  }
}
