import { Fragment, type CSSProperties } from "react";
import type { SagaPageQuery } from "../generated/graphql.ts";
import { between, duration, kindName, whole } from "../ui/format.ts";
import { looks, Name, type Tone, toneIcons } from "../ui/state.tsx";
import { useWidth } from "../ui/width.ts";

type Saga = NonNullable<SagaPageQuery["saga"]>;
export type Definition = NonNullable<Saga["definition"]>;
type State = Definition["states"][number];

interface Look {
  readonly tone: Tone;
  readonly fact: string;
  /** `declared`: there is no saga that could have. */
  readonly reached: "declared" | "no" | "done" | "now";
}

const geometry = { height: 72, rowGap: 56, columnGap: 28, narrowest: 98, widest: 156 };
/** How far a frame is from what it is around. */
const FRAME_PX = 7;
/** Where there is less room, the states are a list. */
const LIST_PX = 560;

/** The undos of a group run together, and have one place: from the first of their columns to the last. */
function undoPlace(states: readonly State[], { state, group, column }: State): { readonly of: string; readonly first: number; readonly last: number } {
  const columns = group === null ? [column] : states.filter((one) => one.group === group && one.compensation !== null).map((one) => one.column);
  return { of: group ?? state, first: Math.min(...columns), last: Math.max(...columns) };
}

const undone = (command: string): string => command.replace(/Command$/, "");

/** How a state looks for a saga; without one, as it is declared. */
function lookOf(state: State, saga: Saga | null): Look {
  const declared: Look = { tone: "queued", fact: state.kind === "FINAL" ? "end" : kindName(state), reached: "no" };
  if (saga === null) return { ...declared, reached: "declared" };
  if (saga.state === state.state) {
    const { tone, label } = looks[saga.status];
    const isCounting = saga.status === "RETRYING" || (saga.status === "RUNNING" && saga.maxAttempts > 1);
    return {
      tone,
      fact: isCounting ? `attempt ${saga.attempt} of ${saga.maxAttempts}` : label.toLowerCase(),
      reached: saga.finishedAt === null ? "now" : "done",
    };
  }
  const attempts = saga.attempts.filter((one) => one.state === state.state && !one.isUndo);
  const [first, last] = [attempts[0], attempts.at(-1)];
  const step = saga.steps.find((one) => one.state === state.state);
  // A step of a group.
  if (last?.outcome === "OPEN") return { tone: "running", fact: last.number > 1 ? `attempt ${last.number}` : "running", reached: "now" };
  if (step === undefined || step.status === "PENDING")
    return state.kind === "START"
      ? { tone: "completed", fact: "done", reached: "done" }
      : { ...declared, fact: saga.finishedAt === null ? "to do" : "not reached" };
  const took = first !== undefined && last?.finishedAt != null ? duration(between(first.queuedAt, last.finishedAt)) : "done";
  if (step.status === "FAILED") return { tone: "stuck", fact: `gave up (${attempts.length}×)`, reached: "done" };
  if (step.status === "SKIPPED") return { tone: "neutral", fact: "skipped", reached: "done" };
  return { tone: "completed", fact: took, reached: "done" };
}

function undoLookOf(state: State, saga: Saga | null): Look {
  const attempts = saga?.attempts.filter((one) => one.state === state.state && one.isUndo) ?? [];
  const last = attempts.at(-1);
  if (last === undefined) return { tone: "queued", fact: "undo", reached: "no" };
  if (last.outcome === "OPEN") return { tone: "compensating", fact: last.number > 1 ? `attempt ${last.number}` : "running", reached: "now" };
  if (last.outcome === "FAILED") return { tone: "stuck", fact: "gave up", reached: saga?.status === "STUCK" ? "now" : "done" };
  return { tone: "compensating", fact: last.finishedAt === null ? "undone" : duration(between(last.queuedAt, last.finishedAt)), reached: "done" };
}

function Fact({ tone }: { readonly tone: Tone }) {
  const Icon = toneIcons[tone];
  return Icon === undefined ? null : <Icon size={11} />;
}

/** The state machine with the path taken; the undos stand below what they undo, and lead to the left. */
export function Diagram({
  definition,
  saga,
  selected,
  select,
  counts,
}: {
  readonly definition: Definition;
  readonly saga: Saga | null;
  readonly selected?: string | undefined;
  readonly select?: (state: string) => void;
  /** Live sagas by state, where the definition itself is shown. */
  readonly counts?: ReadonlyMap<string, number>;
}) {
  const { states, transitions } = definition;
  const columns = Math.max(...states.map(({ column }) => column)) + 1;
  const { height, rowGap, columnGap, narrowest, widest } = geometry;
  const [room, box] = useWidth();
  // It fits where it can; what is too narrow scrolls sideways.
  const unit = Math.min(widest, Math.max(narrowest, (room - 8 - (columns - 1) * columnGap) / columns));
  const x = (column: number): number => column * (unit + columnGap);
  const y = (row: number): number => row * (height + rowGap);
  const undoes = states.filter(({ compensation }) => compensation !== null);
  const rows = undoes.length > 0 || states.some(({ row }) => row > 0) ? 2 : 1;
  const [width, fullHeight] = [x(columns) - columnGap, y(rows) - rowGap];
  const looked = new Map(states.map((state) => [state.state, lookOf(state, saga)]));
  const undoLooks = new Map(undoes.map((state) => [state.state, undoLookOf(state, saga)]));
  const stateOf = new Map(states.map((state) => [state.state, state]));
  const isReached = (name: string): boolean => saga !== null && looked.get(name)?.reached !== "no";

  const edges: { readonly key: string; readonly path: string; taken: boolean; readonly undo: boolean }[] = [];
  const failing = new Set<string>();
  for (const { from, to, kind, reason, on } of transitions) {
    const [a, b] = [stateOf.get(from), stateOf.get(to)];
    if (a === undefined || b === undefined) continue;
    if (kind === "NEXT" && b.column === a.column + 1 && a.row === b.row)
      edges.push({
        key: `${from}>${to}`,
        path: `M${x(a.column) + unit} ${y(0) + height / 2}H${x(b.column) - 5}`,
        taken: isReached(from) && isReached(to),
        undo: false,
      });
    else if (kind === "NEXT" || (kind === "BRANCH" && a.row === 0 && b.row === 0)) {
      const [ax, bx] = [x(a.column) + unit / 2, x(b.column) + unit / 2];
      edges.push({
        key: `${from}>${to}${reason}`,
        path: `M${ax} ${y(0)}C${ax} ${-26} ${bx} ${-26} ${bx} ${y(0) - 5}`,
        taken: saga !== null && isReached(to) && isReached(from) && b.column > a.column && saga.state === to,
        undo: false,
      });
    } else if (kind === "UNDO") {
      const begun = undoLooks.get(from)?.reached !== "no";
      const next = b.compensation === null ? (b.kind === "FINAL" ? isReached(to) : false) : undoLooks.get(to)?.reached !== "no";
      const [start, end] = [undoPlace(states, a), b.compensation === null ? { of: to, last: b.column, first: b.column } : undoPlace(states, b)];
      const key = `undo ${start.of}>${end.of}`;
      const known = edges.find((one) => one.key === key);
      const [startFrame, endFrame] = [start, end].map(({ first, last }) => (last > first ? FRAME_PX : 0)) as [number, number];
      if (known !== undefined) known.taken ||= begun && next;
      else
        edges.push({
          key,
          path: `M${x(start.first) - startFrame} ${y(1) + height / 2}H${x(end.last) + unit + endFrame + 5}`,
          taken: begun && next,
          undo: true,
        });
    } else if (kind === "FAIL" && a.compensation !== null && !failing.has(from)) {
      failing.add(from);
      edges.push({ key: `fail ${from}`, path: `M${x(a.column) + unit / 2} ${height}V${y(1) - 5}`, taken: undoLooks.get(from)?.reached !== "no", undo: true });
    } else if (kind === "FAIL" && reason !== null && on.some((one) => one.includes("Event")) && saga?.state === to && a.column === 0) {
      edges.push({ key: `no ${from}`, path: `M${x(a.column) + unit / 2} ${height}V${y(1) - 5}`, taken: true, undo: false });
    }
  }

  const node = (key: string, name: string, look: Look, place: CSSProperties | undefined, shape: "node" | "final", state: string, count?: number) => (
    <button
      key={key}
      type="button"
      className={`node ${shape}`}
      data-state={name}
      data-tone={look.tone}
      data-reached={look.reached}
      aria-pressed={selected === state}
      style={place}
      onClick={() => select?.(state)}
    >
      <span className="node-name">
        <Name>{name}</Name>
      </span>
      <span className="sr">: </span>
      <span className="node-fact">
        {(look.reached === "done" || look.reached === "now") && <Fact tone={look.tone} />}
        {look.fact}
        {count !== undefined && <b className="num">· {whole(count)}</b>}
      </span>
    </button>
  );

  const at = (row: number, column: number): CSSProperties => ({ left: x(column), top: y(row), width: unit, height });
  const stateNode = (state: State, place?: CSSProperties) =>
    node(state.state, state.state, looked.get(state.state) as Look, place, state.kind === "FINAL" ? "final" : "node", state.state, counts?.get(state.state));
  const undoNode = (state: State, place?: CSSProperties) =>
    node(`undo ${state.state}`, undone(state.compensation as string), undoLooks.get(state.state) as Look, place, "node", state.state);
  /** Around what runs together. */
  const frame = (key: string, row: number, first: number, last: number) => (
    <div
      key={key}
      className="diagram-group"
      style={{ left: x(first) - FRAME_PX, top: y(row) - FRAME_PX, width: x(last + 1) - columnGap - x(first) + 2 * FRAME_PX, height: height + 2 * FRAME_PX }}
    />
  );
  // Ways back and over others lead above the states.
  const above = edges.some(({ path }) => path.includes("C")) ? 26 : 0;

  return (
    <div
      ref={box}
      className="diagram-scroll"
      tabIndex={0}
      role="group"
      aria-label={saga === null ? `States of ${definition.version}` : `State machine, now in ${saga.state}`}
    >
      {room < LIST_PX ? (
        <ol className="diagram-list">
          {states
            .toSorted((a, b) => a.row - b.row || a.column - b.column)
            .map((state) => (
              <li key={state.state}>
                {stateNode(state)}
                {state.compensation !== null && undoNode(state)}
              </li>
            ))}
        </ol>
      ) : (
        <div className="diagram" style={{ width, height: fullHeight + FRAME_PX + 1, marginTop: above }}>
          <svg width={width} height={fullHeight + 30} viewBox={`0 -28 ${width} ${fullHeight + 30}`} style={{ top: -28 }} aria-hidden="true">
            <defs>
              {["taken", "idle", "undo"].map((kind) => (
                <marker
                  key={kind}
                  id={`arrow-${kind}`}
                  viewBox="0 0 8 8"
                  refX="6"
                  refY="4"
                  markerUnits="userSpaceOnUse"
                  markerWidth="8"
                  markerHeight="8"
                  orient="auto-start-reverse"
                >
                  <path d="M0 0L8 4L0 8z" className={`arrow-${kind}`} />
                </marker>
              ))}
            </defs>
            {edges.map(({ key, path, taken, undo }) => (
              <path
                key={key}
                d={path}
                className={`edge ${undo ? "undo" : ""} ${taken ? "taken" : ""}`}
                markerEnd={`url(#arrow-${undo ? "undo" : taken ? "taken" : "idle"})`}
              />
            ))}
          </svg>
          {states
            .filter(({ kind }) => kind === "GROUP")
            .map(({ state, column }) => {
              const steps = states.filter(({ group }) => group === state);
              const [undoable] = steps.filter(({ compensation }) => compensation !== null);
              const undos = undoable === undefined ? null : undoPlace(states, undoable);
              return (
                <Fragment key={`group ${state}`}>
                  {frame("steps", 0, column, Math.max(...steps.map((step) => step.column)))}
                  {undos !== null && undos.last > undos.first && frame("undos", 1, undos.first, undos.last)}
                </Fragment>
              );
            })}
          {states.map((state) => stateNode(state, at(state.row, state.column)))}
          {undoes.map((state) => undoNode(state, at(1, state.column)))}
        </div>
      )}
    </div>
  );
}
