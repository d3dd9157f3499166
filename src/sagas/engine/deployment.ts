import type { EntityManager } from "@mikro-orm/postgresql";
import { listWorkers, query, type WorkerView } from "../../outbox/index.ts";
import type { Definition } from "./compiled.ts";
import { editsBetween, type Edit, type EditClass } from "./diff.ts";
import { prospectOf, type SagaMigration } from "./migration.ts";
import type { SagaRegistry } from "./registry.ts";
import { storedShape, type DefinitionShape } from "./shape.ts";
import { MADE_BY, type StoredDefinition } from "./store.ts";
import { findUnknown, shapesOf, subSagaNodesOf } from "./sub-saga.ts";

/** Sagas of one version that have not ended and stand in one state, by the code that moved them last. */
interface LiveCount {
  readonly name: string;
  readonly version: number;
  readonly state: string;
  readonly codeHash: string | null;
  readonly count: number;
}

/** What a release is deployed onto. */
export interface Present {
  readonly stored: readonly Pick<StoredDefinition, "name" | "version" | "shape">[];
  readonly live: readonly LiveCount[];
  /**
   * Sagas of which this version may have to undo what it did: those that have been moved from it and have not ended, and those that have ended
   * on it, or were moved from it before, while a saga that began them has not.
   */
  readonly undoing: readonly { readonly name: string; readonly version: number; readonly count: number }[];
  /** Sub-sagas that have not ended, by their version and that of the saga that waits for them. */
  readonly begun: readonly { readonly name: string; readonly version: number; readonly saga: string; readonly sagaVersion: number; readonly count: number }[];
  readonly workers: readonly Pick<WorkerView, "host" | "pid" | "loads">[];
}

/** One thing that a release changes about a saga. */
export interface Finding extends Edit {
  /** Versions between which the edit is; alike for one that was made under its old number. */
  readonly from: number;
  readonly to: number;
  /** Sagas that have not ended and that it concerns, in all and by state. */
  readonly touched: number;
  readonly states: Readonly<Record<string, number>>;
  readonly todo: string;
}

export interface SagaDiff {
  readonly saga: string;
  readonly versions: readonly { readonly version: number; readonly stored: boolean; readonly loaded: boolean; readonly live: number }[];
  readonly findings: readonly Finding[];
}

/** Reads what a release is compared with, by five statements that lock nothing. */
export async function readPresent(em: EntityManager): Promise<Present> {
  const stored = await query<Present["stored"][number]>(em, "select name, version, shape from saga_definition order by name, version");
  const live = await query<LiveCount>(
    em,
    `select type as name, definition_version as version, state, code_hash as "codeHash", count(*)::int as count
     from saga where finished_at is null group by 1, 2, 3, 4 order by 1, 2, 3`,
  );
  const undoing = await query<Present["undoing"][number]>(
    em,
    `with recursive undoable as (
       select id from saga where finished_at is null
       union all
       select begun.id from saga begun join undoable on begun.parent_id = undoable.id where begun.finished_at is not null
     )
     select type as name, needed.version, count(*)::int as count
     from undoable join saga using (id) cross join lateral (
       select definition_version as version where finished_at is not null
       union
       select made::int from jsonb_path_query(runs, ${MADE_BY}) as made
     ) needed group by 1, 2`,
  );
  const begun = await query<Present["begun"][number]>(
    em,
    `select by.type as name, by.definition_version as version, sub.type as saga, sub.definition_version as "sagaVersion", count(*)::int as count
     from saga sub join saga by on by.id = sub.parent_id where sub.finished_at is null and by.finished_at is null group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
  );
  return { stored, live, undoing, begun, workers: await listWorkers(em) };
}

/** What deploying these definitions would mean, saga by saga. */
export function compareRelease(registry: SagaRegistry, present: Present): SagaDiff[] {
  const names = new Set([...registry.types(), ...present.stored.map(({ name }) => name), ...present.live.map(({ name }) => name)]);
  return [...names].map((name) => new Comparison(name, registry, present).diff());
}

export const isDeployable = (diffs: readonly SagaDiff[]): boolean => diffs.every(({ findings }) => findings.every((finding) => finding.class !== "forbidden"));

class Comparison {
  private readonly name: string;
  private readonly present: Present;
  private readonly registry: SagaRegistry;
  private readonly loaded: ReadonlyMap<number, Definition>;
  private readonly stored: ReadonlyMap<number, DefinitionShape>;
  private readonly migrations: readonly SagaMigration[];

  constructor(name: string, registry: SagaRegistry, present: Present) {
    this.name = name;
    this.present = present;
    this.registry = registry;
    this.loaded = new Map(registry.definitions.filter((one) => one.name === name).map((one) => [one.version, one]));
    this.stored = new Map(present.stored.filter((one) => one.name === name).map(({ version, shape }) => [version, shape]));
    this.migrations = registry.listMigrations().filter((one) => one.name === name);
  }

  diff(): SagaDiff {
    const { stored, loaded } = this;
    const withLive = this.present.live.filter(({ name }) => name === this.name).map(({ version }) => version);
    const numbers = [...new Set([...stored.keys(), ...loaded.keys(), ...withLive])].toSorted((one, other) => one - other);
    return {
      saga: this.name,
      versions: numbers.map((version) => ({ version, stored: stored.has(version), loaded: loaded.has(version), live: this.live(version).touched })),
      findings: [
        ...numbers.flatMap((version) => this.editsOf(version, numbers)),
        ...numbers.flatMap((version) => this.fateOf(version)),
        ...numbers.flatMap((version) => this.endsUnknownTo(version)),
        ...this.migrations.flatMap((how) => this.mapped(how)),
      ],
    };
  }

  /** How a loaded version differs from itself as it is stored, or from the one before it. */
  private editsOf(version: number, numbers: readonly number[]): Finding[] {
    const definition = this.loaded.get(version);
    if (definition === undefined) return [];
    const { shape } = storedShape(definition);
    const itself = this.stored.get(version);
    if (itself !== undefined) {
      const edits = editsBetween(itself, shape).map((edit) => this.inPlace(edit, version));
      const changed = this.live(version, ({ codeHash }) => codeHash !== null && codeHash !== definition.codeHash);
      const what = "has changed in what its functions compute";
      const todo = "Nothing; the histories of the sagas under way will say so.";
      const code: Finding = { place: "code", what, class: "safe", from: version, to: version, ...changed, todo };
      return changed.touched === 0 ? edits : [...edits, code];
    }
    const before = numbers.findLast((one) => one < version);
    const base = before === undefined ? undefined : (this.stored.get(before) ?? this.shapeOf(before));
    if (before === undefined || base === undefined)
      return [{ place: `v${version}`, what: "is new here", class: "safe", from: version, to: version, touched: 0, states: {}, todo: "Nothing." }];
    const edits = editsBetween(base, shape).map((edit) => this.ofNewVersion(edit, before, version));
    if (edits.length > 0) return edits;
    return [{ place: `v${version}`, what: `is what v${before} was`, class: "safe", from: before, to: version, ...this.live(before), todo: "Nothing." }];
  }

  private shapeOf(version: number): DefinitionShape | undefined {
    const definition = this.loaded.get(version);
    return definition === undefined ? undefined : storedShape(definition).shape;
  }

  /** What was changed under its old number. */
  private inPlace(edit: Edit, version: number): Finding {
    const touches = { from: version, to: version, ...this.live(version) };
    if (edit.class === "safe") return { ...edit, ...touches, todo: "Nothing." };
    const todo =
      edit.class === "forbidden" ? remedyOf(edit) : `A process with it refuses to start: give the changed definition another version than v${version}.`;
    return { ...edit, class: "forbidden", ...touches, todo };
  }

  private ofNewVersion(edit: Edit, from: number, to: number): Finding {
    const touches = { from, to, ...this.live(from) };
    const isUnderWay = this.present.live.some(({ name }) => name === this.name);
    if (edit.class === "safe") return { ...edit, ...touches, todo: "Nothing; it needed no new version." };
    if (edit.class === "forbidden")
      return isUnderWay ? { ...edit, ...touches, todo: remedyOf(edit) } : { ...edit, class: "safe", ...touches, todo: "Nothing: no saga is under way." };
    if (touches.touched === 0) return { ...edit, ...touches, todo: `Nothing: no saga lives on v${from}.` };
    const keep = `Keep v${from} loaded until its sagas have ended`;
    if (edit.class === "pin") return { ...edit, ...touches, todo: `${keep}.` };
    const isDeclared = this.migrations.some((how) => how.fromVersion === from && how.toVersion === to);
    return { ...edit, ...touches, todo: `${keep}, or ${isDeclared ? "move them" : "declare a migration"}.` };
  }

  /** What becomes of the sagas of a version. */
  private fateOf(version: number): Finding[] {
    const { touched, states } = this.live(version);
    const undoing = this.present.undoing.find((one) => one.name === this.name && one.version === version)?.count ?? 0;
    const finding = (what: string, of: EditClass, todo: string, count = touched): Finding[] => [
      { place: `v${version}`, what, class: of, from: version, to: version, touched: count, states, todo },
    ];
    const newest = Math.max(...this.loaded.keys());
    if (!this.loaded.has(version)) {
      if (touched > 0) return finding("is not loaded, and sagas live on it", "forbidden", `Load v${version} too until they have ended, or move them first.`);
      if (undoing > 0) return finding("is not loaded, and may have to undo what it did", "forbidden", `Load v${version} too until ${ENDED}.`, undoing);
      const starters = this.present.workers.filter(({ loads }) => newestIn(loads, this.name) === version);
      const { host, pid } = starters[0] ?? { host: "", pid: 0 };
      if (starters.length > 0 && version < newest)
        return finding(
          `is not loaded, and ${host} ${pid} still starts sagas on it`,
          "forbidden",
          `Stop every process whose newest version is v${version} first.`,
        );
      return finding("is gone, and no saga lives on it", "safe", "Nothing.");
    }
    if (version === newest) return [];
    if (touched + undoing === 0) return finding("is loaded, and no saga lives on it", "safe", "Remove it from the list of sagas.");
    if (touched === 0) return finding("may have to undo what it did", "pin", `Keep v${version} loaded until ${ENDED}.`, undoing);
    return finding("is loaded beside a newer one, and its sagas finish on it", "pin", `Keep v${version} loaded until they have ended.`);
  }

  /** Ends of sub-sagas at which sagas of a version would stand: of the newest version, which they begin, and of those that they have begun. */
  private endsUnknownTo(version: number): Finding[] {
    const definition = this.loaded.get(version);
    const live = this.live(version);
    if (definition === undefined || live.touched === 0) return [];
    return subSagaNodesOf(definition).flatMap((node) => {
      const { saga } = node.begins;
      const waiting = this.present.begun.filter((one) => one.name === this.name && one.version === version && one.saga === saga);
      const begins = Math.max(...this.registry.definitions.flatMap((one) => (one.name === saga ? [one.version] : [])));
      return [...new Set([...waiting.map(({ sagaVersion }) => sagaVersion), begins])].flatMap((sagaVersion): Finding[] => {
        const of = this.endOf(saga, sagaVersion);
        const unknown = of === undefined ? { finals: [], data: false } : findUnknown(node, of);
        const problems = [
          ...(unknown.finals.length === 0 ? [] : [`may end as ${unknown.finals.join(", ")}, of which it does not say what that means`]),
          ...(unknown.data ? [`has data that it cannot read as ${shapesOf(node).data}`] : []),
        ];
        const touches = sagaVersion === begins ? live : { touched: waiting.find((one) => one.sagaVersion === sagaVersion)?.count ?? 0, states: {} };
        if (problems.length === 0) return [];
        const what = `begins ${saga}, whose v${sagaVersion} ${problems.join(" and ")}`;
        const todo = "A saga that meets it stands, and an operator says what it means. Where that is too many, move them to a version that knows it.";
        return [{ place: node.state, what, class: "map", from: version, to: version, ...touches, todo }];
      });
    });
  }

  private endOf(saga: string, version: number): Parameters<typeof findUnknown>[1] | undefined {
    const definition = this.registry.find(saga, version);
    const shape =
      definition === undefined ? this.present.stored.find((one) => one.name === saga && one.version === version)?.shape : storedShape(definition).shape;
    return shape === undefined ? undefined : { finals: Object.keys(shape["finals"] as object), data: String(shape["data"]) };
  }

  /** Which sagas a migration can move, by the states in which they are. */
  private mapped(how: SagaMigration): Finding[] {
    const { fromVersion: from, toVersion: to } = how;
    const [before, after] = [this.loaded.get(from), this.loaded.get(to)];
    const live = this.live(from);
    if (before === undefined || after === undefined || live.touched === 0) return [];
    const inStates = (prospect: ReturnType<typeof prospectOf>): string[] =>
      Object.keys(live.states).filter((state) => before.nodes.has(state) && prospectOf(how, before, after, state) === prospect);
    const told = [
      { states: inStates("moves later"), what: "move when they have moved on" },
      { states: inStates("stays"), what: "stay" },
    ].flatMap(({ states, what }) => (states.length === 0 ? [] : `; sagas in ${states.join(" or ")} ${what}`));
    const todo = `npm run ops -- migrate ${this.name} --from ${from} --to ${to} --note "…" --dry-run`;
    return [{ place: `migration of v${from}`, what: `to v${to} is declared${told.join("")}`, class: "map", from, to, ...live, todo }];
  }

  private live(version: number, is: (one: LiveCount) => boolean = () => true): Pick<Finding, "touched" | "states"> {
    const states: Record<string, number> = {};
    for (const one of this.present.live)
      if (one.name === this.name && one.version === version && is(one)) states[one.state] = (states[one.state] ?? 0) + one.count;
    return { touched: Object.values(states).reduce((sum, count) => sum + count, 0), states };
  }
}

/** When nothing is left that a version may have to undo. */
const ENDED = "they, and the sagas that began them, have ended";

const remedyOf = ({ place }: Edit): string =>
  place === "key" ? "Give the changed saga another name." : "Give the contract a new version: versioned(contract, upcaster).";

/** The newest version of a saga among what a process has loaded, each as `CourseEnrollment v1`. */
const newestIn = (loads: readonly string[], name: string): number =>
  Math.max(...loads.flatMap((one) => (one.startsWith(`${name} v`) ? [Number(one.slice(name.length + 2))] : [])));
