import { fail, finish, next, park } from "../../../src/sagas/engine/index.ts";
import { member, node, plainStep, repair, together, type Blueprint } from "./repair.ts";

// Edits of what runs at a time, each between two definitions of the repair. They are proven in groups.test.ts.

export interface GroupEdit {
  readonly what: string;
  readonly class: "pin" | "map";
  readonly before: Blueprint;
  readonly now: Blueprint;
  /** How sagas get from the one to the other. */
  readonly states?: Readonly<Record<string, string>>;
}

/** The repair that mends and bills at a time. */
export const grouped = (edit: (blueprint: Blueprint) => void = () => undefined): Blueprint => {
  const blueprint = repair();
  together(blueprint, "Working", "Mending", "Billing");
  edit(blueprint);
  return blueprint;
};

const steps = (blueprint: Blueprint): Blueprint["nodes"] => node(blueprint, "Working")["steps"] as Blueprint["nodes"];

export const groupEdits: readonly GroupEdit[] = [
  {
    what: "what follows several steps at a time",
    class: "pin",
    before: grouped(),
    now: grouped((b) => void (node(b, "Working")["then"] = { byData: "speed", cases: { slow: next, fast: finish("Fetched") } })),
  },
  {
    what: "what follows when several steps are out of time",
    class: "pin",
    before: grouped(),
    now: grouped((b) => void (node(b, "Working")["timeout"] = ["1d", fail("Slow")])),
  },
  { what: "steps at a time change places", class: "pin", before: grouped(), now: grouped((b) => void (node(b, "Working")["steps"] = steps(b).toReversed())) },
  {
    what: "several steps at a time get another",
    class: "map",
    before: grouped(),
    now: grouped((b) => void steps(b).push(["Washing", member(plainStep(b, "Wash"))])),
    states: { Working: "stay" },
  },
  {
    what: "several steps at a time lose one",
    class: "map",
    before: grouped((b) => void steps(b).push(["Washing", member(plainStep(b, "Wash"))])),
    now: grouped(),
    states: { Working: "stay" },
  },
  {
    what: "several steps at a time are renamed",
    class: "map",
    before: grouped(),
    now: grouped((b) => void (b.nodes = b.nodes.map(([state, part]) => [state === "Working" ? "Serving" : state, part]))),
    states: { Working: "Serving" },
  },
  { what: "two steps run at a time", class: "map", before: repair(), now: grouped(), states: { Mending: "stay", Billing: "stay" } },
  { what: "two steps run one after the other", class: "map", before: grouped(), now: repair(), states: { Working: "stay" } },
  {
    what: "a wait becomes several steps at a time",
    class: "map",
    before: repair(),
    now: ((b: Blueprint) => {
      b.nodes[2] = [
        "Bringing",
        {
          steps: [
            ["Collecting", member(plainStep(b, "Collect"))],
            ["Washing", member(plainStep(b, "Wash"))],
          ],
          timeout: ["1d", park],
        },
      ];
      return b;
    })(repair()),
    states: { Bringing: "Mending" },
  },
];
