import { useNavigate } from "@tanstack/react-router";
import { startTransition, useCallback, useEffect, useRef, useState } from "react";
import { useClient, useQuery } from "urql";
import {
  SagaActivityDocument,
  SagaCountsDocument,
  SagasDocument,
  type SagaRowFragment,
  type SagasQueryVariables,
  type SagaStatus,
} from "../generated/graphql.ts";
import { held, useStream } from "../live.ts";
import { store } from "../store.ts";
import { useAddress } from "../ui/address.ts";
import { duration, typeName, whole } from "../ui/format.ts";
import { Copy, Empty, Problem, Skeleton, Sheet, useNow } from "../ui/parts.tsx";
import { looks, statuses } from "../ui/state.tsx";
import type { ActionName } from "./Act.tsx";
import { Bulk } from "./Bulk.tsx";
import { SagaTable } from "./SagaTable.tsx";

interface SagaSearch {
  readonly status?: SagaStatus;
  readonly type?: string;
  readonly state?: string;
  readonly quiet?: number;
  readonly order?: SagasQueryVariables["orderBy"];
}

/** The sagas that were listed last, for those who go from one to the next. */
export const listed = store<readonly string[]>([]);

const PAGE = 50;
/** Bursts are shown once in a while, not once an event. */
const SHOW_EVERY_MS = 250;
const COUNT_EVERY_MS = 2_000;
const MOST_FRESH = 1_000;

/** The list says what was true a moment ago, and goes on by itself; what is new waits behind a button, so that nothing moves under the pointer. */
export function Sagas() {
  const search = useAddress<SagaSearch>();
  const navigate = useNavigate();
  const go = (change: Partial<SagaSearch>): void =>
    void navigate({ to: "/console/sagas", search: Object.fromEntries(Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined)) });
  const clock = useNow();
  const client = useClient();
  const [sagas, setSagas] = useState<readonly SagaRowFragment[] | null>(null);
  /** Where each page begins that was gone through, the one that is shown last. */
  const [pages, setPages] = useState<readonly (string | null)[]>([null]);
  const [end, setEnd] = useState<{ hasNextPage: boolean; endCursor?: string | null }>({ hasNextPage: false });
  const [problem, setProblem] = useState<Error | null>(null);
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const [pausedAt, setPausedAt] = useState<number | null>(null);
  const [selected, setSelected] = useState<ReadonlyMap<string, SagaRowFragment>>(new Map());
  const [bulk, setBulk] = useState<{ readonly name: ActionName; readonly sagas: readonly SagaRowFragment[] } | null>(null);
  const [{ data: counted }, recount] = useQuery({ query: SagaCountsDocument });
  const now = pausedAt ?? clock;

  const filter = {
    ...(search.status === undefined ? {} : { status: [search.status] }),
    ...(search.type === undefined ? {} : { type: [search.type as never] }),
    ...(search.state === undefined ? {} : { state: [search.state as never] }),
    ...(search.quiet === undefined ? {} : { quietForSeconds: search.quiet }),
  };
  const key = JSON.stringify([filter, search.order]);
  const asked = useRef(0);
  const load = async (through: readonly (string | null)[]): Promise<void> => {
    const call = ++asked.current;
    const { data, error } = await client
      .query(
        SagasDocument,
        { filter, orderBy: search.order ?? "UPDATED_AT_DESC", first: PAGE, after: through.at(-1) ?? null },
        { requestPolicy: "network-only" },
      )
      .toPromise();
    if (call !== asked.current) return;
    if (data?.sagas == null) return setProblem(error ?? new Error("The list cannot be read."));
    const { nodes, pageInfo } = data.sagas;
    // In small pieces: a page of rows is drawn at once otherwise, and nothing else happens meanwhile.
    startTransition(() => {
      setProblem(null);
      setPages(through);
      setSagas(nodes);
      setEnd(pageInfo);
      setFresh(new Set());
    });
    listed.set(nodes.map(({ id }) => id));
  };
  useEffect(() => {
    setSagas(null);
    setSelected(new Map());
    void load([null]);
  }, [key]);

  const cursor = useRef<string | null>(null);
  const waiting = useRef(new Map<string, SagaRowFragment>());
  const timers = useRef<{ show?: ReturnType<typeof setTimeout>; count?: ReturnType<typeof setTimeout> }>({});
  useEffect(
    () => () => {
      clearTimeout(timers.current.show);
      clearTimeout(timers.current.count);
      held.set(null);
    },
    [],
  );
  const matches = (saga: SagaRowFragment): boolean =>
    search.quiet === undefined &&
    saga.status === (search.status ?? saga.status) &&
    saga.type === (search.type ?? saga.type) &&
    saga.state === (search.state ?? saga.state);
  const shown = new Set(sagas?.map(({ id }) => id));
  const show = (): void => {
    delete timers.current.show;
    const changed = waiting.current;
    waiting.current = new Map();
    setSagas((before) => before?.map((saga) => ((changed.get(saga.id)?.sequence ?? 0) > saga.sequence ? (changed.get(saga.id) ?? saga) : saga)) ?? before);
    const others = [...changed.values()].filter((saga) => !shown.has(saga.id) && matches(saga));
    if (others.length > 0) setFresh((before) => (before.size >= MOST_FRESH ? before : new Set([...before, ...others.map(({ id }) => id)])));
    timers.current.count ??= setTimeout(() => {
      delete timers.current.count;
      recount({ requestPolicy: "network-only" });
    }, COUNT_EVERY_MS);
  };
  const latest = useRef(show);
  latest.current = show;
  useStream(
    "activity",
    SagaActivityDocument,
    () => ({ after: cursor.current }),
    ({ sagaActivity }) => {
      cursor.current = sagaActivity.cursor;
      for (const { saga } of sagaActivity.events) waiting.current.set(saga.id, saga);
      if (held.get() !== null) held.set(waiting.current.size);
      else if (waiting.current.size > 0) timers.current.show ??= setTimeout(() => latest.current(), SHOW_EVERY_MS);
    },
  );
  const pause = (): void => {
    clearTimeout(timers.current.show);
    delete timers.current.show;
    setPausedAt(Date.now());
    held.set(waiting.current.size);
  };
  const resume = (): void => {
    setPausedAt(null);
    held.set(null);
    show();
  };

  const byStatus = new Map<SagaStatus, number>();
  for (const { status, count, type } of counted?.sagaCounts ?? [])
    if (search.type === undefined || type === search.type) byStatus.set(status, (byStatus.get(status) ?? 0) + count);
  const all = [...byStatus.values()].reduce((sum, count) => sum + count, 0);
  const types = [...new Set(counted?.sagaCounts?.map(({ type }) => type))].toSorted();
  const filters = [
    search.status === undefined ? [] : looks[search.status].label,
    search.type === undefined ? [] : typeName(search.type),
    search.state ?? [],
    search.quiet === undefined ? [] : `quiet for ${duration(search.quiet * 1_000)}`,
  ].flat();
  const first = (pages.length - 1) * PAGE;
  const toggle = useCallback(
    (some: readonly SagaRowFragment[], isSelected: boolean): void =>
      setSelected((before) => {
        const after = new Map(before);
        for (const saga of some) {
          if (isSelected) after.set(saga.id, saga);
          else after.delete(saga.id);
        }
        return after;
      }),
    [],
  );

  return (
    <>
      <div className="page-head">
        <h1 tabIndex={-1}>Sagas</h1>
        <div className="buttons">
          <button type="button" className="fresh" disabled={fresh.size === 0 || pausedAt !== null} onClick={() => void load([null])}>
            {fresh.size === 0 ? "Nothing new" : `Show ${whole(fresh.size)}${fresh.size >= MOST_FRESH ? " and more" : ""} new`}
          </button>
          <select
            aria-label="Process"
            value={search.type ?? ""}
            onChange={(event) => go({ type: event.target.value === "" ? undefined : event.target.value, state: undefined })}
          >
            <option value="">All processes</option>
            {types.map((type) => (
              <option key={type} value={type}>
                {typeName(type)}
              </option>
            ))}
          </select>
          <select aria-label="Order" value={search.order ?? "UPDATED_AT_DESC"} onChange={(event) => go({ order: event.target.value as never })}>
            <option value="UPDATED_AT_DESC">Changed last</option>
            <option value="UPDATED_AT_ASC">Quiet longest</option>
            <option value="STARTED_AT_DESC">Started last</option>
          </select>
          <button type="button" aria-pressed={pausedAt !== null} aria-keyshortcuts="p" onClick={pausedAt === null ? pause : resume}>
            {pausedAt === null ? "Pause" : "Resume"}
          </button>
        </div>
      </div>
      <div className="chips" role="group" aria-label="Status">
        <button type="button" className="chip" aria-pressed={search.status === undefined} onClick={() => go({ status: undefined })}>
          All <b className="num">{whole(all)}</b>
        </button>
        {statuses.map((status) => {
          const { label, tone, Icon } = looks[status];
          return (
            <button key={status} type="button" className="chip" data-tone={tone} aria-pressed={search.status === status} onClick={() => go({ status })}>
              <Icon size={13} /> {label} <b className="num">{whole(byStatus.get(status) ?? 0)}</b>
            </button>
          );
        })}
        {search.state !== undefined && (
          <button type="button" className="chip" aria-label={`In ${search.state}: no longer filter by it`} onClick={() => go({ state: undefined })}>
            in {search.state} ✕
          </button>
        )}
      </div>
      {bulk !== null && <Bulk {...bulk} close={() => (setBulk(null), setSelected(new Map()))} />}
      {problem !== null && <Problem error={problem} again={() => void load(pages)} />}
      <Sheet label="Sagas">
        {sagas === null ? (
          problem === null && <Skeleton rows={12} />
        ) : sagas.length === 0 ? (
          <Empty>
            {filters.length > 0 ? `No saga is ${filters.join(", ")}.` : "No saga has run yet."}{" "}
            {filters.length > 0 && (
              <button type="button" onClick={() => void navigate({ to: "/console/sagas", search: {} })}>
                Clear filters
              </button>
            )}
          </Empty>
        ) : (
          <SagaTable sagas={sagas} now={now} label="Sagas" selection={{ ids: new Set(selected.keys()), toggle }} />
        )}
      </Sheet>
      {sagas !== null && (pages.length > 1 || end.hasNextPage) && (
        <nav className="pages" aria-label="Pages">
          <span className="faint num">
            {whole(first + 1)}–{whole(first + sagas.length)}
            {filters.length === 0 && ` of ${whole(all)}`}
          </span>
          <button type="button" disabled={pages.length === 1} onClick={() => void load(pages.slice(0, -1))}>
            Previous
          </button>
          <button type="button" disabled={!end.hasNextPage} onClick={() => void load([...pages, end.endCursor ?? null])}>
            Next
          </button>
        </nav>
      )}
      {selected.size > 0 && bulk === null && (
        <div className="bulk" role="toolbar" aria-label="With the selected sagas">
          <b className="num">{whole(selected.size)} selected</b>
          <button type="button" onClick={() => setBulk({ name: "retrySaga", sagas: [...selected.values()] })}>
            Retry…
          </button>
          <button type="button" onClick={() => setBulk({ name: "cancelSaga", sagas: [...selected.values()] })}>
            Cancel…
          </button>
          <Copy label="Copy ids" text={[...selected.keys()].join("\n")} />
          <button type="button" className="quiet" onClick={() => setSelected(new Map())}>
            Clear
          </button>
        </div>
      )}
    </>
  );
}
