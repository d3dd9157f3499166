import "reflect-metadata";
import { GraphQLSchema, isEnumType, isObjectType } from "graphql";
import { buildSchemaSync, type BuildSchemaOptions } from "type-graphql";
import { authDirective } from "./authorization.ts";
import {
  ApplicationDocumentResolver,
  ApplicationRequestPayloadResolver,
  ApplicationRequestResolver,
  UserApplicationsResolver,
} from "./application-request/resolver.ts";
import { CourseEnrollmentPayloadResolver, CourseEnrollmentResolver } from "./course-enrollment/resolver.ts";
import { CourseResolver } from "./courses/resolver.ts";
import { MentoringSessionPayloadResolver, MentoringSessionResolver, ScheduleSessionResolver, UserSessionsResolver } from "./mentoring-session/resolver.ts";
import { MentorProfileResolver, MentorResolver } from "./mentors/resolver.ts";
import { CourseResourceResolver, CourseResourcesResolver, UploadResolver, UserAvatarResolver } from "./files/resolver.ts";
import { SagaAttemptResolver } from "./sagas/attempts.ts";
import { DrawnDefinitionResolver, SagaDefinitionResolver } from "./sagas/definition.ts";
import { fillSagaEnums, screamingSnake, type SagaCatalogue } from "./sagas/enums.ts";
import { DeadLetterResolver, SagaDeadLettersResolver } from "./operations/dead-letters.ts";
import { SagaExplanationResolver } from "./operations/explanation.ts";
import { FindResolver } from "./operations/find.ts";
import { MetricsResolver } from "./operations/metrics.ts";
import { OperatorActionResolver } from "./operations/operator-actions.ts";
import { QueueHistoryResolver, QueuePauseResolver, QueueResolver } from "./operations/queues.ts";
import { WorkerResolver } from "./operations/workers.ts";
import { SagaMigrationResolver } from "./operations/migrations.ts";
import { SagaOperationsResolver } from "./operations/sagas.ts";
import { SagaEventResolver, SagaPauseResolver, SagaResolver } from "./sagas/resolver.ts";
import { NotificationResolver, UserNotificationsResolver } from "./notifications/resolver.ts";
import { AccountResolver } from "./users/account-resolver.ts";
import { ScheduleResolver } from "./schedules/resolver.ts";
import { UserResolver } from "./users/resolver.ts";

const resolvers = [
  UserResolver,
  AccountResolver,
  NotificationResolver,
  UserNotificationsResolver,
  CourseResolver,
  CourseResourcesResolver,
  CourseResourceResolver,
  UploadResolver,
  UserAvatarResolver,
  MentorResolver,
  MentorProfileResolver,
  ScheduleResolver,
  CourseEnrollmentResolver,
  CourseEnrollmentPayloadResolver,
  MentoringSessionResolver,
  MentoringSessionPayloadResolver,
  ScheduleSessionResolver,
  UserSessionsResolver,
  ApplicationRequestResolver,
  ApplicationRequestPayloadResolver,
  ApplicationDocumentResolver,
  UserApplicationsResolver,
  SagaResolver,
  SagaEventResolver,
  SagaPauseResolver,
  SagaOperationsResolver,
  SagaMigrationResolver,
  SagaExplanationResolver,
  SagaDefinitionResolver,
  DrawnDefinitionResolver,
  SagaAttemptResolver,
  DeadLetterResolver,
  SagaDeadLettersResolver,
  QueueResolver,
  QueueHistoryResolver,
  QueuePauseResolver,
  MetricsResolver,
  WorkerResolver,
  OperatorActionResolver,
  FindResolver,
] as const;

/** Streams come from the feeds of the context, so there is nothing to publish in memory. */
const noPubSub: NonNullable<BuildSchemaOptions["pubSub"]> = {
  publish: () => undefined,
  subscribe: (topic) => {
    throw new Error(`No subscription of this schema listens to a topic, but ${topic} was asked for`);
  },
};

/**
 * The API's schema. Sagas join it through their registry; everything else is listed here.
 *
 * Arguments are checked by the use cases, where the paths of user errors come from, and not by type-graphql.
 */
export function buildApiSchema(sagas: SagaCatalogue): GraphQLSchema {
  fillSagaEnums(sagas);
  const built = buildSchemaSync({ resolvers: [...resolvers], pubSub: noPubSub, validate: false });
  const schema = new GraphQLSchema({ ...built.toConfig(), description: DESCRIPTION, directives: [...built.getDirectives(), authDirective(built)] });
  describe(schema);
  orderArguments(schema);
  tellUnknownWords(schema);
  return schema;
}

/** The root types are made by type-graphql, which has no place for their descriptions. */
function describe(schema: GraphQLSchema): void {
  const [query, mutation, subscription] = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  if (query != null) query.description = `What can be read.\n\n${FIRST_STEPS}`;
  if (mutation != null)
    mutation.description =
      "What can be done. A refused mutation has written nothing and says why in `userErrors`: always select `userErrors { code message field }`.";
  if (subscription != null) {
    subscription.description =
      "Delivery: at least once, in order, from stored events, never from memory. A slow reader gets larger pushes, not lost ones.\n" +
      "The protocol is graphql-transport-ws, at the address of the HTTP endpoint; the token goes into the connection's parameters:\n" +
      '`{ "authorization": "Bearer <accessToken>" }`.\n' +
      "The socket is closed with 4403 when its token runs out; reconnect with a new token and the last sequence or cursor.";
  }
}

/**
 * Sagas of a version that this process has not loaded may be in states, or of types, that its schema does not list. They are told as they
 * are, for the eyes of operators, since an error would hide the very saga that somebody has to look at.
 */
function tellUnknownWords(schema: GraphQLSchema): void {
  for (const name of ["SagaState", "SagaType"]) {
    const type = schema.getType(name);
    if (!isEnumType(type)) continue;
    const known = new Map(type.getValues().map((one) => [one.value as unknown, one.name]));
    type.serialize = (value) => known.get(value) ?? (name === "SagaType" ? screamingSnake(String(value)) : String(value));
  }
}

/** Parameter decorators run from last to first, and type-graphql lists arguments as they run. */
function orderArguments(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) field.args = field.args.toReversed();
  }
}

const FIRST_STEPS = `
First steps:
1. \`signIn(email, password, delivery: BODY)\` answers with an \`accessToken\`. Send it as the header
   \`authorization: Bearer <accessToken>\`; \`viewer\` then says who you are. Before it runs out, \`refreshTokens\` gives the next one.
2. A learner books: \`mentors(filter)\` finds a mentor who can be booked in a window; \`mentorProfile\` has their open \`schedules\`
   and their \`courses\`. \`bookMentoringSession\` takes one of each and a fresh idempotencyKey, and answers with the session and its saga.
3. \`subscription { sagaProgress(sagaId, afterSequence: 0) }\` then tells every step, until \`saga.settled\`: the booking is decided, and
   the session's \`status\` (SCHEDULED, or CANCELLED and why in \`failure\`) is the answer. After a lost connection subscribe again with
   \`afterSequence\` = the last \`sequence\`; without a socket read \`saga(id) { settled sequence events(afterSequence: n) { sequence } }\`.
4. \`enrollInCourse\` and \`submitApplicationRequest\` go the same way.
`.trim();

const DESCRIPTION = `
MentorPlatform API.

${FIRST_STEPS}

Rules that hold everywhere:
- Ids are UUIDv7 strings; the id shown here is the id in the database, in the logs and in the queue tables.
- Instants are UTC (DateTime). Wall-clock input (LocalDate, LocalTime) always comes with a TimeZone.
- A list that can grow is a forward-only keyset connection; \`first\` is 1..100. A list that cannot grow past 200 is a plain list.
- A mutation reports what the caller can correct in \`userErrors\` (HTTP 200, the entity is null, nothing was written).
  Everything else is a top-level error with \`extensions.code\`.
- A mutation that starts or advances a saga returns the entity and the saga.
- An argument \`idempotencyKey\` (8..128 characters) makes the call repeatable: same key and same arguments answer with
  the first call's entity, same key and other arguments are the top-level error IDEMPOTENCY_KEY_MISMATCH. Kept >= 24 h.
- Enum values may be added at any time; nothing is removed or made stricter without @deprecated and 6 months.
`.trim();
