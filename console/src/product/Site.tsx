import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { createContext, useContext, useEffect, useRef, type ReactNode } from "react";

import { connection } from "../client.ts";
import { OwnActivityDocument, VisitorDocument, type VisitorQuery } from "../generated/graphql.ts";
import { useStream, useThrottled } from "../live.ts";
import { useSteadyQuery } from "../query.ts";
import { accessToken } from "../account.ts";
import { SignIn } from "../SignIn.tsx";
import { SignOut } from "../SignOut.tsx";
import { store, useStore } from "../store.ts";
import { duration } from "../ui/format.ts";
import { IconBell, IconMoon, IconSun, IconTool } from "../ui/icons.ts";
import { Problem, Skeleton, useNow } from "../ui/parts.tsx";
import { useTheme } from "../ui/theme.ts";
import { browserZone } from "./when.ts";

type Visitor = NonNullable<VisitorQuery["viewer"]>;

const Visiting = createContext<Visitor | null>(null);
/** Null: nobody is signed in. */
export const useVisitor = (): Visitor | null => useContext(Visiting);
export const useZone = (): string => useVisitor()?.timeZone ?? browserZone();

/** Rises whenever something of the visitor's own moved, which may be in another window. */
const moved = store(0);
/** Calls once more when something of the visitor's own has moved. */
export function useOwnActivity(again: () => void): void {
  const count = useStore(moved);
  const latest = useRef(again);
  latest.current = again;
  useEffect(() => {
    if (count > 0) latest.current();
  }, [count]);
}

function placesOf(visitor: Visitor | null): readonly (readonly [to: string, label: string])[] {
  const roles: readonly string[] = visitor?.roles ?? [];
  return [
    ["/", "Find a mentor"],
    ["/courses", "Courses"],
    ["/me", "My page"],
    roles.includes("MENTOR") ? ["/mentor", "Teaching"] : ["/become-a-mentor", "Become a mentor"],
    ...(roles.includes("REVIEWER") || roles.includes("ADMIN") ? [["/desk", "Review desk"] as const] : []),
    ...(roles.includes("OPERATOR") ? [["/console", "Console"] as const] : []),
  ];
}

export function Site() {
  const [{ data, error }, again] = useSteadyQuery({ query: VisitorDocument });
  const visitor = data?.viewer ?? null;
  const path = useRouterState({ select: (state) => state.location.pathname });
  const went = useRef<string | null>(null);
  useEffect(() => {
    if (went.current !== null && went.current !== path) document.querySelector<HTMLElement>("h1")?.focus();
    went.current = path;
  }, [path]);
  const cursor = useRef<string | null>(null);
  const tellPages = useThrottled(() => moved.set(moved.get() + 1), 400);
  useStream(
    visitor === null ? null : `own ${visitor.id}`,
    OwnActivityDocument,
    () => ({ userId: visitor?.id ?? "", after: cursor.current }),
    ({ sagaActivity }) => {
      cursor.current = sagaActivity.cursor;
      if (sagaActivity.events.length > 0) tellPages();
    },
  );
  useOwnActivity(() => again({ requestPolicy: "network-only" }));
  if (data === undefined) return error === undefined ? null : <Problem error={error} again={() => again({ requestPolicy: "network-only" })} />;
  return (
    <Visiting.Provider value={visitor}>
      <div className="site">
        <a className="skip" href="#main">
          Skip to the page
        </a>
        <header>
          <Link to="/" className="brand">
            <IconTool size={18} /> MentorPlatform
          </Link>
          <nav aria-label="Site">
            {placesOf(visitor).map(([to, label]) => (
              <Link key={to} to={to} activeOptions={{ exact: to === "/", includeSearch: false }} preload={to === "/console" ? false : "intent"}>
                {label}
              </Link>
            ))}
          </nav>
          <div className="self">
            <ConnectionLost />
            {visitor !== null && <Bell count={visitor.unreadNotificationCount ?? 0} />}
            <Theme />
            {visitor === null ? (
              <Link to="/me" className="button">
                Sign in
              </Link>
            ) : (
              <SignOut title={`You are ${visitor.fullName}`}>Sign out</SignOut>
            )}
          </div>
        </header>
        <main id="main">
          <Outlet />
        </main>
        <footer>
          <a href="/graphiql">GraphiQL</a>
          <a href="https://studio.apollographql.com/sandbox/explorer" rel="noreferrer">
            Apollo Sandbox (needs the internet)
          </a>
          <span>Times are in {visitor?.timeZone ?? browserZone()}.</span>
        </footer>
      </div>
    </Visiting.Provider>
  );
}

function Theme() {
  const [theme, toggle] = useTheme();
  return (
    <button type="button" aria-label={theme === "dark" ? "Light theme" : "Dark theme"} onClick={toggle}>
      {theme === "dark" ? <IconSun size={17} /> : <IconMoon size={17} />}
    </button>
  );
}

const Bell = ({ count }: { readonly count: number }) => (
  <Link to="/me" hash="notifications" className="button bell" aria-label={count === 0 ? "Notifications" : `Notifications, ${count} unread`}>
    <IconBell size={17} />
    {count > 0 && <b className="num">{count > 99 ? "99+" : count}</b>}
  </Link>
);

function ConnectionLost() {
  const state = useStore(connection);
  const now = useNow();
  return (
    <span className="live" role="status" data-state={state.state}>
      <i aria-hidden="true" />
      {state.state === "lost" ? `Connection lost, trying again in ${duration(state.retryAt - now)}` : state.state === "live" ? "Live" : ""}
    </span>
  );
}

/** What only somebody with an account sees; everybody else may sign in right here. */
export function SignedIn({ why, children }: { readonly why: string; readonly children: (visitor: Visitor) => ReactNode }) {
  const visitor = useVisitor();
  const token = useStore(accessToken);
  if (token === null)
    return (
      <div className="narrow">
        <p className="lead">{why}</p>
        <SignIn />
        <p>
          No account yet? <Link to="/register">Register</Link>
        </p>
      </div>
    );
  return visitor === null ? <Skeleton rows={4} /> : children(visitor);
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · MentorPlatform`;
  }, [title]);
}

/** The page's heading, which a change of page moves the focus to. */
export function Heading({ children }: { readonly children: string }) {
  useTitle(children);
  return <h1 tabIndex={-1}>{children}</h1>;
}
