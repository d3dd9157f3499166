import { rowsOfPast, SagaUnderTest, type AnySaga, type PastRows, type SagaRegistry } from "../sagas/engine/index.ts";
import type { EventMessage } from "../outbox/index.ts";
import type { Chance } from "./chance.ts";
import { idOf } from "./derive.ts";

/** A saga that is lived in memory: what happened, and when. */
export class Life {
  readonly saga: SagaUnderTest;
  readonly #registry: SagaRegistry;
  readonly #chance: Chance;

  constructor(registry: SagaRegistry, saga: AnySaga, start: EventMessage, at: Date, chance: Chance) {
    this.#registry = registry;
    this.#chance = chance;
    this.saga = new SagaUnderTest(saga, start.contract, start.payload, () => chance.number(), chance.id(at), {
      now: at,
      newId: () => chance.id(this.#now(at)),
      operatorId: idOf("operator", 1),
    });
  }

  /** Some time passes. */
  after(ms: number): this {
    this.saga.at(new Date(this.saga.now.getTime() + ms));
    return this;
  }

  until(instant: Date): this {
    this.saga.at(instant);
    return this;
  }

  /** The newest command is answered, shortly after. */
  answer({ contract, payload }: EventMessage): this {
    this.after(20 + this.#chance.below(400)).saga.answered(contract, payload);
    return this;
  }

  happen({ contract, payload }: EventMessage): this {
    this.saga.happened(contract, payload);
    return this;
  }

  /** What is being undone is answered until nothing is left; so is what is told at the end. */
  settle(answerTo: (command: string) => EventMessage): this {
    while (this.saga.instance.status === "COMPENSATING") this.answer(answerTo(this.saga.newest().command.name));
    this.settleAsides(answerTo);
    return this;
  }

  settleAsides(answerTo: (command: string) => EventMessage): this {
    for (const { id, status } of this.saga.instance.asides) {
      const command = this.saga.sent.findLast(({ runId }) => runId === id);
      if (status !== "active" || command === undefined) continue;
      const { contract, payload } = answerTo(command.command.name);
      this.after(300).saga.answered(contract, payload, command);
    }
    return this;
  }

  rows(): PastRows {
    return rowsOfPast(this.#registry, this.saga, () => this.#chance.id(this.saga.now));
  }

  #now(at: Date): Date {
    // Ids are asked for while the saga is being made.
    return (this.saga as SagaUnderTest | undefined)?.now ?? at;
  }
}
