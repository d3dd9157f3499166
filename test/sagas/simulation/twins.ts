import { Permanent, Transient } from "../../../src/kernel/errors.ts";
import {
  handleAll,
  leased,
  later,
  query,
  queueOf,
  reply,
  publish,
  type AnyCommand,
  type AnyEvent,
  type AnyParticipant,
  type Delivery,
  type Envelope,
  type EventMessage,
  type Later,
} from "../../../src/outbox/index.ts";
import type { Definition, Node, Notice } from "../../../src/sagas/engine/compiled.ts";
import type { AnySaga, OperatorAction, Retry } from "../../../src/sagas/engine/index.ts";
import type { Instance } from "../../../src/sagas/engine/instance.ts";
import { Chance } from "../../../src/sagas/engine/simulation/chance.ts";
import { checkDecision } from "../../../src/sagas/engine/simulation/invariants.ts";
import { makeUp } from "../../../src/sagas/engine/simulation/payloads.ts";
import { commandsOf } from "../../../src/sagas/engine/simulation/simulation.ts";
import { World, type Attempt, type Letter } from "../../../src/sagas/engine/simulation/world.ts";
import { instanceOf, SAGA_COLUMNS, type SagaRow } from "../../../src/sagas/engine/store.ts";
import { failureReason } from "../../../src/kernel/errors.ts";
import { createTestEngine, OPERATOR_ID, type TestEngine } from "../../support/engine.ts";
import { waitFor } from "../../support/wait.ts";

// The same scenario in the simulated world and on PostgreSQL, move by move.

const dayMs = 86_400_000;

/** A saga in which nothing happens by itself while a test runs: whatever waits, waits for days, and no table has to be there. */
export function unhurried(saga: AnySaga): AnySaga {
  const slow = (retry: Retry): Retry => ({ waitsMs: retry.waitsMs.map(() => dayMs), jitter: 0 });
  const slowly = <N extends Notice | null>(notice: N): N => (notice === null ? notice : { ...notice, retry: slow(notice.retry) });
  const { definition } = saga;
  const nodes = [...definition.nodes].map(([state, node]): [string, Node] => {
    if (node.kind === "milestone") return [state, node];
    if (node.kind === "group") return [state, { ...node, timeoutMs: 400 * dayMs }];
    if (node.kind === "wait") return [state, { ...node, remind: slowly(node.remind), tell: slowly(node.tell) }];
    return [state, { ...node, retry: slow(node.retry), timeoutMs: 400 * dayMs, undo: slowly(node.undo), remind: slowly(node.remind) }];
  });
  const start = definition.start === null ? null : { ...definition.start, undo: slowly(definition.start.undo) };
  return { ...saga, definition: { ...definition, nodes: new Map(nodes), start, tell: slowly(definition.tell), reflect: null } };
}

/** What a participant does, the same in both worlds: it depends on the scenario, the round, the command and the attempt alone. */
export class Script {
  round = 0;
  private readonly number: number;
  private readonly definition: Definition;
  private readonly now: Date;
  readonly subjectId: string;

  constructor(number: number, { definition }: AnySaga, now: Date) {
    this.number = number;
    this.definition = definition;
    this.now = now;
    this.subjectId = `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
  }

  chance(purpose: string): Chance {
    let seed = this.number * 1_000 + this.round;
    for (const letter of purpose) seed = (Math.imul(seed, 31) + letter.charCodeAt(0)) >>> 0;
    return new Chance(seed);
  }

  madeUp(contract: AnyEvent, chance: Chance): EventMessage {
    const newId = (): string => `00000000-0000-4000-9000-${String(chance.below(1_000_000_000)).padStart(12, "0")}`;
    return { contract, payload: makeUp(contract, chance, { given: { [this.definition.key]: this.subjectId }, now: this.now, newId }) };
  }

  attempt(command: AnyCommand, attempt: number): Attempt {
    const chance = this.chance(`${command.name} ${attempt}`);
    if (chance.yes(0.25)) {
      const error = chance.yes(0.2) ? new Permanent("No, and never") : new Transient("Not now");
      return { does: "fails", failure: { ...failureReason(error), detail: "" }, afterwards: null };
    }
    const answer = this.madeUp(chance.pick([...command.replies.slice(0, 1), ...command.replies]), chance);
    return { does: isOfStepsAlone(this.definition, command) && chance.yes(0.1) ? "later" : "answers", answer };
  }
}

/** Only a step may be answered later. */
function isOfStepsAlone(definition: Definition, command: AnyCommand): boolean {
  const others = [...definition.nodes.values()].flatMap((node) =>
    node.kind === "step" ? [node.undo, node.remind] : node.kind === "wait" ? [node.remind, node.tell] : [],
  );
  return ![...others, definition.start?.undo, definition.tell].some((one) => one?.command.name === command.name);
}

/** Every third command has its effect outside the database. */
const isOutside = (name: string): boolean => name.length % 3 === 0;

/** What of a saga must be the same in both worlds. */
export type Likeness = Readonly<Record<string, unknown>>;

export interface Twin {
  say(message: EventMessage, messageId: string): Promise<string> | string;
  answer(index: number): Promise<string> | string;
  act(action: OperatorAction): Promise<string> | string;
  redrive(index: number): Promise<string> | string;
  /** The deadline or the reminder of the latest run passes now. */
  passTimer(timer: "deadlineAt" | "remindAt"): Promise<void> | void;
  /** Attempts that wait are due now. */
  skipWaits(): Promise<void> | void;
  /** A command that was sent arrives once more. */
  repeat(command: Sent): Promise<void> | void;
  likeness(): Promise<Likeness> | Likeness;
}

/** A command by its place, since ids differ between worlds. */
export interface Sent {
  readonly name: string;
  readonly payload: unknown;
  readonly attempt: number;
  readonly saga: number;
  readonly of: "run" | "undo" | "aside";
  readonly index: number;
}

// ---- the simulated world

export class SimulatedTwin implements Twin {
  readonly world: World;
  private readonly script: Script;
  private readonly commands: ReadonlyMap<string, AnyCommand>;
  /** Every command that was on a queue. */
  readonly delivered: Envelope[] = [];

  constructor(saga: AnySaga, script: Script, now: Date) {
    this.script = script;
    this.commands = commandsOf(saga.definition);
    this.world = new World(
      {
        saga,
        isOutside,
        functionOf: () => undefined,
        random: () => 0.5,
        fired: () => undefined,
        decided: (before, input, decision) => checkDecision(saga.definition, before, input, decision),
      },
      now,
    );
  }

  say(message: EventMessage, messageId: string): string {
    return this.settle(this.world.publish(message, messageId).fate);
  }

  answer(index: number): string {
    const answer = this.world.state.answers[index];
    if (answer === undefined) return "nothing";
    this.world.change({ answers: this.world.state.answers.toSpliced(index, 1) });
    return this.settle(this.world.reply(answer).fate);
  }

  act(action: OperatorAction): string {
    return this.settle(this.world.operate(this.world.saga?.id ?? "", action, "it had to be") ?? "done");
  }

  redrive(index: number): string {
    const letter = this.letters[index];
    return this.settle(letter === undefined ? "nothing" : (this.world.redrive(letter) ?? "done"));
  }

  passTimer(timer: "deadlineAt" | "remindAt"): void {
    const { saga } = this.world;
    if (saga === undefined || saga[timer] === null) return;
    this.world.change({ sagas: new Map(this.world.state.sagas).set(saga.id, { ...saga, [timer]: this.world.now }) });
    this.settle("");
  }

  skipWaits(): void {
    const { outbox, now } = this.world.state;
    this.world.change({ outbox: outbox.map((row) => (Number.isFinite(row.deliverAt) ? { ...row, deliverAt: now } : row)) });
    this.settle("");
  }

  repeat(sent: Sent): void {
    const found = this.delivered.find((one) => JSON.stringify(this.place(one)) === JSON.stringify(sent));
    if (found === undefined) return;
    this.world.relay({ envelope: { ...found, id: this.world.newId() }, deliverAt: this.world.state.now });
    this.settle("");
  }

  get letters(): Letter[] {
    return this.world.state.letters.filter(({ status }) => status === "OPEN");
  }

  place({ name, payload, correlationId, replyTo }: Envelope): Sent | null {
    const saga = this.world.sagas.findIndex(({ id }) => id === correlationId);
    const place = placeOf(this.world.sagas[saga], replyTo?.runId ?? "");
    return place === null ? null : { name, payload, attempt: replyTo?.attempt ?? 1, saga, ...place };
  }

  /** Everybody does what there is to do, until there is nothing. */
  private settle<T>(result: T): T {
    const { world } = this;
    const attempt = (command: Envelope): Attempt => this.script.attempt(this.commands.get(command.name) as AnyCommand, command.replyTo?.attempt ?? 1);
    for (let isMore = true; isMore;) {
      const [row] = world.dueRows;
      const [job] = world.readyJobs;
      const [hand] = world.state.hands;
      const due = world.sagas.find((saga) => world.isDue(saga));
      if (row !== undefined) world.relay(row);
      else if (hand !== undefined) {
        if (hand.result === undefined) world.performInHand(hand, attempt(hand.job.envelope));
        else world.settle(hand, attempt, 9);
      } else if (job !== undefined) {
        this.delivered.push(job.envelope);
        if (world.isOutside(job)) world.lease(job);
        else if (
          world.consume([job], attempt, 9) === "rolled back" &&
          job.verdict === null &&
          world.state.jobs.find(({ id }) => id === job.id)?.verdict === null
        )
          // What followed it failed, and is judged by itself.
          world.consume([job], attempt, 0);
      } else if (world.deliverableMail) world.deliverMail();
      else if (due === undefined) isMore = false;
      else world.sweepTimer(due);
    }
    return result;
  }

  likeness(): Likeness {
    const { state, sagas } = this.world;
    return {
      sagas: sagas.map(describeSaga),
      history: sagas.map(({ id }) => (state.history.get(id) ?? []).map(describeRow).toSorted()),
      letters: state.letters.map(({ queue, message, status }) => `${queue} ${message} ${status}`).toSorted(),
      outbox: state.outbox
        .map(({ envelope, deliverAt }) => `${envelope.name} ${envelope.replyTo?.attempt} ${Number.isFinite(deliverAt) ? "waits" : "held"}`)
        .toSorted(),
      mail: state.mail.map(({ mail }) => mail.name).toSorted(),
    };
  }
}

// ---- PostgreSQL

export class RealWorld {
  readonly engine: TestEngine;
  readonly scripts = new Map<string, Script>();

  static async create(sagas: readonly AnySaga[]): Promise<RealWorld> {
    const world: { it?: RealWorld } = {};
    const participants = sagas.flatMap(({ definition }) =>
      [...commandsOf(definition).values()].map((command) => participantOf(command, definition.key, (subjectId) => world.it?.scripts.get(subjectId) as Script)),
    );
    const engine = await createTestEngine({ sagas, participants });
    await engine.start();
    return (world.it = new RealWorld(engine));
  }

  private constructor(engine: TestEngine) {
    this.engine = engine;
  }

  /** Nothing is due any more. */
  async settle(): Promise<void> {
    this.engine.hints.send("outbox", []);
    this.engine.hints.send("queue", []);
    await waitFor(
      async () => {
        const [row] = await this.engine.sql<{ busy: boolean }>(
          `select exists (select from outbox where deliver_at <= clock_timestamp())
               or exists (select from pgboss.job where state < 'completed')
               or exists (select from saga where (deadline_at <= clock_timestamp() or remind_at <= clock_timestamp()) and paused_at is null
                            and status in ('RUNNING', 'RETRYING', 'WAITING'))
               or exists (select from saga_mail m join saga s on s.type = m.type and s.subject_id = m.subject_id) as busy`,
        );
        return row !== undefined && !row.busy;
      },
      { timeoutMs: 20_000, describe: () => this.engine.sql("select name, data, state from pgboss.job where state < 'completed' limit 5") },
    );
  }
}

function participantOf(command: AnyCommand, key: string, scriptOf: (subjectId: string) => Script): AnyParticipant {
  // A run means one effect and one answer, however often its command comes.
  const given = new Map<string, EventMessage>();
  const carryOut = ({ payload, attempt, runId }: Delivery<unknown>): EventMessage | Later => {
    const tried = scriptOf(String((payload as Readonly<Record<string, unknown>>)[key])).attempt(command, attempt);
    if (tried.does === "fails") throw tried.failure.permanent ? new Permanent(tried.failure.message) : new Transient(tried.failure.message);
    if (tried.does === "its work") throw new Error("Nobody has given it a function");
    const answer = given.get(runId) ?? tried.answer;
    given.set(runId, answer);
    return tried.does === "later" ? later() : answer;
  };
  if (!isOutside(command.name)) return handleAll(command, async (_em, deliveries) => deliveries.map(carryOut));
  return leased(command, {
    loadAll: async (_em, deliveries) => deliveries,
    perform: async (_input, delivery) => carryOut(delivery),
    recordAll: async (_em, done) => done.map(({ output }) => output),
  });
}

export class RealTwin implements Twin {
  private readonly engine: TestEngine;
  private readonly saga: AnySaga;
  private readonly subjectId: string;
  private readonly simulated: SimulatedTwin;

  constructor(engine: TestEngine, saga: AnySaga, script: Script, simulated: SimulatedTwin) {
    this.engine = engine;
    this.saga = saga;
    this.subjectId = script.subjectId;
    this.simulated = simulated;
  }

  async say(message: EventMessage, messageId: string): Promise<string> {
    return (await this.engine.transaction((em) => publish(em, message, { messageId }))).fate;
  }

  /** Call it before the simulated twin gives the same answer. */
  async answer(index: number): Promise<string> {
    const answer = this.simulated.world.state.answers[index];
    if (answer === undefined) return "nothing";
    const real = await this.realIds();
    return (
      await this.engine.transaction((em) =>
        reply(em, real.get(answer.runId) ?? answer.runId, answer.message, { messageId: `${this.subjectId} ${answer.messageId}` }),
      )
    ).fate;
  }

  async act(action: OperatorAction): Promise<string> {
    const latest = (await this.sagas()).at(-1);
    if (latest === undefined) return "There is no such saga.";
    return this.engine.act(latest.id, action, { note: "it had to be" }).then(
      () => "done",
      (error: Error) => error.message,
    );
  }

  async redrive(index: number): Promise<string> {
    const letter = this.simulated.letters[index];
    if (letter === undefined) return "nothing";
    const real = await this.realIds();
    const [found] = await this.engine.sql<{ id: string }>(
      `select d.id from dead_letter d left join saga s on s.id = d.saga_id where coalesce(s.subject_id, d.subject_id) = $1 and d.status = 'OPEN' and d.message = $2
         and d.run_id is not distinct from $3 order by d.failed_at, d.id limit 1`,
      [this.subjectId, letter.message, letter.runId === null ? null : (real.get(letter.runId) ?? letter.runId)],
    );
    const call = { filter: { ids: [found?.id ?? ""] }, limit: 1, actorId: OPERATOR_ID, note: null, resolutionId: this.subjectId, dryRun: false };
    const { refused, redriven } = await this.engine.transaction((em) => this.engine.operations.redrive(em, call));
    return refused[0]?.reason ?? (redriven.length === 1 ? "done" : "nothing");
  }

  async passTimer(timer: "deadlineAt" | "remindAt"): Promise<void> {
    const column = timer === "deadlineAt" ? "deadline_at" : "remind_at";
    await this.engine.sql(
      `update saga set ${column} = clock_timestamp() where ${column} is not null and id = (select id from saga where subject_id = $1 order by run_number desc limit 1)`,
      [this.subjectId],
    );
  }

  async skipWaits(): Promise<void> {
    await this.engine.sql(
      "update outbox set deliver_at = clock_timestamp() where deliver_at < 'infinity' and correlation_id in (select id from saga where subject_id = $1)",
      [this.subjectId],
    );
  }

  async repeat(sent: Sent): Promise<void> {
    const saga = (await this.sagas())[sent.saga];
    const runId = idAt(saga, sent);
    if (saga === undefined || runId === undefined) return;
    let payload = JSON.stringify(sent.payload);
    for (const [simulated, real] of await this.realIds()) payload = payload.replaceAll(simulated, real);
    await this.engine.transaction((em) =>
      query(
        em,
        `insert into outbox (id, queue, name, payload, correlation_id, run_id, attempt, deliver_at)
         select gen_random_uuid(), q, $2, $3::jsonb, $4, $5, $6, clock_timestamp() from unnest(array[$1::text]) as q`,
        [queueOf(sent.name), sent.name, payload, saga.id, runId, sent.attempt],
      ),
    );
  }

  /** By the ids of the simulated twin. */
  private async realIds(): Promise<ReadonlyMap<string, string>> {
    const real = await this.sagas();
    const ids = new Map<string, string>();
    for (const [number, saga] of this.simulated.world.sagas.entries()) {
      const twin = real[number];
      if (twin === undefined) continue;
      ids.set(saga.id, twin.id);
      for (const [index, run] of saga.runs.entries()) {
        ids.set(run.id, twin.runs[index]?.id ?? "");
        if (run.undo?.runId != null) ids.set(run.undo.runId, twin.runs[index]?.undo?.runId ?? "");
      }
      for (const [index, aside] of saga.asides.entries()) if (aside.kind !== "redrive") ids.set(aside.id, twin.asides[index]?.id ?? "");
    }
    return ids;
  }

  private async sagas(): Promise<Instance[]> {
    const rows = await this.engine.sql<SagaRow & Record<string, unknown>>(
      `select ${SAGA_COLUMNS} from saga where subject_id = $1 and type = $2 order by run_number`,
      [this.subjectId, this.saga.name],
    );
    return rows.map((row) => instanceOf(this.engine.registry, row));
  }

  async likeness(): Promise<Likeness> {
    const { engine, subjectId } = this;
    const sagas = await this.sagas();
    const rows = await engine.sql<Record<string, unknown>>(
      `select e.saga_id, e.kind, e.message, e.fate, e.from_state as "fromState", e.to_state as "toState", e.status, e.summary, e.attempt, e.reason_code as "reasonCode"
       from saga_event e join saga s on s.id = e.saga_id where s.subject_id = $1 order by s.run_number, e.sequence`,
      [subjectId],
    );
    const letters = await engine.sql<Record<string, string>>(
      "select d.queue, d.message, d.status from dead_letter d left join saga s on s.id = d.saga_id where coalesce(s.subject_id, d.subject_id) = $1",
      [subjectId],
    );
    const outbox = await engine.sql<Record<string, string>>(
      "select name, attempt, case when deliver_at = 'infinity' then 'held' else 'waits' end as how from outbox where correlation_id in (select id from saga where subject_id = $1)",
      [subjectId],
    );
    const mail = await engine.sql<{ name: string }>("select name from saga_mail where subject_id = $1", [subjectId]);
    return {
      sagas: sagas.map(describeSaga),
      history: sagas.map(({ id }) =>
        rows
          .filter((row) => row["saga_id"] === id)
          .map((row) => describeRow(row as never))
          .toSorted(),
      ),
      letters: letters.map(({ queue, message, status }) => `${queue} ${message} ${status}`).toSorted(),
      outbox: outbox.map(({ name, attempt, how }) => `${name} ${attempt} ${how}`).toSorted(),
      mail: mail.map(({ name }) => name).toSorted(),
    };
  }
}

function placeOf(saga: Instance | undefined, runId: string): Pick<Sent, "of" | "index"> | null {
  const run = saga?.runs.findIndex(({ id }) => id === runId) ?? -1;
  if (run >= 0) return { of: "run", index: run };
  const undo = saga?.runs.findIndex((one) => one.undo?.runId === runId) ?? -1;
  if (undo >= 0) return { of: "undo", index: undo };
  const aside = saga?.asides.findIndex(({ id }) => id === runId) ?? -1;
  return aside >= 0 ? { of: "aside", index: aside } : null;
}

function idAt(saga: Instance | undefined, { of, index }: Sent): string | undefined {
  if (of === "aside") return saga?.asides[index]?.id;
  return of === "run" ? saga?.runs[index]?.id : (saga?.runs[index]?.undo?.runId ?? undefined);
}

function describeSaga(saga: Instance): Likeness {
  const { state, status, sequence, runNumber, attempt, maxAttempts, data, reason, reasonCode, reasonMessage } = saga;
  return {
    is: [state, status, sequence, runNumber, attempt, maxAttempts, data, reason, reasonCode, reasonMessage],
    set: (["deadlineAt", "remindAt", "nextAttemptAt", "pausedAt", "settledAt", "reasonAt", "finishedAt"] as const).filter((field) => saga[field] !== null),
    runs: saga.runs.map(({ state: of, status: how, attempts, later: isLater, viaLoop, answer, undo }) => [
      of,
      how,
      attempts,
      isLater,
      viaLoop,
      answer,
      undo && { ...undo, runId: undo.runId !== null },
    ]),
    asides: saga.asides.map(({ kind, state: of, status: how, attempts, later: isLater }) => `${kind} ${of} ${how} ${attempts} ${isLater}`).toSorted(),
    parked: saga.parked.map(({ name, payload }) => [name, payload]),
    heard: saga.heard.map(({ fate }) => fate),
  };
}

interface Row {
  readonly kind: string;
  readonly message: string | null;
  readonly fate: string | null;
  readonly fromState: string;
  readonly toState: string;
  readonly status: string;
  readonly summary: string;
  readonly attempt: number | null;
  readonly reasonCode: string | null;
}

/** Two commands that are due at once come in either order; where the saga stood meanwhile matters for neither if one of them is beside its path. */
function describeRow({ kind, message, fate, fromState, toState, status, summary, attempt, reasonCode }: Row): string {
  const text = summary.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "…");
  const isBeside = kind === "MESSAGE_IGNORED" || kind === "NOTICE" || summary.includes("beside the main path");
  return [kind, message, fate, ...(isBeside ? [] : [fromState, toState, status, reasonCode]), attempt, text].join(" | ");
}
