import { compareRelease, type SagaMigration } from "../../../src/sagas/engine/index.ts";
import { editsBetween } from "../../../src/sagas/engine/diff.ts";
import { storedShape } from "../../../src/sagas/engine/shape.ts";
import { groupEdits, type GroupEdit } from "./group-edits.ts";
import { Release, SagaOnPaper } from "./paper.ts";
import { build } from "./repair.ts";

// Edits of what runs at a time, and sagas that were under way in it when they came.

/** Sagas of a release everywhere on their way to the end, as many as there are stops. */
const fleet = (release: Release): [string, SagaOnPaper][] => {
  const made: [string, SagaOnPaper][] = [];
  for (let stops = 0; made.length === stops; stops += 1) {
    const saga = new SagaOnPaper(release);
    for (let one = 0; one < stops; one += 1) saga.stepOn(release);
    const { state, finishedAt, runs } = saga.instance(release);
    if (finishedAt === null) made.push([`${state} ${runs.filter(({ status }) => status === "done").length}`, saga]);
  }
  return made;
};

const before = (edit: GroupEdit) => build({ ...edit.before, version: 1 });
const now = (edit: GroupEdit) => build({ ...edit.now, version: 2 });
const migrationOf = ({ states = {} }: GroupEdit): SagaMigration => ({ name: "Repair", fromVersion: 1, toVersion: 2, states, data: (data) => data });

describe.each(groupEdits.map((edit) => [edit.what, edit] as const))("%s", (_what, edit) => {
  const old = new Release([before(edit)]);
  const both = new Release([before(edit), now(edit)], [migrationOf(edit)]);

  test("is of its class", () => {
    const edits = editsBetween(storedShape(before(edit).definition).shape, storedShape(now(edit).definition).shape);
    expect(edits.map((one) => one.class).toSorted()[0]).toBe(edit.class);
  });

  test("sagas that are pinned do what they would have done", () => {
    const alone = fleet(old).map(([, saga]) => saga.carriedOn(old).done);
    expect(fleet(old).map(([, saga]) => saga.carriedOn(both).done)).toEqual(alone);
    expect(alone.length).toBeGreaterThan(4);
  });

  test("sagas that can be moved end on the newer version, or are undone by whoever did it, and the others by what they are told stay", () => {
    const moved: string[] = [];
    for (const isCancelled of [false, true])
      for (const [position, saga] of fleet(old)) {
        const why = saga.migrated(both, migrationOf(edit));
        if (why === null) moved.push(position);
        else expect(why).toMatch(/finish on v1|Try again when it has moved on/);
        if (isCancelled) saga.happened(both, "RepairCancelledEvent");
        const { status, version } = saga.carriedOn(both).instance(both);
        expect([position, { status, version }]).toEqual([position, { status: isCancelled ? "CANCELLED" : "COMPLETED", version: why === null ? 2 : 1 }]);
        expect([position, saga.leftUndone(both)]).toEqual([position, []]);
        if (isCancelled) expect([...saga.standing.values()].filter((count) => count > 0)).toEqual([]);
      }
    expect(moved.length).toBeGreaterThan(2);
    if (edit.class === "pin") expect(moved).toEqual(expect.arrayContaining(["Working 2", "Working 3"]));
  });
});

test("a release is told by state which sagas a migration cannot move at once, and which it leaves", () => {
  const edit = groupEdits.find(({ what }) => what === "two steps run at a time") as GroupEdit;
  const { registry } = new Release([before(edit), now(edit)], [{ ...migrationOf(edit), states: { Mending: "stay", Billing: "Fetching" } }]);
  const { shape } = storedShape(before(edit).definition);
  const live = ["Reserving", "Bringing", "Mending", "Billing"].map((state) => ({ name: "Repair", version: 1, state, codeHash: null, count: 1 }));
  const [diff] = compareRelease(registry, { stored: [{ name: "Repair", version: 1, shape }], live, undoing: [], begun: [], workers: [] });
  expect(diff?.findings.find(({ place }) => place === "migration of v1")?.what).toBe(
    "to v2 is declared; sagas in Billing move when they have moved on; sagas in Mending stay",
  );
});
