import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "./styles/console.css";
import { createRootRoute, createRoute, createRouter, Navigate, Outlet, RouterProvider } from "@tanstack/react-router";
import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";
import { client } from "./client.ts";
import { Audit } from "./operator/Audit.tsx";
import { DeadLetters } from "./operator/DeadLetters.tsx";
import { Definitions } from "./operator/Definitions.tsx";
import { Overview } from "./operator/Overview.tsx";
import { Queues } from "./operator/Queues.tsx";
import { SagaPage } from "./operator/SagaPage.tsx";
import { Sagas } from "./operator/Sagas.tsx";
import { Shell } from "./operator/Shell.tsx";
import { Workers } from "./operator/Workers.tsx";
import { accessToken, refresh } from "./session.ts";
import { SignIn } from "./SignIn.tsx";
import { useStore } from "./store.ts";

/** Nobody sees a page before it is known who they are. */
function Gate() {
  const token = useStore(accessToken);
  useEffect(() => {
    refresh().catch(() => accessToken.set(null));
  }, []);
  if (token === undefined) return null;
  return token === null ? <SignIn /> : <Outlet />;
}

const root = createRootRoute({ component: Gate, notFoundComponent: () => <Navigate to="/console" /> });
const shell = createRoute({ getParentRoute: () => root, path: "/console", component: Shell });
const page = (path: string, component: () => React.ReactNode) =>
  createRoute({ getParentRoute: () => shell, path, component, validateSearch: (search) => search });
const router = createRouter({
  routeTree: root.addChildren([
    shell.addChildren([
      page("/", Overview),
      page("sagas", Sagas),
      page("sagas/$id", SagaPage),
      page("dead", DeadLetters),
      page("queues", Queues),
      page("definitions", Definitions),
      page("workers", Workers),
      page("audit", Audit),
    ]),
  ]),
});

const element = document.getElementById("root");
if (element === null) throw new Error("The page has no place for the program");
createRoot(element).render(
  <StrictMode>
    <Provider value={client}>
      <RouterProvider router={router} />
    </Provider>
  </StrictMode>,
);
