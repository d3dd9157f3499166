import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "./styles/console.css";
import "./styles/site.css";
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, Outlet, RouterProvider } from "@tanstack/react-router";
import { StrictMode, useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";
import { newClient } from "./client.ts";
import { accessToken } from "./account.ts";
import { refresh, Unanswered } from "./session.ts";
import { useStore } from "./store.ts";

const operator = () => import("./operator/pages.ts");
const product = () => import("./product/pages.ts");

const Nothing = () => (
  <main className="alone">
    <h1>There is nothing here</h1>
    <p>
      <Link to="/">Find a mentor</Link> or go to <Link to="/console">the console</Link>.
    </p>
  </main>
);

const root = createRootRoute({ component: Outlet, notFoundComponent: Nothing });
const site = createRoute({ getParentRoute: () => root, id: "site", component: lazyRouteComponent(product, "Site") });
const shell = createRoute({ getParentRoute: () => root, path: "/console", component: lazyRouteComponent(operator, "Shell") });
const validateSearch = (search: Record<string, unknown>): Record<string, unknown> => search;
const productPage = (path: string, name: keyof Awaited<ReturnType<typeof product>>) =>
  createRoute({ getParentRoute: () => site, path, component: lazyRouteComponent(product, name), validateSearch });
const operatorPage = (path: string, name: keyof Awaited<ReturnType<typeof operator>>) =>
  createRoute({ getParentRoute: () => shell, path, component: lazyRouteComponent(operator, name), validateSearch });

const router = createRouter({
  defaultPreload: "intent",
  routeTree: root.addChildren([
    site.addChildren([
      productPage("/", "Mentors"),
      productPage("mentors/$id", "Mentor"),
      productPage("courses", "Courses"),
      productPage("courses/$id", "Course"),
      productPage("sessions/$id", "Session"),
      productPage("me", "Me"),
      productPage("become-a-mentor", "BecomeMentor"),
      productPage("mentor", "Teaching"),
      productPage("mentor/courses/$id", "EditCourse"),
      productPage("profile", "Profile"),
      productPage("desk", "Desk"),
      productPage("desk/$id", "Review"),
      productPage("register", "Register"),
      productPage("sign-in", "SignInPage"),
    ]),
    shell.addChildren([
      operatorPage("/", "Overview"),
      operatorPage("sagas", "Sagas"),
      operatorPage("sagas/$id", "SagaPage"),
      operatorPage("dead", "DeadLetters"),
      operatorPage("queues", "Queues"),
      operatorPage("queues/$name", "QueuePage"),
      operatorPage("definitions", "Definitions"),
      operatorPage("workers", "Workers"),
      operatorPage("audit", "Audit"),
    ]),
  ]),
});

const RETRY_MS = 2_000;

/** Nobody sees a page before it is known who they are. */
function Program() {
  const token = useStore(accessToken);
  const [isUnreached, setUnreached] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = (): void =>
      void refresh().catch((error: unknown) => {
        if (!(error instanceof Unanswered)) return accessToken.set(null);
        setUnreached(true);
        timer = setTimeout(ask, RETRY_MS);
      });
    ask();
    return () => clearTimeout(timer);
  }, []);
  const who = token === undefined ? null : token === null ? "nobody" : "somebody";
  const client = useMemo(newClient, [who]);
  if (who === null)
    return isUnreached ? (
      <p className="alone" role="status">
        The server does not answer. It is asked again.
      </p>
    ) : null;
  return (
    <Provider key={who} value={client}>
      <RouterProvider router={router} />
    </Provider>
  );
}

const element = document.getElementById("root");
if (element === null) throw new Error("The page has no place for the program");
createRoot(element).render(
  <StrictMode>
    <Program />
  </StrictMode>,
);
