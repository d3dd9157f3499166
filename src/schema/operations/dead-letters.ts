import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from "type-graphql";
import { once, requireKey } from "../../domain/idempotency.ts";
import { Refusal } from "../../kernel/errors.ts";
import { isId, newId } from "../../kernel/ids.ts";
import {
  deadLettersOfResolution,
  findDeadLetters,
  listDeadLetterGroups,
  listDeadLetters,
  listOldestOpen,
  redacted,
  requireQueue,
  type DeadLetterFilter,
  type DeadLetterView,
} from "../../outbox/index.ts";
import { MAIL_QUEUE, type Redrive } from "../../sagas/engine/index.ts";
import { Auth, requireViewer } from "../authorization.ts";
import type { RequestContext } from "../context.ts";
import { orUserErrors } from "../errors.ts";
import { type Connection, pageRequest, toConnection } from "../pagination.ts";
import { SagaType } from "../sagas/types.ts";
import { JSONObject } from "../scalars.ts";
import { findUser, UserType } from "../users/types.ts";
import { checkedNote, DryRun, Note, requireStorable } from "./arguments.ts";
import {
  DeadLetterConnection,
  DeadLetterFilterInput,
  DeadLetterGroupType,
  DeadLettersPayload,
  DeadLetterType,
  type DeadLetterRefusal,
} from "./dead-letter-types.ts";

const MAX_LETTERS = 1_000;
const operatorsOnly = { any: ["OPERATOR"] } as const;

@Resolver(() => DeadLetterType)
export class DeadLetterResolver {
  @Query(() => DeadLetterConnection, { nullable: true, description: "Dead letters, the latest failure first." })
  @Auth(operatorsOnly)
  async deadLetters(
    @Arg("filter", () => DeadLetterFilterInput, { nullable: true, description: "Everything given must hold." }) filter:
      | DeadLetterFilterInput
      | null
      | undefined,
    @Arg("first", () => Int, { defaultValue: 20, description: "1..100." }) first: number,
    @Arg("after", () => String, { nullable: true, description: "A cursor of this list." }) after: string | null,
    @Ctx() context: RequestContext,
  ): Promise<Connection<DeadLetterType>> {
    const request = pageRequest("deadLetters", first, after);
    const page = await listDeadLetters(context.em, toFilter(filter), request);
    return toConnection("deadLetters", request, page, (view) => new DeadLetterType(view));
  }

  @Query(() => [DeadLetterGroupType], {
    nullable: true,
    description: "Dead letters that say the same, together; the largest group first, 200 at most. Ask for OPEN ones to see what is to be decided.",
  })
  @Auth(operatorsOnly)
  async deadLetterGroups(
    @Arg("filter", () => DeadLetterFilterInput, { nullable: true, description: "Everything given must hold." }) filter:
      | DeadLetterFilterInput
      | null
      | undefined,
    @Ctx() context: RequestContext,
  ): Promise<DeadLetterGroupType[]> {
    return (await listDeadLetterGroups(context.em, toFilter(filter))).map((group) => new DeadLetterGroupType(group));
  }

  @Mutation(() => DeadLettersPayload, {
    nullable: true,
    description:
      "Sends OPEN dead letters round again through their sagas, oldest first. One whose effect must not happen any more is left as it is and comes back in `refused`.",
  })
  @Auth(operatorsOnly)
  async redriveDeadLetters(
    @Arg("filter", () => DeadLetterFilterInput, { description: "Which; only OPEN ones are touched." }) filter: DeadLetterFilterInput,
    @Arg("limit", () => Int, { defaultValue: 100, description: "1..1,000." }) limit: number,
    @Note() note: string,
    @Arg("idempotencyKey", () => String, {
      description: "8..128 characters; the same key and arguments answer with the letters of the first call. A dry run does not use it up.",
    })
    idempotencyKey: string,
    @DryRun() dryRun: boolean,
    @Ctx() context: RequestContext,
  ) {
    return answer(() => redrive({ filter, limit, note, idempotencyKey, dryRun }, context));
  }

  @Mutation(() => DeadLettersPayload, { nullable: true, description: "Marks them as not needed; their sagas are not touched." })
  @Auth(operatorsOnly)
  async discardDeadLetters(
    @Arg("ids", () => [ID], { description: "1..1,000 ids." }) ids: string[],
    @Note() note: string,
    @DryRun() dryRun: boolean,
    @Ctx() context: RequestContext,
  ) {
    return answer(() => discard({ ids, note, dryRun }, context));
  }

  @FieldResolver(() => SagaType, { nullable: true, description: "Saga that sent it; null for an event that found none." })
  async saga(@Root() letter: DeadLetterType, @Ctx() context: RequestContext): Promise<SagaType | null> {
    const view = letter.sagaId === null ? null : await context.loaders.saga.load(letter.sagaId);
    return view === null ? null : new SagaType(view);
  }

  @FieldResolver(() => JSONObject, { description: "Message body with personal data removed." })
  payload(@Root() letter: DeadLetterType, @Ctx() context: RequestContext): unknown {
    return redacted(context.registry.schemaOf(letter.message), letter.body);
  }

  @FieldResolver(() => UserType, { nullable: true, description: "Who decided about it." })
  async resolvedBy(@Root() letter: DeadLetterType, @Ctx() context: RequestContext): Promise<UserType | null> {
    return findUser(letter.actorId, context);
  }
}

@Resolver(() => SagaType)
export class SagaDeadLettersResolver {
  @FieldResolver(() => [DeadLetterType], { nullable: true, description: "Its dead letters, the latest failure first." })
  @Auth(operatorsOnly)
  async deadLetters(@Root() saga: SagaType, @Ctx() context: RequestContext): Promise<DeadLetterType[]> {
    const letters = (await context.loaders.deadLettersOfSaga.load(saga.id)) ?? [];
    return letters.map((view) => new DeadLetterType(view));
  }
}

interface Handled {
  readonly deadLetters: readonly DeadLetterType[];
  readonly remaining: number;
  readonly refused: readonly DeadLetterRefusal[];
}

const answer = async (work: () => Promise<Handled>) => ({ refused: [], ...(await orUserErrors(work)) });

interface RedriveArguments {
  readonly filter: DeadLetterFilterInput;
  readonly limit: number;
  readonly note: string;
  readonly idempotencyKey: string;
  readonly dryRun: boolean;
}

async function redrive(args: RedriveArguments, context: RequestContext): Promise<Handled> {
  const actorId = requireViewer(context).id;
  const note = checkedNote(args.note);
  const { limit, idempotencyKey: key, dryRun } = args;
  const filter = toFilter(args.filter);
  if (limit < 1 || limit > MAX_LETTERS) throw new Refusal("INVALID", `limit is 1..${MAX_LETTERS}, not ${limit}.`, ["limit"]);
  requireKey(key);
  const call = { filter, limit, actorId, note, resolutionId: newId(), dryRun };
  const redriven = await context.write(async (em) => {
    // Events that found no saga were on no queue.
    if (filter.queue !== undefined && filter.queue !== MAIL_QUEUE) await requireQueue(em, filter.queue);
    if (dryRun) return context.operations.redrive(em, call);
    let first = null as Redrive | null;
    const { entityId } = await once(em, { actor: actorId, operation: "redriveDeadLetters", key, args: { filter, limit, note } }, async () => {
      first = await context.operations.redrive(em, call);
      return call.resolutionId;
    });
    if (first !== null) return first;
    const letters = await deadLettersOfResolution(em, entityId);
    return { redriven: letters.map(({ id }) => id), refused: [], remaining: (await listOldestOpen(em, filter, 1)).count };
  });
  return toHandled(redriven, context);
}

async function toHandled({ redriven, refused, remaining }: Redrive, context: RequestContext): Promise<Handled> {
  const found = await findDeadLetters(context.em, [...redriven, ...refused.map(({ id }) => id)]);
  const toType = (id: string): DeadLetterType[] => [found.get(id) ?? []].flat().map((view) => new DeadLetterType(view));
  return {
    deadLetters: redriven.flatMap(toType),
    remaining,
    refused: refused.flatMap(({ id, reason }) => toType(id).map((deadLetter) => ({ deadLetter, reason }))),
  };
}

/** Discarding what is discarded changes nothing and is no refusal; what was redriven has taken effect and stays so. */
async function discard(args: { readonly ids: readonly string[]; readonly note: string; readonly dryRun: boolean }, context: RequestContext): Promise<Handled> {
  const actorId = requireViewer(context).id;
  const note = checkedNote(args.note);
  const ids = args.ids.map((id) => id.toLowerCase());
  if (ids.length < 1 || ids.length > MAX_LETTERS) throw new Refusal("INVALID", `ids are 1..${MAX_LETTERS}, not ${ids.length}.`, ["ids"]);
  const letters = await context.write(async (em) => {
    const before = await getLetters(em, ids);
    if (args.dryRun) return before;
    await context.operations.discard(em, { ids, actorId, note });
    return getLetters(em, ids);
  });
  const [redriven = [], others = []] = [true, false].map((is) => letters.filter(({ status }) => (status === "REDRIVEN") === is));
  return {
    deadLetters: others.map((view) => new DeadLetterType(view)),
    remaining: 0,
    refused: redriven.map((view) => ({ deadLetter: new DeadLetterType(view), reason: "It was redriven already." })),
  };
}

/** @throws {Refusal} NOT_FOUND with the place of the first that does not exist */
async function getLetters(em: RequestContext["em"], ids: readonly string[]): Promise<DeadLetterView[]> {
  const found = await findDeadLetters(em, ids.filter(isId));
  const missing = ids.findIndex((id) => !found.has(id));
  if (missing >= 0) throw new Refusal("NOT_FOUND", `There is no dead letter ${ids[missing]?.slice(0, 60)}.`, ["ids", String(missing)]);
  return [...new Set(ids)].flatMap((id) => found.get(id) ?? []);
}

/**
 * Left-out and null members mean the same to a caller.
 *
 * @throws {Refusal} INVALID: an id is none, or a text holds what no row can hold
 */
function toFilter(input: DeadLetterFilterInput | null | undefined): DeadLetterFilter {
  const filter: DeadLetterFilter = Object.fromEntries(Object.entries(input ?? {}).filter(([, value]) => value != null));
  const wrong = filter.ids?.findIndex((id) => !isId(id)) ?? -1;
  if (wrong >= 0) throw new Refusal("INVALID", `An id of a dead letter is a UUID, not ${filter.ids?.[wrong]?.slice(0, 60)}.`, ["filter", "ids", String(wrong)]);
  requireStorable({ filter });
  return filter;
}
