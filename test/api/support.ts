import { createClient, type Client } from "graphql-ws";
import WebSocket from "ws";
import { loadConfig } from "../../src/config.ts";
import { applicationRequestParticipants } from "../../src/domain/application-request/application-request.participants.ts";
import { backgroundCheckParticipants } from "../../src/domain/background-check/background-check.participants.ts";
import type { BackgroundChecks, CheckResult } from "../../src/domain/background-check/background-checks.port.ts";
import { courseEnrollmentParticipants } from "../../src/domain/course-enrollment/course-enrollment.participants.ts";
import type { Mail, Mailer } from "../../src/domain/mail/mailer.ts";
import { accountParticipants } from "../../src/domain/users/user.participants.ts";
import { mentoringSessionParticipants } from "../../src/domain/mentoring-session/mentoring-session.participants.ts";
import { hashPassword } from "../../src/domain/users/password.ts";
import type { Role } from "../../src/domain/users/user.ts";
import { createIdentity, type Identity } from "../../src/gateways/identity.ts";
import { QueueDepths, type AnyParticipant } from "../../src/outbox/index.ts";
import { newId } from "../../src/kernel/ids.ts";
import { createLog } from "../../src/kernel/log.ts";
import { ActivityFeed, SagaExplainer, SagaFeed, SagaOperations, type AnySaga } from "../../src/sagas/engine/index.ts";
import { sagas } from "../../src/sagas/index.ts";
import { type RunningServer, type ServerParts, startServer } from "../../src/server/index.ts";
import { generateKeyPairSync } from "node:crypto";
import { EnrollDocument, type TypedDocumentString } from "./generated/graphql.ts";
import type { Disposal } from "../support/database.ts";
import { openTestFiles, type TestFiles } from "../support/files.ts";
import { createTestEngine, type TestEngine } from "../support/engine.ts";

export interface GraphQLError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string; readonly requestId: string; readonly retryable: boolean; readonly retryAfterMs?: number };
}

export interface Answer<D> {
  readonly status: number;
  readonly data: D;
  readonly errors?: readonly GraphQLError[];
}

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly token: string;
}

/** So that tests of something else are not throttled. */
const generousRates: Partial<ServerParts["limits"]> = {
  maxUserCostPerMinute: 1_000_000_000,
  maxUserCostAtOnce: 1_000_000_000,
  maxAnonymousCostPerMinute: 1_000_000_000,
  maxSignInsPerAccount: 1_000_000,
  maxSignInsPerAddress: 1_000_000,
  maxStartsPerUser: 1_000_000,
  maxSocketsPerUser: 1_000,
};

const PASSWORD = "correct horse battery";

type Opening = Omit<Partial<ServerParts>, "limits"> & {
  readonly limits?: Partial<ServerParts["limits"]>;
  readonly also?: { readonly sagas: readonly AnySaga[]; readonly participants: readonly AnyParticipant[] };
};

/** The whole API on real sockets and a database of its own; work is carried out once `engine.start()` was called. */
export class ApiTest {
  readonly #clients: Client[] = [];
  /** Commands that fail, by name, with the error that their participant throws. */
  readonly faults: Map<string, Error>;

  private constructor(
    readonly engine: TestEngine,
    readonly identity: Identity,
    readonly feed: SagaFeed,
    readonly activity: ActivityFeed,
    readonly queueDepths: QueueDepths,
    readonly server: RunningServer,
    readonly passwordHash: string,
    faults: Map<string, Error>,
    /** What was sent, oldest first. */
    readonly mails: readonly Mail[],
    readonly files: TestFiles,
    /** What a background check comes to, by the applicant's address; clear for others. */
    readonly checkResults: Map<string, CheckResult>,
    /** Signs the tokens. */
    readonly privateKey: string,
  ) {
    this.faults = faults;
  }

  /** @param over `limits` as in production are `loadConfig({})`; without, rates are out of the way. `also`: besides those of the platform */
  static async open({ limits, also = { sagas: [], participants: [] }, ...over }: Opening = {}): Promise<ApiTest> {
    const log = createLog(process.env["TEST_LOG_LEVEL"] ?? "silent");
    const faults = new Map<string, Error>();
    const mails: Mail[] = [];
    const checkResults = new Map<string, CheckResult>();
    const mailer: Mailer = {
      async send(mail) {
        mails.push(mail);
        return { accepted: true };
      },
    };
    const participants = [
      ...courseEnrollmentParticipants(mailer),
      ...mentoringSessionParticipants({ mailer, meetingUrlTemplate: "https://meet.example/{id}" }),
      ...accountParticipants(mailer, { publicUrl: "https://mentoring.example" }),
      ...applicationRequestParticipants({ mailer, files: { inspect: (file) => files.vault.inspect(file) } }),
      ...backgroundCheckParticipants(checksAtOnce(checkResults), { wakeAfterCommit: () => undefined }),
      ...also.participants,
    ];
    const engine = await createTestEngine({ sagas: [...sagas, ...also.sagas], participants: participants.map((one) => withFaults(one, faults)) });
    const privateKey = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
    const identity = await createIdentity({ privateKey, ttlSeconds: 900 });
    const feed = new SagaFeed({ reader: engine.reader, em: engine.em, hints: engine.hints, log });
    const activity = new ActivityFeed({ reader: engine.reader, em: engine.em, hints: engine.hints, log });
    const queueDepths = new QueueDepths({ em: engine.em, log });
    const { registry } = engine;
    const files: TestFiles = await openTestFiles({ em: engine.em, baseUrl: () => server.url });
    const starting = startServer({
      host: "127.0.0.1",
      port: 0,
      registry,
      em: engine.em,
      transaction: engine.transaction,
      sagas: engine.reader,
      feed,
      activity,
      queueDepths,
      operations: new SagaOperations({ registry, hints: engine.hints }),
      files: files.vault,
      uploads: files.routes,
      explainer: new SagaExplainer(),
      identity,
      log,
      development: false,
      limits: { ...loadConfig({}), ...generousRates, ...limits },
      pingDatabase: () => engine.sql("select 1"),
      ...over,
    });
    const server: RunningServer = await starting.catch(async (error: unknown) => {
      await engine.dispose();
      throw error;
    });
    return new ApiTest(
      engine,
      identity,
      feed,
      activity,
      queueDepths,
      server,
      await hashPassword(PASSWORD, { memory: 8, passes: 1, parallelism: 1 }),
      faults,
      mails,
      files,
      checkResults,
      privateKey,
    );
  }

  async close(disposal?: Disposal): Promise<void> {
    for (const client of this.#clients) await client.dispose();
    await this.server.close();
    this.feed.close();
    this.activity.close();
    this.queueDepths.close();
    await this.engine.dispose(disposal);
    this.files.remove();
  }

  async person(...roles: Role[]): Promise<Person> {
    const id = newId();
    const email = `${id}@demo.example`;
    await this.engine.sql(
      "insert into app_user (id, email, email_verified_at, password_hash, full_name, time_zone, roles) values ($1, $2, now(), $3, 'Fi Tavgor', 'Asia/Kolkata', $4)",
      [id, email, this.passwordHash, [...new Set<Role>(["LEARNER", ...roles])]],
    );
    if (roles.includes("MENTOR")) await this.engine.sql("insert into mentor_profile (user_id) values ($1)", [id]);
    return { id, email, token: await this.tokenOf(id) };
  }

  async tokenOf(id: string): Promise<string> {
    const [user] = await this.engine.sql<{ roles: string[]; token_generation: number }>("select roles, token_generation from app_user where id = $1", [id]);
    return (await this.identity.issue({ id, roles: user?.roles ?? [], tokenGeneration: user?.token_generation ?? 0 })).accessToken;
  }

  async course(mentor: Person, over: { capacity?: number; status?: string } = {}): Promise<string> {
    const id = newId();
    await this.engine.sql("insert into category (id, name, description) values ($1, $2, 'Made up.')", [id, id]);
    await this.engine.sql(
      `insert into course (id, mentor_id, category_id, title, description, level, status, capacity)
       values ($1, $2, $1, $3, 'Short lessons.', 'BEGINNER', $4, $5)`,
      [id, mentor.id, `Course ${id}`, over.status ?? "PUBLISHED", over.capacity ?? null],
    );
    return id;
  }

  /** One operation over HTTP, with the types of its generated document or, for a text, with what the test says the data looks like. */
  async run<D = Record<string, unknown>, V = Record<string, unknown>>(
    query: string | TypedDocumentString<D, V>,
    variables: NoInfer<V> = {} as V,
    who?: Person | null,
  ): Promise<Answer<D>> {
    const { status, body } = await this.post({ query: String(query), variables }, who == null ? {} : { authorization: `Bearer ${who.token}` });
    return { status, ...(body as { data: D; errors?: readonly GraphQLError[] }) };
  }

  async post(body: unknown, headers: Record<string, string> = {}): Promise<{ status: number; body: unknown; headers: Headers }> {
    const response = await fetch(`${this.server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, body: await response.json(), headers: response.headers };
  }

  get socketUrl(): string {
    return `${this.server.url.replace("http", "ws")}/graphql`;
  }

  /** A graphql-ws client that does not come back by itself. */
  socket(who?: Person | null, over: { on?: Parameters<typeof createClient>[0]["on"] } = {}): Client {
    const client = createClient({
      url: this.socketUrl,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: who == null ? {} : { authorization: `Bearer ${who.token}` },
      ...(over.on === undefined ? {} : { on: over.on }),
    });
    this.#clients.push(client);
    return client;
  }

  async enroll(learner: Person, courseId: string, key: string = newId()): Promise<{ enrollmentId: string; sagaId: string }> {
    const { data } = await this.run(EnrollDocument, { course: courseId, key }, learner);
    const { courseEnrollment, saga } = data.enrollInCourse ?? {};
    if (courseEnrollment == null || saga == null) throw new Error(`Expected an enrollment, found ${JSON.stringify(data)}`);
    return { enrollmentId: courseEnrollment.id, sagaId: saga.id };
  }
}

/** A provider that answers at once. The real one is in test/sagas/background-check.test.ts. */
const checksAtOnce = (results: ReadonlyMap<string, CheckResult>): BackgroundChecks => ({
  provider: "at-once",
  request: ({ externalId, applicant }) => Promise.resolve({ reference: externalId, result: results.get(applicant.email) ?? "clear" }),
  get: (reference) => Promise.resolve({ reference, result: "clear" }),
  find: () => Promise.resolve([]),
  cancel: () => Promise.resolve(),
});

function withFaults(participant: AnyParticipant, faults: ReadonlyMap<string, Error>): AnyParticipant {
  const failIfTold = (): void => {
    const fault = faults.get(participant.command.name);
    if (fault !== undefined) throw fault;
  };
  if (participant.mode === "transactional")
    return {
      ...participant,
      async handleAll(em, commands) {
        failIfTold();
        return participant.handleAll(em, commands);
      },
    };
  return {
    ...participant,
    async perform(input, delivery, signal) {
      failIfTold();
      return participant.perform(input, delivery, signal);
    },
  };
}

export const password = PASSWORD;
export const codesOf = (answer: { errors?: readonly GraphQLError[] }): string[] => (answer.errors ?? []).map((error) => error.extensions.code);
