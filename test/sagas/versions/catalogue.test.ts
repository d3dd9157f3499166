import { readFileSync } from "node:fs";
import { compareRelease, isDeployable, SagaRegistry, type Finding, type Present, type SagaMigration } from "../../../src/sagas/engine/index.ts";
import { editsBetween, type EditClass } from "../../../src/sagas/engine/diff.ts";
import { findProblem, storedShape, type DefinitionShape } from "../../../src/sagas/engine/shape.ts";
import { forbiddenContracts, map, pin, safe, type CatalogueEdit } from "./catalogue.ts";
import { forbiddenReleases, nonsense } from "./releases.ts";
import { positions, Release, SagaOnPaper, standing } from "./paper.ts";
import { build, insert, plainStep, repair, type Part } from "./repair.ts";
import * as both from "./shop/both.ts";
import { withCatalogue } from "./table.ts";

// Every edit of the catalogue: what it is classed as, and sagas that were under way everywhere when it came.

const first = build(repair());
const old = new Release([first]);
const stored = JSON.parse(JSON.stringify(storedShape(first.definition).shape)) as DefinitionShape;

/** The repair with an edit, under its old number or a new one. */
function edited({ edit }: CatalogueEdit, version: 1 | 2) {
  const blueprint = repair();
  edit(blueprint);
  return build({ ...blueprint, version });
}

const classes: readonly EditClass[] = ["safe", "pin", "map", "forbidden"];
const worst = (edits: readonly { readonly class: EditClass }[]): EditClass =>
  edits.reduce<EditClass>((so, one) => (classes.indexOf(one.class) > classes.indexOf(so) ? one.class : so), "safe");

/** A saga in every position, one in each. */
const fleet = (release = old): [string, SagaOnPaper][] => [...positions].map(([position, at]) => [position, at(release)]);

/** What a database with the fleet in it says. */
function present(): Present {
  const live = fleet().flatMap(([, saga]) => {
    const { finishedAt, state, codeHash } = saga.instance(old);
    return finishedAt === null ? [{ name: "Repair", version: 1, state, codeHash, count: 1 }] : [];
  });
  return { stored: [{ name: "Repair", version: 1, shape: stored }], live, undoing: [], begun: [], workers: [] };
}

const findingsOf = (release: Release, now = present()): readonly Finding[] => compareRelease(release.registry, now)[0]?.findings ?? [];

/** Where a saga has come to: nothing of it is lost, and one that failed has left nothing behind. */
function ended(saga: SagaOnPaper, release: Release) {
  const { status, state, version, data } = saga.instance(release);
  expect(saga.leftUndone(release)).toEqual([]);
  // What may have happened is undone too, so there may be less than nothing.
  if (status === "CANCELLED") expect([...saga.standing.values()].filter((count) => count > 0)).toEqual([]);
  return { status, state, version, repairId: data["repairId"] };
}

const mending = (position: string): string => (position.includes("undo") ? "CANCELLED" : "COMPLETED");
const names = (edits: readonly CatalogueEdit[]): [string, CatalogueEdit][] => edits.map((edit) => [edit.what, edit]);

test("the catalogue has at least 40 edits, each once", () => {
  const all = [...safe, ...pin, ...map, ...forbiddenContracts, ...forbiddenReleases, ...nonsense].map(({ what }) => what);
  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBeGreaterThanOrEqual(40);
});

describe("safe", () => {
  test.each(safe.map((edit) => [edit.what, edit] as const))("%s", (_what, edit) => {
    const changed = edited(edit, 1);
    const release = new Release([changed]);
    expect(findProblem(stored, storedShape(changed.definition).shape)).toBeNull();
    expect(worst(findingsOf(release))).toBe("safe");
    for (const [position, saga] of fleet()) {
      saga.read(release);
      saga.carriedOn(release);
      expect([position, ended(saga, release)]).toMatchObject([position, { status: mending(position), version: 1 }]);
    }
    // While it is being deployed, processes of both releases work on the same sagas.
    if (edit.oneWay === true) return expect(() => fleet().forEach(([, saga]) => saga.carriedOn(release, old))).toThrow(TypeError);
    for (const [position, saga] of [...fleet(), ...fleet(release)]) {
      const fields = Object.keys(saga.instance(release).data);
      saga.carriedOn(release, old);
      expect(Object.keys(saga.instance(release).data)).toEqual(expect.arrayContaining(fields));
      expect([position, ended(saga, old)]).toMatchObject([position, { status: mending(position) }]);
    }
  });
});

describe("pin", () => {
  test.each(names(pin))("%s", (_what, edit) => {
    expect(findProblem(stored, storedShape(edited(edit, 1).definition).shape)).toMatch(/Give the changed definition the version 2\.$/);
    const release = new Release([first, edited(edit, 2)]);
    const findings = findingsOf(release);
    expect(worst(findings)).toBe("pin");
    expect(findings.find(({ place }) => place === "v1")).toMatchObject({ class: "pin", touched: 12, todo: "Keep v1 loaded until they have ended." });
    for (const [position, saga] of fleet()) {
      const alone = standing(position, old).carriedOn(old);
      saga.carriedOn(release);
      // As if nothing had been deployed.
      expect([position, saga.done, ended(saga, release)]).toEqual([position, alone.done, ended(alone, old)]);
    }
    const born = new SagaOnPaper(release);
    expect(ended(born.carriedOn(release), release)).toMatchObject({ status: "COMPLETED", version: 2 });
  });
});

describe("map", () => {
  test.each(map.map((edit) => [edit.what, edit] as const))("%s", (_what, edit) => {
    expect(findProblem(stored, storedShape(edited(edit, 1).definition).shape)).toMatch(/Give the changed definition the version 2\.$/);
    const { states = {}, data = (same: Part) => same } = edit;
    const how: SagaMigration = { name: "Repair", fromVersion: 1, toVersion: 2, states, data };
    const second = edited(edit, 2);
    const release = new Release([first, second], [how]);
    const findings = findingsOf(release);
    expect(worst(editsBetween(stored, storedShape(second.definition).shape))).toBe("map");
    expect(worst(findings)).toBe("map");
    expect(findings.find(({ place }) => place === "migration of v1")).toMatchObject({ class: "map", touched: 12 });

    const moved = new Map<string, string>();
    for (const [position, saga] of fleet()) {
      const { state } = saga.instance(release);
      const why = saga.migrated(release, how);
      if (why === null) moved.set(position, state);
      else
        expect(why).toMatch(
          /^It has ended already|^It is being undone|awaits an answer(?: that v2 would not understand|, which only a state of that name takes)|finish on v1/,
        );
      saga.carriedOn(release);
      expect([position, ended(saga, release)]).toMatchObject([position, { status: mending(position), version: why === null ? 2 : 1 }]);
    }
    expect(moved.size).toBeGreaterThan(2);
    for (const position of moved.keys()) {
      const saga = standing(position, old);
      saga.migrated(release, how);
      saga.happened(release, "RepairCancelledEvent").carriedOn(release);
      expect([position, ended(saga, release)]).toMatchObject([position, { status: "CANCELLED", version: 2 }]);
    }

    // It takes the mapping: without it some saga has no place, or has data that do not fit.
    const without = fleet().map(([, saga]) => {
      const { state } = saga.instance(release);
      const why = saga.migrated(release, { ...how, states: {}, data: (same: Part) => same });
      if (why?.includes("do not fit v2") === true) return "unfit";
      return why !== null && state in states ? "no place" : "";
    });
    expect(without).toContain(edit.data === undefined ? "no place" : "unfit");
  });
});

describe("forbidden", () => {
  test.each(names(forbiddenContracts))("%s", (_what, edit) => {
    const release = new Release([edited(edit, 1)]);
    expect(findProblem(stored, storedShape(edited(edit, 1).definition).shape)).toMatch(
      /(cannot be read out of the .* of messages under way|cannot read as its .*)\. .*give its contract a new version/,
    );
    for (const one of [release, new Release([first, edited(edit, 2)])]) expect(worst(findingsOf(one))).toBe("forbidden");
    // What was sent before cannot be read, or what is sent now cannot be by a process of the release before.
    expect(() => {
      for (const [, saga] of fleet()) saga.carriedOn(release);
      for (const [, saga] of fleet(release)) saga.read(old);
    }).toThrow(TypeError);
    for (const [position, saga] of fleet()) expect(ended(saga.carriedOn(old), old)).toMatchObject({ status: mending(position) });
  });

  test.each(forbiddenReleases.map((one) => [one.what, one] as const))("%s", (_what, { sagas, liveOn = first, undoing, isDrained, loads, finds }) => {
    const release = new SagaRegistry(sagas);
    const { version, codeHash } = liveOn.definition;
    const shapes = new Map([
      [1, stored],
      [version, storedShape(liveOn.definition).shape],
    ]);
    const diffs = compareRelease(release, {
      stored: [...shapes].map(([number, shape]) => ({ name: "Repair", version: number, shape })),
      live: isDrained === true ? [] : present().live.map((one) => ({ ...one, version, codeHash })),
      begun: [],
      undoing: undoing === true ? [{ name: "Repair", version: 1, count: 3 }] : [],
      workers: loads === undefined ? [] : [{ host: "here", pid: 1, loads }],
    });
    expect(isDeployable(diffs)).toBe(false);
    expect(
      diffs
        .flatMap(({ findings }) => findings)
        .filter((one) => one.class === "forbidden")
        .map(({ place, what }) => `${place} ${what}`),
    ).toContain(finds);
    // A process that has not loaded a version cannot touch its sagas, and one that has goes on.
    for (const [, saga] of fleet())
      if (release.find("Repair", 1) === undefined) expect(() => saga.instance({ registry: release } as Release)).toThrow(/Repair v1 is not loaded/);
  });

  test.each(nonsense.map((one) => [one.what, one] as const))("%s", (_what, { sagas, migrations, finds }) => {
    expect(() => new SagaRegistry(sagas, migrations)).toThrow(finds);
  });
});

test("what was forbidden while sagas lived on a version is safe once none does", () => {
  const drained: Present = { ...present(), live: [] };
  const inserted: CatalogueEdit = { what: "a step is inserted", edit: (b) => insert(b, "Bringing", "Washing", plainStep(b, "Wash")) };
  const both = findingsOf(new Release([first, edited(inserted, 2)]), drained);
  expect(both.map(({ place, what, todo }) => `${place} ${what}: ${todo}`)).toEqual([
    "Washing is new, after Bringing: Nothing: no saga lives on v1.",
    "v1 is loaded, and no saga lives on it: Remove it from the list of sagas.",
  ]);
  const alone = findingsOf(new Release([edited(inserted, 2)]), drained);
  expect(alone.map(({ place, what }) => `${place} ${what}`)).toEqual(["Washing is new, after Bringing", "v1 is gone, and no saga lives on it"]);
  expect(worst(alone)).toBe("pin");
});

test("an answer from outside to a step that only the older version has finds its saga", () => {
  const { registry } = new Release(both.sagas, both.migrations);
  expect(registry.answeredBy("BilledEvent").map(({ version }) => version)).toEqual([1]);
  expect(registry.answeredBy("MendedEvent").map(({ version }) => version)).toEqual([2]);
});

test("the table of the catalogue in the documentation is as it is now (npm run docs writes it)", () => {
  const page = readFileSync(new URL("../../../docs/versions.md", import.meta.url), "utf8");
  expect(page).toContain("| a step is inserted | pin |");
  expect(page).toBe(withCatalogue(page));
});
