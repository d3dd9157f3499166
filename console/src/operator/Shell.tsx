import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useClient, useQuery } from "urql";
import { connection } from "../client.ts";
import { DeadLetterGroupsDocument, FindDocument, type FindQuery, SagaActivityDocument, ViewerDocument } from "../generated/graphql.ts";
import { held, useStream } from "../live.ts";
import { accessToken } from "../account.ts";
import { SignIn } from "../SignIn.tsx";
import { SignOut } from "../SignOut.tsx";
import { useStore } from "../store.ts";
import { clock, duration, tail, typeName, whole } from "../ui/format.ts";
import {
  type Icon,
  IconActivity,
  IconApi,
  IconBook2,
  IconGauge,
  IconKeyboard,
  IconLogout,
  IconMail,
  IconMailX,
  IconMoon,
  IconSearch,
  IconStack2,
  IconSubtask,
  IconSun,
  IconTool,
  IconUsers,
} from "../ui/icons.ts";
import { Dialog, Empty, Problem, Skeleton } from "../ui/parts.tsx";
import { Pill } from "../ui/state.tsx";
import { useTheme } from "../ui/theme.ts";
import { Help, useKeys } from "./keys.tsx";

const places: readonly (readonly [to: string, label: string, Icon: Icon])[] = [
  ["/console", "Overview", IconGauge],
  ["/console/sagas", "Sagas", IconActivity],
  ["/console/dead", "Dead letters", IconMailX],
  ["/console/queues", "Queues", IconStack2],
  ["/console/definitions", "Definitions", IconSubtask],
  ["/console/workers", "Workers", IconUsers],
  ["/console/audit", "Audit", IconBook2],
];

export function Shell() {
  if (useStore(accessToken) !== null) return <Frame />;
  return (
    <main className="alone">
      <h1>Sign in</h1>
      <SignIn />
    </main>
  );
}

function Frame() {
  const [{ data, error, fetching }, again] = useQuery({ query: ViewerDocument });
  const [isFinding, setFinding] = useState(false);
  const [isHelping, setHelping] = useState(false);
  const [theme, toggleTheme] = useTheme();
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const went = useRef<string | null>(null);
  useEffect(() => {
    document.title = `${placeOf(path)[1]} · MentorPlatform`;
    if (went.current !== null) document.querySelector<HTMLElement>("h1")?.focus();
    went.current = path;
  }, [path]);
  useKeys({ find: () => setFinding(true), help: () => setHelping(true), go: (to) => void navigate({ to }), toggleTheme });

  if (data === undefined)
    return error === undefined || fetching ? <Skeleton rows={3} /> : <Problem error={error} again={() => again({ requestPolicy: "network-only" })} />;
  const roles: readonly string[] = data.viewer?.roles ?? [];
  if (!roles.includes("OPERATOR"))
    return (
      <main className="alone">
        <h1>This page needs the role operator.</h1>
        <p>
          You are signed in as {data.viewer?.fullName}. <SignOut>Sign in as somebody else</SignOut>
        </p>
      </main>
    );
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <nav className="side" aria-label="Console">
        <p className="brand">
          <i aria-hidden="true">
            <IconTool size={15} />
          </i>{" "}
          <span>MentorPlatform</span>
        </p>
        {places.map(([to, label, Icon]) => (
          <Link key={to} to={to} activeOptions={{ exact: to === "/console", includeSearch: false }} className="place">
            <Icon size={17} /> <span>{label}</span>
            {to === "/console/dead" && <DeadCount />}
          </Link>
        ))}
        <p className="eyebrow">Developer</p>
        <a className="place developer" href="/dev/mail">
          <IconMail size={17} /> <span>Mail</span>
        </a>
        <a className="place developer" href="/graphiql">
          <IconApi size={17} /> <span>GraphiQL</span>
        </a>
        <Link className="place developer" to="/">
          <IconUsers size={17} /> <span>Product site</span>
        </Link>
        <div className="foot">
          <button type="button" className="place" onClick={() => setHelping(true)}>
            <IconKeyboard size={17} /> <span>Keys</span>
          </button>
          <SignOut className="place">
            <IconLogout size={17} /> <span>Sign out</span>
          </SignOut>
        </div>
      </nav>
      <div className="beside">
        <header className="top">
          <Crumbs path={path} />
          <Live />
          <button type="button" className="find" onClick={() => setFinding(true)}>
            <IconSearch size={15} /> <span>Find any id</span> <kbd>Ctrl K</kbd>
          </button>
          <button type="button" className="square" aria-label={theme === "dark" ? "Light theme" : "Dark theme"} onClick={toggleTheme}>
            {theme === "dark" ? <IconSun size={17} /> : <IconMoon size={17} />}
          </button>
        </header>
        <NewVersion />
        <main id="main">
          <Outlet />
        </main>
      </div>
      {isFinding && <Find close={() => setFinding(false)} />}
      {isHelping && <Help close={() => setHelping(false)} />}
    </div>
  );
}

const placeOf = (path: string) => places.findLast(([to]) => path.startsWith(to)) ?? (["/console", "Console", IconGauge] as const);

/** Where on the console the page stands. */
function Crumbs({ path }: { readonly path: string }) {
  const [to, label] = placeOf(path);
  const rest = path.slice(to.length + 1);
  return (
    <p className="crumbs">
      {rest === "" ? <b>{label}</b> : <Link to={to}>{label}</Link>}
      {rest !== "" && (
        <>
          <span className="faint">/</span> <span className="mono">{rest.length === 36 ? tail(rest) : decodeURIComponent(rest)}</span>
        </>
      )}
    </p>
  );
}

function DeadCount() {
  const [{ data }, again] = useQuery({ query: DeadLetterGroupsDocument });
  const cursor = useRef<string | null>(null);
  useStream(
    "stuck",
    SagaActivityDocument,
    () => ({ after: cursor.current, filter: { status: ["STUCK" as const] } }),
    ({ sagaActivity }) => {
      cursor.current = sagaActivity.cursor;
      if (sagaActivity.events.length > 0) again({ requestPolicy: "network-only" });
    },
  );
  useEffect(() => {
    const timer = setInterval(() => document.hidden || again({ requestPolicy: "network-only" }), 15_000);
    return () => clearInterval(timer);
  }, [again]);
  const count = data?.deadLetterGroups?.reduce((sum, group) => sum + group.count, 0) ?? 0;
  return count === 0 ? null : <b className="badge num">{whole(count)}</b>;
}

/** After so long without a connection it is said of when everything is. */
const STALE_MS = 60_000;

function Live() {
  const state = useStore(connection);
  const changes = useStore(held);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const words = (): string => {
    if (state.state === "lost") {
      const asOf = now - state.since > STALE_MS ? ` · as of ${clock(state.since)}` : "";
      return `Connection lost, trying again in ${duration(Math.max(0, state.retryAt - now))}${asOf}`;
    }
    if (changes !== null) return `Paused, ${whole(changes)} ${changes === 1 ? "change" : "changes"} waiting`;
    return state.state === "live" ? "Live" : "Not following";
  };
  return (
    <p className="live" role="status" data-state={state.state === "live" && changes !== null ? "paused" : state.state}>
      <i aria-hidden="true" />
      {words()}
    </p>
  );
}

const program = (page: string): string | undefined => /src="([^"]*\/assets\/[^"]+\.js)"/.exec(page)?.[1];

/** A server that was started anew may have come with another console: each time it is there again, that is looked up. */
function NewVersion() {
  const state = useStore(connection);
  const [isNew, setNew] = useState(false);
  const wasLost = useRef(false);
  useEffect(() => {
    if (state.state === "lost") wasLost.current = true;
    if (state.state !== "live" || !wasLost.current) return;
    wasLost.current = false;
    void fetch("/console", { cache: "no-cache" })
      .then((response) => response.text())
      .then((page) => {
        const served = program(page);
        setNew(served !== undefined && !document.head.innerHTML.includes(served));
      })
      .catch(() => undefined);
  }, [state.state]);
  if (!isNew) return null;
  return (
    <p className="new-version" role="status">
      A new version is running.{" "}
      <button type="button" className="small" onClick={() => location.reload()}>
        Reload
      </button>
    </p>
  );
}

function Find({ close }: { readonly close: () => void }) {
  const client = useClient();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [found, setFound] = useState<NonNullable<FindQuery["find"]> | null>(null);
  useEffect(() => {
    if (text.trim().length < 8) return setFound(null);
    let isOld = false;
    void client
      .query(FindDocument, { text })
      .toPromise()
      .then(({ data }) => isOld || setFound(data?.find ?? []));
    return () => {
      isOld = true;
    };
  }, [text, client]);
  const open = (one: NonNullable<typeof found>[number]): void => {
    close();
    if (one.saga == null) void navigate({ to: "/console/dead" });
    else void navigate({ to: "/console/sagas/$id", params: { id: one.saga.id } });
  };
  return (
    <Dialog title="Find" close={close}>
      <form onSubmit={(event) => (event.preventDefault(), found?.[0] != null && open(found[0]))}>
        <input
          aria-label="An id, or the last 8 characters of one"
          placeholder="An id, or the last 8 characters of one"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </form>
      {found === null && text.trim() !== "" && <p className="hint">The last 8 characters at least.</p>}
      {found !== null && found.length === 0 && <Empty>Nothing has this id.</Empty>}
      <ul className="found">
        {found?.map((one, index) => (
          <li key={index}>
            <button type="button" onClick={() => open(one)}>
              {one.saga != null && (
                <>
                  <Pill status={one.saga.status} /> {typeName(one.saga.type)} <span className="mono faint">{tail(one.saga.id)}</span>
                </>
              )}
              {one.deadLetter != null && <span className="bad"> {one.deadLetter.message}</span>}
              <span className="faint"> by its {one.kind.toLowerCase().replace("_", " ")}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
