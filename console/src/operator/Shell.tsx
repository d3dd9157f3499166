import {
  type Icon,
  IconActivity,
  IconBook2,
  IconGauge,
  IconLogout,
  IconMailX,
  IconMoon,
  IconStack2,
  IconSubtask,
  IconSun,
  IconTool,
  IconUsers,
} from "../ui/icons.ts";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useClient, useQuery } from "urql";
import { connection } from "../client.ts";
import { DeadLetterGroupsDocument, FindDocument, type FindQuery, ViewerDocument } from "../generated/graphql.ts";
import { accessToken, signOut } from "../session.ts";
import { SignIn } from "../SignIn.tsx";
import { useStore } from "../store.ts";
import { duration, tail, typeName, whole } from "../ui/format.ts";
import { Dialog, Empty, Problem, Skeleton, useNow } from "../ui/parts.tsx";
import { Pill } from "../ui/state.tsx";
import { useTheme } from "../ui/theme.ts";

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
  const [theme, toggleTheme] = useTheme();
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const went = useRef<string | null>(null);
  useEffect(() => {
    const place = places.findLast(([to]) => path.startsWith(to));
    document.title = `${place?.[1] ?? "Console"} · MentorPlatform`;
    if (went.current !== null) document.querySelector<HTMLElement>("h1")?.focus();
    went.current = path;
  }, [path]);
  useEffect(() => {
    let first = "";
    const pressed = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog") !== null;
      if ((event.metaKey || event.ctrlKey) && event.key === "k") {
        event.preventDefault();
        return setFinding(true);
      }
      if (isTyping || event.metaKey || event.ctrlKey || event.altKey) return;
      if (first === "g") {
        const to = ({ o: "/console", s: "/console/sagas", d: "/console/dead", q: "/console/queues", w: "/console/workers" } as Record<string, string>)[
          event.key
        ];
        if (to !== undefined) void navigate({ to });
      } else if (event.key === "t") toggleTheme();
      first = event.key;
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);

  if (data === undefined)
    return error === undefined || fetching ? <Skeleton rows={3} /> : <Problem error={error} again={() => again({ requestPolicy: "network-only" })} />;
  const roles: readonly string[] = data.viewer?.roles ?? [];
  if (!roles.includes("OPERATOR"))
    return (
      <main className="alone">
        <h1>This page needs the role operator.</h1>
        <p>
          You are signed in as {data.viewer?.fullName}.{" "}
          <button type="button" onClick={() => void signOut()}>
            Sign in as somebody else
          </button>
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
          <IconTool size={18} /> <span>MentorPlatform</span>
        </p>
        {places.map(([to, label, Icon]) => (
          <Link key={to} to={to} activeOptions={{ exact: to === "/console", includeSearch: false }} className="place">
            <Icon size={17} /> <span>{label}</span>
            {to === "/console/dead" && <DeadCount />}
          </Link>
        ))}
        <p className="eyebrow">Developer</p>
        <a className="place" href="/dev/mail">
          <IconMailX size={17} /> <span>Mail</span>
        </a>
        <a className="place" href="/graphiql">
          <IconActivity size={17} /> <span>GraphiQL</span>
        </a>
        <Link className="place" to="/">
          <IconUsers size={17} /> <span>Product site</span>
        </Link>
        <div className="foot">
          <button type="button" className="place" onClick={() => void signOut()}>
            <IconLogout size={17} /> <span>Sign out</span>
          </button>
        </div>
      </nav>
      <div className="beside">
        <header className="top">
          <Live />
          <button type="button" className="find" onClick={() => setFinding(true)}>
            Find any id <kbd>Ctrl K</kbd>
          </button>
          <button type="button" aria-label={theme === "dark" ? "Light theme" : "Dark theme"} onClick={toggleTheme}>
            {theme === "dark" ? <IconSun size={17} /> : <IconMoon size={17} />}
          </button>
        </header>
        <main id="main">
          <Outlet />
        </main>
      </div>
      {isFinding && <Find close={() => setFinding(false)} />}
    </div>
  );
}

function DeadCount() {
  const [{ data }] = useQuery({ query: DeadLetterGroupsDocument });
  const count = data?.deadLetterGroups?.reduce((sum, group) => sum + group.count, 0) ?? 0;
  return count === 0 ? null : <b className="badge num">{whole(count)}</b>;
}

function Live() {
  const state = useStore(connection);
  const now = useNow();
  return (
    <p className="live" role="status" data-state={state.state}>
      <i aria-hidden="true" />
      {state.state === "lost"
        ? `Connection lost, trying again in ${duration(Math.max(0, state.retryAt - now))}`
        : state.state === "live"
          ? "Live"
          : "Not following"}
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
  return (
    <Dialog title="Find" close={close}>
      <input
        aria-label="An id, or the last 8 characters of one"
        placeholder="An id, or the last 8 characters of one"
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {found !== null && found.length === 0 && <Empty>Nothing has this id.</Empty>}
      <ul className="found">
        {found?.map((one, index) => (
          <li key={index}>
            <button
              type="button"
              onClick={() => {
                close();
                if (one.saga == null) void navigate({ to: "/console/dead" });
                else void navigate({ to: "/console/sagas/$id", params: { id: one.saga.id } });
              }}
            >
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
