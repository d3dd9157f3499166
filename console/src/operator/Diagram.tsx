import { type RefObject, useLayoutEffect, useRef, useState } from "react";
import type { SagaPageQuery } from "../generated/graphql.ts";
import { duration, between } from "../ui/format.ts";
import { looks, Name, type Tone } from "../ui/state.tsx";

type Saga = NonNullable<SagaPageQuery["saga"]>;
export type Definition = NonNullable<Saga["definition"]>;
type State = Definition["states"][number];

interface Look {
  readonly tone: Tone;
  readonly fact: string;
  readonly reached: "no" | "done" | "now";
}

const geometry = { height: 66, rowGap: 60, columnGap: 28, narrowest: 98, widest: 156 };
/** The width that an element has, for whoever draws by it. */
function useWidth(): [number, RefObject<HTMLDivElement>] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(1_000);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = (): void => setWidth(element.clientWidth);
    const resized = new ResizeObserver(look);
    look();
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  return [width, box];
}

const undone = (command: string): string => command.replace(/Command$/, "");

/** How a state looks for a saga; without one, as it is declared. */
function lookOf(state: State, saga: Saga | null): Look {
  const declared: Look = { tone: "queued", fact: state.kind === "FINAL" ? "end" : state.kind.toLowerCase(), reached: "no" };
  if (saga === null) return declared;
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
  if (step === undefined || step.status === "PENDING")
    return state.kind === "START" ? { tone: "completed", fact: "done", reached: "done" } : { ...declared, fact: "to do" };
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
  const isReached = (name: string): boolean => looked.get(name)?.reached !== "no";

  const edges: { key: string; path: string; taken: boolean; undo: boolean; label?: { x: number; y: number; text: string } }[] = [];
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
      edges.push({ key: `undo ${from}>${to}`, path: `M${x(a.column)} ${y(1) + height / 2}H${x(b.column) + unit + 5}`, taken: begun && next, undo: true });
    } else if (kind === "FAIL" && a.compensation !== null && !failing.has(from)) {
      failing.add(from);
      edges.push({ key: `fail ${from}`, path: `M${x(a.column) + unit / 2} ${height}V${y(1) - 5}`, taken: undoLooks.get(from)?.reached !== "no", undo: true });
    } else if (kind === "FAIL" && reason !== null && on.some((one) => one.includes("Event")) && saga?.state === to && a.column === 0) {
      edges.push({ key: `no ${from}`, path: `M${x(a.column) + unit / 2} ${height}V${y(1) - 5}`, taken: true, undo: false });
    }
  }

  const node = (key: string, name: string, look: Look, at: { row: number; column: number }, shape: "node" | "final", state: string, count?: number) => (
    <button
      key={key}
      type="button"
      className={`node ${shape}`}
      data-state={name}
      data-tone={look.tone}
      data-reached={look.reached}
      aria-pressed={selected === state}
      style={{ left: x(at.column), top: y(at.row), width: unit, height }}
      onClick={() => select?.(state)}
    >
      <span className="node-name">
        <Name>{name}</Name>
      </span>
      <span className="sr">: </span>
      <span className="node-fact">
        {look.fact}
        {count !== undefined && <b className="num"> · {count}</b>}
      </span>
    </button>
  );

  return (
    <div
      ref={box}
      className="diagram-scroll"
      tabIndex={0}
      role="group"
      aria-label={saga === null ? `States of ${definition.version}` : `State machine, now in ${saga.state}`}
    >
      <div className="diagram" style={{ width, height: fullHeight, marginTop: 26 }}>
        <svg width={width} height={fullHeight + 30} viewBox={`0 -28 ${width} ${fullHeight + 30}`} style={{ top: -28 }} aria-hidden="true">
          <defs>
            {["taken", "idle", "undo"].map((kind) => (
              <marker key={kind} id={`arrow-${kind}`} viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
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
        {states.map((state) =>
          node(
            state.state,
            state.state,
            looked.get(state.state) as Look,
            state,
            state.kind === "FINAL" ? "final" : "node",
            state.state,
            counts?.get(state.state),
          ),
        )}
        {undoes.map((state) =>
          node(
            `undo ${state.state}`,
            undone(state.compensation as string),
            undoLooks.get(state.state) as Look,
            { row: 1, column: state.column },
            "node",
            state.state,
          ),
        )}
      </div>
    </div>
  );
}
