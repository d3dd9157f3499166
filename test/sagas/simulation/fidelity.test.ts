import type { AnyEvent, EventMessage } from "../../../src/outbox/index.ts";
import type { AnySaga, OperatorAction } from "../../../src/sagas/engine/index.ts";
import { eventsOf } from "../../../src/sagas/engine/simulation/simulation.ts";
import { samples } from "./samples.ts";
import { RealTwin, RealWorld, Script, SimulatedTwin, unhurried, type Twin } from "./twins.ts";

// What the simulator finds is worth as much as its store is like PostgreSQL: the same scenarios, in both, come to the same.

const SCENARIOS = 105;
const ROUNDS = 12;
// Not here: groups, whose steps may end in any order, and sub-sagas, which no script plays. test/sagas/semantics has both on a database.
const isPlain = ({ definition }: AnySaga): boolean =>
  [...definition.nodes.values()].every((node) => node.kind !== "group" && (node.kind !== "step" || node.begins === null));
const sagas = samples.filter(isPlain).map(unhurried);
const now = new Date();

interface Scenario {
  readonly title: string;
  readonly script: Script;
  readonly simulated: SimulatedTwin;
  readonly real: RealTwin;
  readonly said: { readonly message: EventMessage; readonly messageId: string }[];
  readonly moves: string[];
}

type Deed = { readonly how: string; readonly by: (twin: Twin) => unknown };

let world: RealWorld;
beforeAll(async () => {
  world = await RealWorld.create(sagas);
});
afterAll(() => world?.engine.dispose());

function scenario(number: number): Scenario {
  const saga = sagas[number % sagas.length] ?? unhurried(samples[0] as never);
  const script = new Script(number, saga, now);
  world.scripts.set(script.subjectId, script);
  const simulated = new SimulatedTwin(saga, script, now);
  return { title: `${saga.name}, scenario ${number}`, script, simulated, real: new RealTwin(world.engine, saga, script, simulated), said: [], moves: [] };
}

/** What is done in a round, drawn from the scenario and from where it has got to. */
function draw({ script, simulated, said }: Scenario): Deed {
  const chance = script.chance("move");
  const { definition, saga } = simulated.world;
  const say = (contract: AnyEvent): Deed => {
    const message = script.madeUp(contract, chance);
    const messageId = `00000000-0000-4000-a000-${script.subjectId.slice(-6)}${String(script.round).padStart(6, "0")}`;
    said.push({ message, messageId });
    return { how: `${contract.name} is said`, by: (twin) => twin.say(message, messageId) };
  };
  const start = definition.start?.event as AnyEvent;
  if (script.round === 0 && chance.yes(0.8)) return say(start);
  if (script.round === 2 && saga === undefined) return say(start);
  const again = said[chance.below(Math.max(1, said.length))];
  const delivered = simulated.delivered[chance.below(Math.max(1, simulated.delivered.length))];
  const place = delivered === undefined ? null : simulated.place(delivered);
  const action = anyAction(script, simulated);
  const deeds: (Deed | null)[] = [
    say(chance.pick(eventsOf(definition))),
    say(chance.pick(eventsOf(definition))),
    again === undefined ? null : { how: `${again.message.contract.name} is said again`, by: (twin) => twin.say(again.message, again.messageId) },
    ...Array.from({ length: 4 }, (): Deed => ({ how: "attempts that wait are due", by: (twin) => twin.skipWaits() })),
    { how: "the deadline passes", by: (twin) => twin.passTimer("deadlineAt") },
    { how: "the time to remind has come", by: (twin) => twin.passTimer("remindAt") },
    simulated.world.state.answers.length === 0 ? null : { how: "an answer comes from outside", by: (twin) => twin.answer(0) },
    { how: `an operator: ${action.kind}`, by: (twin) => twin.act(action) },
    { how: `an operator: ${action.kind}`, by: (twin) => twin.act(action) },
    simulated.letters.length === 0 ? null : { how: "a dead letter is redriven", by: (twin) => twin.redrive(0) },
    place === null ? null : { how: `${place.name} arrives once more`, by: (twin) => twin.repeat(place) },
    place === null ? null : { how: `${place.name} arrives once more`, by: (twin) => twin.repeat(place) },
  ];
  return chance.pick(deeds.filter((deed) => deed !== null));
}

function anyAction(script: Script, { world: { saga, definition } }: SimulatedTwin): OperatorAction {
  const chance = script.chance("action");
  const node = definition.nodes.get(saga?.state ?? "");
  const events = node?.kind === "step" ? node.command.replies : node?.kind === "wait" ? node.events : [];
  const event = events.length === 0 ? null : chance.pick(events);
  const payload = event === null ? null : (event.schema.encode(script.madeUp(event, chance).payload) as Readonly<Record<string, unknown>>);
  const timer = chance.pick(["DEADLINE", "REMINDER", "NEXT_ATTEMPT"] as const);
  const to = new Date(now.getTime() + chance.pick([-1, 1, 30]) * 86_400_000);
  return chance.pick<OperatorAction>([
    { kind: "retry" },
    { kind: "retry" },
    { kind: "complete", reply: event?.name ?? null, payload },
    { kind: "skip" },
    { kind: "cancel" },
    { kind: "pause" },
    { kind: "resume" },
    { kind: "move-timer", timer, to },
    { kind: "fire-timer", timer },
  ]);
}

const statuses = ["CANCELLED", "COMPENSATING", "COMPLETED", "FAILED", "RETRYING", "STUCK", "WAITING"];
const withoutInstants = (result: unknown): unknown => (typeof result === "string" ? result.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "…") : result);
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test(`${SCENARIOS} scenarios come to the same in the simulated world and on PostgreSQL, after every one of ${ROUNDS} moves`, async () => {
  const scenarios = Array.from({ length: SCENARIOS }, (_, index) => scenario(index + 1));
  const met = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const results: [Scenario, unknown, unknown][] = [];
    for (const one of scenarios) {
      one.script.round = round;
      const deed = draw(one);
      one.moves.push(deed.how);
      // The real one first: it looks up what it is about where the simulated one has it.
      const real = await deed.by(one.real);
      results.push([one, real, await deed.by(one.simulated)]);
    }
    await world.settle();
    for (const [{ title, moves, real, simulated }, realResult, simulatedResult] of results) {
      const likeness = simulated.likeness();
      expect({ title, moves, result: withoutInstants(realResult), ...(asJson(await real.likeness()) as object) }).toEqual({
        title,
        moves,
        result: withoutInstants(simulatedResult),
        ...(asJson(likeness) as object),
      });
      for (const saga of simulated.world.sagas) {
        met.add(saga.status);
        for (const { fate } of saga.heard) met.add(fate);
      }
    }
  }
  expect([...met]).toEqual(expect.arrayContaining([...statuses, "already-undoing", "applied", "refused", "started", "superseded", "unused"]));
}, 120_000);
