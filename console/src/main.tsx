import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "./styles/console.css";
import "./styles/site.css";
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Navigate, Outlet, RouterProvider } from "@tanstack/react-router";
import { StrictMode, useEffect, useMemo } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";
import { newClient } from "./client.ts";
import { accessToken, refresh } from "./session.ts";
import { useStore } from "./store.ts";

const operator = () => import("./operator/pages.ts");
const product = () => import("./product/pages.ts");

const root = createRootRoute({ component: Outlet, notFoundComponent: () => <Navigate to="/" /> });
const site = createRoute({ getParentRoute: () => root, id: "site", component: lazyRouteComponent(product, "Site") });
const shell = createRoute({ getParentRoute: () => root, path: "/console", component: lazyRouteComponent(operator, "Shell") });
const validateSearch = (search: Record<string, unknown>): Record<string, unknown> => search;
const product$ = (path: string, name: keyof Awaited<ReturnType<typeof product>>) =>
  createRoute({ getParentRoute: () => site, path, component: lazyRouteComponent(product, name), validateSearch });
const operator$ = (path: string, name: keyof Awaited<ReturnType<typeof operator>>) =>
  createRoute({ getParentRoute: () => shell, path, component: lazyRouteComponent(operator, name), validateSearch });

const router = createRouter({
  defaultPreload: "intent",
  routeTree: root.addChildren([
    site.addChildren([
      product$("/", "Mentors"),
      product$("mentors/$id", "Mentor"),
      product$("courses", "Courses"),
      product$("courses/$id", "Course"),
      product$("sessions/$id", "Session"),
      product$("me", "Me"),
      product$("become-a-mentor", "BecomeMentor"),
      product$("mentor", "Teaching"),
      product$("mentor/courses/$id", "EditCourse"),
      product$("profile", "Profile"),
      product$("desk", "Desk"),
      product$("desk/$id", "Review"),
      product$("register", "Register"),
      product$("sign-in", "SignInPage"),
    ]),
    shell.addChildren([
      operator$("/", "Overview"),
      operator$("sagas", "Sagas"),
      operator$("sagas/$id", "SagaPage"),
      operator$("dead", "DeadLetters"),
      operator$("queues", "Queues"),
      operator$("definitions", "Definitions"),
      operator$("workers", "Workers"),
      operator$("audit", "Audit"),
    ]),
  ]),
});

/** Nobody sees a page before it is known who they are. */
function Program() {
  const token = useStore(accessToken);
  useEffect(() => {
    refresh().catch(() => accessToken.set(null));
  }, []);
  const who = token === undefined ? null : token === null ? "nobody" : "somebody";
  const client = useMemo(newClient, [who]);
  if (who === null) return null;
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
