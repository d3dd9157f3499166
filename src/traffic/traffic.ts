import { ApiClient, ApiError } from "../client/api-client.ts";
import { monotonicMs } from "../kernel/clock.ts";
import { newId } from "../kernel/ids.ts";
import { Loop } from "../kernel/loop.ts";
import { Chance } from "../seed/chance.ts";
import { Faults } from "./faults.ts";
import { Learner } from "./learner.ts";
import { Offers } from "./offers.ts";
import { Somebody } from "./somebody.ts";

export interface TrafficOptions {
  /** Of /graphql. */
  readonly url: URL;
  /** Sagas begun a second, as far as the API's limits let the people have them. */
  readonly perSecond: number;
  /** Which share of them meets something broken, or a no: 0..1. */
  readonly faults: number;
  /** It ends by itself after so many, since what it begins stays in the database. */
  readonly limit: number;
  /** Has ended by itself. */
  readonly onEnd: () => void;
  /** Cannot go on: there are no made-up accounts, or something that nobody has foreseen. */
  readonly onError: (error: unknown) => void;
}

export interface TrafficCount {
  readonly begun: number;
  readonly withFault: number;
  readonly refused: number;
}

/** Of 10 that the API lets a person begin in a minute. */
const startsPerMinute = 6;
/** Of 30 that the API lets an address do in a minute: the others are for the people at this machine. */
const firstSignIns = 8;
const signInEveryMs = 3_000;
/** The first ones are for people. */
const firstLearner = 3;
const firstMentor = 2;
const idleMs = 500;
/** Everything else that the API says no to is a refusal, as people meet it. */
const passing = new Set(["UNREACHABLE", "UNAUTHENTICATED", "UNAVAILABLE", "TIMEOUT", "RATE_LIMITED"]);

/**
 * Made-up people who use the API as anybody does: they sign in, enroll, book and apply, and take back what they have begun, so that it can
 * go on. Some of it meets a mail server or a provider that is broken, or a course that is full.
 */
export class Traffic {
  readonly #options: TrafficOptions;
  readonly #client: ApiClient;
  readonly #chance = new Chance("traffic", newId());
  readonly #offers = new Offers(this.#chance);
  readonly #faults: Faults;
  readonly #loop: Loop;
  readonly #learners: Learner[] = [];
  readonly #mentor: Somebody;
  readonly #count = { begun: 0, withFault: 0, refused: 0 };
  #areAll = false;
  #signIns = 0;
  #nextSignInAt = 0;
  #nextAt = 0;
  #hasEnded = false;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#client = new ApiClient(options.url);
    this.#faults = new Faults(options.url);
    this.#mentor = new Somebody(this.#client, "mentor", firstMentor);
    this.#loop = new Loop({ pass: () => this.#pass(), onError: options.onError });
  }

  get count(): TrafficCount {
    return { ...this.#count };
  }

  start(): void {
    this.#loop.start();
  }

  /** Resolves when what is under way is answered. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #pass(): Promise<number> {
    if (this.#hasEnded) return idleMs;
    if (this.#count.begun >= this.#options.limit) {
      this.#hasEnded = true;
      this.#options.onEnd();
      return idleMs;
    }
    const wait = this.#nextAt - monotonicMs();
    if (wait > 0) return wait;
    try {
      await this.#keepSignedIn();
      const learner = this.#whoIsNext();
      if (learner === null) return this.#pause(idleMs);
      await this.#act(learner);
      return this.#pause(1_000 / this.#options.perSecond);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!passing.has(error.code)) this.#count.refused++;
      return this.#pause(error.code === "UNREACHABLE" ? 2 * idleMs : 1_000 / this.#options.perSecond);
    }
  }

  /** From when it was due, so that the rate is kept; not from long ago, so that nothing is made up for. */
  #pause(ms: number): number {
    const now = monotonicMs();
    this.#nextAt = Math.max(this.#nextAt, now - ms) + ms;
    return Math.max(1, this.#nextAt - now);
  }

  /** One sign-in now and then, as long as somebody is missing. */
  async #keepSignedIn(): Promise<void> {
    const now = monotonicMs();
    if (now < this.#nextSignInAt) return;
    const missing = this.#findMissing();
    if (missing === null) return;
    this.#signIns++;
    this.#nextSignInAt = this.#signIns < firstSignIns ? 0 : now + signInEveryMs;
    try {
      await missing.signIn();
      if (missing instanceof Learner) {
        await missing.lookBack();
        if (!this.#learners.includes(missing)) this.#learners.push(missing);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.retryAfterMs !== null) this.#nextSignInAt = now + error.retryAfterMs;
      else if (!passing.has(error.code)) {
        // There are no more of them, or none at all.
        this.#areAll = true;
        if (this.#learners.length === 0) {
          this.#hasEnded = true;
          this.#options.onError(error);
        }
      } else throw error;
    }
  }

  #findMissing(): Somebody | null {
    const expired = this.#learners.find(({ isSignedIn }) => !isSignedIn);
    if (expired !== undefined) return expired;
    const wanted = Math.ceil((this.#options.perSecond * 60) / startsPerMinute);
    if (this.#learners.length < wanted && !this.#areAll) {
      // A mentor early, since slots may have run out; the learners after.
      if (this.#learners.length > 2 && !this.#mentor.isSignedIn) return this.#mentor;
      return new Learner(this.#client, "learner", firstLearner + this.#learners.length);
    }
    return this.#mentor.isSignedIn ? null : this.#mentor;
  }

  /** Each in turn, but for those who rest. */
  #whoIsNext(): Learner | null {
    const now = monotonicMs();
    const at = this.#learners.findIndex((learner) => learner.isSignedIn && learner.restsUntil <= now);
    const [learner] = at === -1 ? [] : this.#learners.splice(at, 1);
    if (learner === undefined) return null;
    this.#learners.push(learner);
    return learner;
  }

  async #act(learner: Learner): Promise<void> {
    const lot = this.#chance.number();
    if (this.#chance.number() < this.#options.faults) await this.#meetTrouble(learner);
    else if (lot < 0.05) await this.#apply(learner);
    else if (lot < 0.25) await this.#book(learner);
    else await this.#enroll(learner, "open");
  }

  async #meetTrouble(learner: Learner): Promise<void> {
    const lot = this.#chance.number();
    const before = this.#count.begun;
    if (lot < 0.4) {
      if (await this.#faults.breakMail(learner.email)) await this.#enroll(learner, "open");
    } else if (lot < 0.6 && !learner.hasApplied) {
      if (await this.#faults.breakChecks(lot < 0.45 ? "401" : "500")) await this.#apply(learner);
    } else {
      await this.#enroll(learner, "full");
    }
    if (this.#count.begun > before) this.#count.withFault++;
  }

  async #enroll(learner: Learner, is: "open" | "full"): Promise<void> {
    const course = await this.#offers.course(learner, is, (id) => learner.lacks(id));
    if (course === null) return;
    await learner.enroll(course);
    this.#count.begun++;
  }

  async #book(learner: Learner): Promise<void> {
    const slot = await this.#offers.slot(learner, this.#mentor.isSignedIn ? this.#mentor : null);
    if (slot === null) return;
    await learner.book(slot);
    this.#count.begun++;
  }

  /** Applies, or takes the last application back. */
  async #apply(learner: Learner): Promise<void> {
    if (learner.hasApplied) return learner.withdraw();
    await learner.apply();
    this.#count.begun++;
  }
}
