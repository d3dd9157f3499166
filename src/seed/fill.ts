import pg from "pg";
import { hashPassword, type PasswordCost } from "../domain/users/password.ts";
import type { PastRows, SagaRegistry } from "../sagas/engine/index.ts";
import { liveApplication, planApplications, type MadeFile } from "./applications.ts";
import { categoryRows, courseRows, makeCourses } from "./catalogue.ts";
import { copyRows, type Row } from "./copy.ts";
import { saltOf } from "./derive.ts";
import { holdsSeat, liveEnrollment, planEnrollments } from "./enrollments.ts";
import { accountKinds, expertiseRows, makePeople, mentorExpertiseRows, mentorProfileRows, userRows, type Person } from "./people.ts";
import { profiles, type ProfileName } from "./profiles.ts";
import { liveSession, planSessions, withdrawnSlots } from "./sessions.ts";
import { makeSlots, slotRows } from "./slots.ts";

export interface Filling {
  /** For pg. */
  readonly url: string;
  readonly registry: SagaRegistry;
  readonly profile: ProfileName;
  /** All dates are relative to this day, in UTC. The same day and profile give the same rows. */
  readonly day: Date;
  /** Where the documents of applications go. */
  readonly putFile: (file: MadeFile) => Promise<void>;
  readonly onProgress?: (part: string, done: number, total: number) => void;
}

/**
 * The least that argon2 takes, against its advice: these passwords are printed in the manual, so their hashes protect nothing, and
 * some hundred hashes at the cost of a real account would hold up the first start for a minute. The cost is part of every hash,
 * so real accounts beside these keep theirs.
 */
const demoCost: PasswordCost = { memory: 8, passes: 1, parallelism: 1 };
/** Beyond this many accounts all have one password, that of number 1. */
const MAX_PASSWORDS = 5_000;
const CHUNK = 2_000;

/**
 * Fills an empty database with made-up people and their past, in one transaction by COPY.
 *
 * @returns false when there are accounts already: then nothing is written. Of several processes that start together one fills.
 */
export async function fillDatabase(filling: Filling): Promise<boolean> {
  const client = new pg.Client({ connectionString: filling.url, statement_timeout: 0, idle_in_transaction_session_timeout: 0 });
  await client.connect();
  try {
    await client.query("begin");
    // Nothing of it has to outlive a crash of the server by itself: it is all there, or it is filled again.
    await client.query("set local synchronous_commit = off");
    await client.query("lock table app_user in share row exclusive mode");
    const { rows } = await client.query("select from app_user limit 1");
    if (rows.length > 0) {
      await client.query("rollback");
      return false;
    }
    await new Filler(client, filling).fill();
    await client.query("commit");
    await client.query("analyze");
    return true;
  } finally {
    await client.end();
  }
}

class Filler {
  readonly #client: pg.Client;
  readonly #filling: Filling;

  constructor(client: pg.Client, filling: Filling) {
    this.#client = client;
    this.#filling = filling;
  }

  async fill(): Promise<void> {
    const { day, registry } = this.#filling;
    const today = new Date(`${day.toISOString().slice(0, 10)}T00:00:00Z`);
    const profile = profiles[this.#filling.profile];
    const people = makePeople(profile, today);
    const courses = makeCourses(profile, people.mentor, today);
    const enrollments = planEnrollments(profile, courses, people.learner);
    const seats = new Map<string, number>();
    for (const enrollment of enrollments) if (holdsSeat(enrollment)) seats.set(enrollment.course.id, (seats.get(enrollment.course.id) ?? 0) + 1);

    const everybody = accountKinds.flatMap((kind) => people[kind]);
    const hashes = await hashesOf(everybody);
    await this.#copy(
      "app_user",
      userRows(everybody, (person) => hashes.get(person.password) ?? hashes.get(everybody[0]?.password ?? "") ?? ""),
    );
    await this.#copy("mentor_profile", mentorProfileRows(people.mentor));
    await this.#copy("expertise", expertiseRows(profile.expertises));
    await this.#copy("mentor_expertise", mentorExpertiseRows(people.mentor, profile.expertises));
    await this.#copy("category", categoryRows(profile.categories));
    await this.#copy("course", courseRows(courses, profile.categories, seats));

    const slots = [...makeSlots(profile, people.mentor, today)];
    const sessions = planSessions(profile, { slots, courses, learners: people.learner, today });
    await this.#inChunks("slots", slotRows(slots, withdrawnSlots(sessions)), slots.length, (rows) => this.#copy("schedule", rows));

    await this.#inChunks("sessions", sessions.map((planned) => () => liveSession(planned, registry, today)).values(), sessions.length, async (lives) => {
      const lived = lives.map((live) => live());
      await this.#copy(
        "mentoring_session",
        lived.map(({ session }) => session),
      );
      await this.#copy(
        "slot_claim",
        lived.flatMap(({ claims }) => claims),
      );
      await this.#copyPasts(lived.map(({ past }) => past));
    });

    await this.#inChunks(
      "enrollments",
      enrollments.map((planned) => () => liveEnrollment(planned, registry, today)).values(),
      enrollments.length,
      async (lives) => {
        const lived = lives.map((live) => live());
        await this.#copy(
          "course_enrollment",
          lived.map(({ entity }) => entity),
        );
        await this.#copyPasts(lived.map(({ past }) => past));
      },
    );

    const applications = planApplications(profile.applications, people);
    await this.#inChunks(
      "applications",
      applications.map((planned) => () => liveApplication(planned, registry, today)).values(),
      applications.length,
      async (lives) => {
        const lived = lives.map((live) => live());
        const documents = lived.flatMap((one) => one.documents);
        await this.#copy(
          "file_object",
          documents.map(({ file }) => file),
        );
        await this.#copy(
          "application_request",
          lived.map(({ request }) => request),
        );
        await this.#copy(
          "application_document",
          documents.map(({ document }) => document),
        );
        await this.#copy(
          "background_check",
          lived.flatMap(({ checks }) => checks),
        );
        await this.#copyPasts(lived.map(({ past }) => past));
        for (const { made } of documents) await this.#filling.putFile(made);
      },
    );
  }

  async #copyPasts(pasts: readonly PastRows[]): Promise<void> {
    await this.#copy(
      "saga",
      pasts.map(({ saga }) => saga),
    );
    await this.#copy(
      "saga_event",
      pasts.flatMap(({ events }) => events),
    );
    await this.#copy(
      "dead_letter",
      pasts.flatMap(({ deadLetters }) => deadLetters),
    );
  }

  /** The columns are those that any of the first rows has; what a row leaves out is null. */
  async #copy(table: string, rows: Iterable<Row>): Promise<void> {
    const list = [...rows];
    const columns = [...new Set(list.flatMap((row) => Object.keys(row)))];
    if (list.length > 0) await copyRows(this.#client, table, columns, list);
  }

  async #inChunks<T>(part: string, all: Iterable<T>, total: number, write: (chunk: readonly T[]) => Promise<void>): Promise<void> {
    let done = 0;
    let chunk: T[] = [];
    for (const one of all) {
      if (chunk.push(one) < CHUNK) continue;
      await write(chunk);
      done += chunk.length;
      chunk = [];
      this.#filling.onProgress?.(part, done, total);
    }
    if (chunk.length === 0 && done > 0) return;
    await write(chunk);
    this.#filling.onProgress?.(part, total, total);
  }
}

/** By password, each with a salt of its own that is the same every time. */
async function hashesOf(people: readonly Person[]): Promise<Map<string, string>> {
  const passwords = [...new Set(people.map(({ password }) => password))];
  const few = passwords.length > MAX_PASSWORDS ? passwords.slice(0, 1) : passwords;
  return new Map(await Promise.all(few.map(async (password) => [password, await hashPassword(password, demoCost, saltOf(password))] as const)));
}
