import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { createClient, type Client } from "graphql-ws";
import pg from "pg";
import WebSocket from "ws";
import { demoAccount, type AccountKind } from "../../src/seed/people.ts";
import type { Role } from "../../src/domain/users/user.ts";
import { pdfBytes, sha256Of } from "../support/file-bytes.ts";
import { startProgram, type Program } from "../support/process.ts";
import { startedDirectory } from "../support/started-directory.ts";
import { waitFor } from "../support/wait.ts";
import {
  ApplyDocument,
  CategoriesDocument,
  CreateUploadDocument,
  PublishSlotsDocument,
  RegisterDocument,
  SaveCourseDocument,
  SignInDocument,
  UpdateMentorProfileDocument,
  UpdateUserDocument,
  VerifyEmailDocument,
  WatchSagaDocument,
  type ApplicationRequestInput,
  type CourseInput,
  type TypedDocumentString,
  type WatchSagaSubscription,
} from "./generated/graphql.ts";

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly fullName: string;
  readonly token: string;
}

export interface Answer<D> {
  readonly status: number;
  readonly data: D;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}

/** One mail of the mailbox, as /dev/mail/:id tells it. */
export interface ShownMail {
  readonly id: string;
  readonly subject: string;
  readonly recipients: readonly string[];
  readonly copies: number;
  readonly text: string;
  readonly calendar: string | null;
}

export type Push = WatchSagaSubscription["sagaProgress"];
export type SagaEvent = Push["events"][number];

const PASSWORD = "correct horse battery";
const isUsed = { DATA_DIR: "", SEED: "tiny", BACKGROUND_CHECK_DELAY_MS: "200" };

/** The started program as people meet it: HTTP, sockets, the mailbox, and psql; on a database and ports of its own. */
export class Journey {
  readonly #clients = new Set<Client>();
  readonly #settings: Record<string, string>;
  #program: Program;
  #admin: Person | null = null;

  private constructor(program: Program, settings: Record<string, string>) {
    this.#program = program;
    this.#settings = settings;
  }

  static async start(over: Record<string, string> = {}): Promise<Journey> {
    const settings = { ...isUsed, DATA_DIR: await startedDirectory("tiny"), ...over };
    return new Journey(await startProgram(settings), settings);
  }

  /** Ends the program, and fails where what it leaves contradicts itself, or where it had to say something that was not to be expected. */
  async end(expectedLog = /^$/): Promise<void> {
    for (const client of this.#clients) await client.dispose();
    try {
      expect(await this.sql("select * from ops.invariant_violation")).toEqual([]);
      expect(this.#program.stderr()).toMatch(expectedLog);
    } finally {
      await this.#program.stop();
      rmSync(this.#settings["DATA_DIR"] ?? "", { recursive: true, force: true });
    }
  }

  /** A power failure, its PostgreSQL with it. */
  async kill(): Promise<void> {
    await this.#program.kill();
  }

  /** Starts it again where it was. */
  async startAgain(): Promise<void> {
    this.#program = await startProgram({ ...this.#settings, PORT: this.#origin.port });
  }

  get #origin(): URL {
    return new URL(this.#program.ready.urls?.graphql ?? "");
  }

  url(path: string): string {
    return new URL(path, this.#origin).href;
  }

  /** For psql. */
  get database(): string {
    return this.#program.ready.database;
  }

  /** One statement, by default as the owner of the database. */
  async sql<Row extends pg.QueryResultRow>(text: string, parameters: readonly unknown[] = [], url = this.database): Promise<Row[]> {
    const client = new pg.Client(url);
    client.on("error", () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(text, [...parameters])).rows;
    } finally {
      await client.end();
    }
  }

  /** One operation over HTTP, whatever comes of it. */
  async ask<D, V>(document: TypedDocumentString<D, V>, variables: NoInfer<V>, who?: Person | null): Promise<Answer<D>> {
    const response = await fetch(this.#origin, {
      method: "POST",
      headers: { "content-type": "application/json", ...(who == null ? {} : { authorization: `Bearer ${who.token}` }) },
      body: JSON.stringify({ query: String(document), variables }),
    });
    return { status: response.status, ...((await response.json()) as { data: D }) };
  }

  /** One operation that is not refused. @throws {Error} there are errors, or user errors */
  async run<D, V>(document: TypedDocumentString<D, V>, variables: NoInfer<V>, who?: Person | null): Promise<Done<D>> {
    const { data, errors } = await this.ask(document, variables, who);
    const refusals = Object.values(data ?? {}).flatMap((payload) => (payload as { userErrors?: unknown[] } | null)?.userErrors ?? []);
    if (errors !== undefined || refusals.length > 0) throw new Error(`Expected to be answered, found ${JSON.stringify(errors ?? refusals)}`);
    return data as Done<D>;
  }

  /** What the operation is refused for. */
  async refusal<D, V>(document: TypedDocumentString<D, V>, variables: NoInfer<V>, who?: Person | null): Promise<readonly UserError[]> {
    const { data, errors } = await this.ask(document, variables, who);
    if (errors !== undefined) throw new Error(`Expected user errors, found ${JSON.stringify(errors)}`);
    return Object.values(data as object).flatMap((payload) => (payload as { userErrors: UserError[] }).userErrors);
  }

  // People.

  async signIn(email: string, password: string): Promise<Person> {
    const { signIn } = await this.run(SignInDocument, { email, password });
    const { id, fullName } = signIn.user ?? { id: "", fullName: "" };
    return { id, email, fullName, token: signIn.accessToken ?? "" };
  }

  /** An account that the program has made up, by its number. */
  madeUp(kind: AccountKind, number = 1): Promise<Person> {
    const { email, password } = demoAccount(kind, number);
    return this.signIn(email, password);
  }

  async admin(): Promise<Person> {
    return (this.#admin ??= await this.madeUp("admin"));
  }

  /** Somebody new: registers, confirms by the link of the mail, signs in. */
  async newcomer(fullName: string, ...roles: Role[]): Promise<Person> {
    const person = await this.registered(fullName);
    if (roles.length === 0) return person;
    await this.run(UpdateUserDocument, { id: person.id, roles: ["LEARNER", ...roles] }, await this.admin());
    return this.signIn(person.email, PASSWORD);
  }

  /** Somebody new, whose address has a tag by which the embedded provider of background checks knows what to answer. */
  async registered(fullName: string, tag = ""): Promise<Person> {
    const email = `${randomUUID()}${tag}@demo.example`;
    await this.run(RegisterDocument, { input: { email, password: PASSWORD, fullName, timeZone: "Europe/Lisbon" } });
    const token = /verify-email#(\S+)/.exec((await this.mail(email, "Confirm your address")).text)?.[1] ?? "";
    await this.run(VerifyEmailDocument, { token });
    return this.signIn(email, PASSWORD);
  }

  /** Many learners at once, whom registering one by one would take too long for; they sign in as everybody does. */
  async crowd(count: number): Promise<Person[]> {
    const { email, password } = demoAccount("learner", 1);
    const rows = await this.sql<{ email: string }>(
      `insert into app_user (id, email, email_verified_at, password_hash, full_name, time_zone, roles)
       select gen_random_uuid(), gen_random_uuid() || '@demo.example', now(), password_hash, 'Learner ' || n, time_zone, roles
       from app_user, generate_series(1, $2) n where email = $1 returning email`,
      [email, count],
    );
    return Promise.all(rows.map((row) => this.signIn(row.email, password)));
  }

  async somebody(): Promise<Person> {
    const [one] = await this.crowd(1);
    if (one === undefined) throw new Error("Expected a learner");
    return one;
  }

  // What mentors offer.

  /** A mentor with a course, who takes sessions at an hour's notice. */
  async mentor(fullName: string, over: Partial<CourseInput> = {}): Promise<{ mentor: Person; courseId: string }> {
    const mentor = await this.newcomer(fullName, "MENTOR");
    await this.offer(mentor, {});
    return { mentor, courseId: await this.course(mentor, over) };
  }

  async offer(mentor: Person, over: { maxSessionsPerWeek?: number; minNoticeHours?: number }): Promise<void> {
    const input = { headline: "Databases", experience: null, expertiseIds: [], maxSessionsPerWeek: 60, minNoticeHours: 1, ...over };
    await this.run(UpdateMentorProfileDocument, { input }, mentor);
  }

  async course(mentor: Person, over: Partial<CourseInput> = {}): Promise<string> {
    const { categories } = await this.run(CategoriesDocument, {});
    const input: CourseInput = {
      title: `Indexes ${randomUUID().slice(0, 8)}`,
      description: "Short lessons.",
      level: "BEGINNER",
      status: "PUBLISHED",
      categoryId: categories[0]?.id ?? "",
      ...over,
    };
    const { saveCourse } = await this.run(SaveCourseDocument, { input }, mentor);
    return saveCourse.course?.id ?? "";
  }

  /** Slots of an hour, one after the other, on a day so many days from now, from so many o'clock in UTC on. */
  async slots(mentor: Person, { days, hour = 9, count = 1 }: { days: number; hour?: number; count?: number }): Promise<string[]> {
    const date = Temporal.Now.plainDateISO("UTC").add({ days }).toString();
    const at = (hour: number): string => `${String(hour).padStart(2, "0")}:00`;
    const input = { timeZone: "UTC", blocks: [{ date, start: at(hour), end: at(hour + count) }] };
    const { publishSchedule } = await this.run(PublishSlotsDocument, { input, key: randomUUID() }, mentor);
    return (publishSchedule.schedules ?? []).map(({ id }) => id);
  }

  // Applications to become a mentor.

  /** A document, announced and put where the answer says. @returns its upload's id */
  async upload(who: Person, fileName: string, bytes = pdfBytes(randomUUID())): Promise<string> {
    const input = { fileName, contentType: "application/pdf", purpose: "APPLICATION_DOCUMENT" as const, byteSize: bytes.length, sha256: sha256Of(bytes) };
    const { upload } = (await this.run(CreateUploadDocument, { input }, who)).createUpload;
    const headers = Object.fromEntries((upload?.headers ?? []).map(({ name, value }) => [name, value]));
    const response = await fetch(upload?.url ?? "", { method: "PUT", body: bytes, headers });
    if (response.status !== 201) throw new Error(`The upload answered ${response.status}: ${await response.text()}`);
    return upload?.id ?? "";
  }

  /** An application with its two documents just uploaded. */
  async application(who: Person): Promise<ApplicationRequestInput> {
    return {
      education: "A school of weaving",
      workExperience: "Ten years at the loom",
      description: "I like to teach.",
      certifications: ["Master weaver"],
      documents: [
        { uploadId: await this.upload(who, "cv.pdf"), kind: "CV" },
        { uploadId: await this.upload(who, "letter.pdf"), kind: "COVER_LETTER" },
      ],
      consentToBackgroundCheck: true,
    };
  }

  async apply(who: Person): Promise<{ applicationId: string; sagaId: string }> {
    const { submitApplicationRequest } = await this.run(ApplyDocument, { input: await this.application(who), key: newKey() }, who);
    return { applicationId: submitApplicationRequest.applicationRequest?.id ?? "", sagaId: submitApplicationRequest.saga?.id ?? "" };
  }

  // What becomes of it.

  /** A socket of somebody's, which does not come back by itself. */
  socket(who: Person, on?: Parameters<typeof createClient>[0]["on"]): Client {
    const client = createClient({
      url: this.#origin.href.replace("http", "ws"),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { accessToken: who.token },
      ...(on === undefined ? {} : { on }),
    });
    this.#clients.add(client);
    return client;
  }

  /** One subscription on a socket of its own, which is gone when the reader has read enough. */
  async *subscribe<D, V>(document: TypedDocumentString<D, V>, variables: NoInfer<V>, who: Person): AsyncGenerator<D> {
    const client = this.socket(who);
    try {
      for await (const { data, errors } of client.iterate<D>({ query: String(document), variables: variables as Record<string, unknown> })) {
        if (errors !== undefined) throw new Error(`Expected to be told, found ${JSON.stringify(errors)}`);
        if (data != null) yield data;
      }
    } finally {
      await client.dispose();
      this.#clients.delete(client);
    }
  }

  /** Follows a saga until `enough` is true of a push or it has ended; @returns every event after `after`, once and in order */
  async follow(sagaId: string, who: Person, enough: (push: Push) => boolean = () => false, after = 0): Promise<SagaEvent[]> {
    const events: SagaEvent[] = [];
    for await (const { sagaProgress: push } of this.subscribe(WatchSagaDocument, { saga: sagaId, after }, who)) {
      events.push(...push.events);
      if (push.final || (!push.hasMore && enough(push))) return events;
    }
    throw new Error(`The socket has ended after ${JSON.stringify(events)}`);
  }

  /** Breaks the mail server for a while. */
  async breakMail(mode: string, seconds: number): Promise<void> {
    await this.post("/dev/mail/faults", { mode, seconds });
  }

  /** Breaks the provider of background checks for a while. */
  async breakChecks(mode: string, seconds: number): Promise<void> {
    await this.post("/dev/background-checks/faults", { mode, seconds });
  }

  async post(path: string, body: unknown): Promise<unknown> {
    const response = await fetch(this.url(path), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  async get<T>(path: string): Promise<T> {
    return (await (await fetch(this.url(path), { headers: { accept: "application/json" } })).json()) as T;
  }

  /** All that somebody was sent, the newest first. */
  async mails(to: string): Promise<ShownMail[]> {
    const { mails } = await this.get<{ mails: ShownMail[] }>("/dev/mail.json");
    return Promise.all(mails.filter(({ recipients }) => recipients.includes(to)).map(({ id }) => this.get<ShownMail>(`/dev/mail/${id}`)));
  }

  /** Waits for a mail with such a subject. */
  mail(to: string, subject: string): Promise<ShownMail> {
    return waitFor(async () => (await this.mails(to)).find((mail) => mail.subject.startsWith(subject)), { describe: `a mail "${subject}" to ${to}` });
  }
}

export interface UserError {
  readonly code: string;
  readonly message: string;
  readonly field: readonly string[] | null;
}

/** The data of an answer without errors: every root field that may be null is there. */
type Done<D> = { [K in keyof D]: NonNullable<D[K]> };

/** "1 SessionCreated → ValidatingSchedule" for each step from state to state. */
export const path = (events: readonly SagaEvent[]): string[] =>
  events.filter(({ kind }) => kind === "TRANSITION").map(({ fromState, toState, status }) => `${fromState} → ${toState} ${status}`);

export const numbers = (events: readonly SagaEvent[]): number[] => events.map(({ sequence }) => sequence);
export const upTo = (count: number, from = 1): number[] => Array.from({ length: count - from + 1 }, (_, index) => from + index);
export const newKey = (): string => randomUUID();
