import { Router } from "express";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const fileOf = (packageName: string, path: string): string => join(dirname(require.resolve(`${packageName}/package.json`)), path);

/** Everything the page needs, from the installed packages: it works without the internet. */
const assets: Record<string, string> = {
  "react.js": fileOf("react", "umd/react.production.min.js"),
  "react-dom.js": fileOf("react-dom", "umd/react-dom.production.min.js"),
  "graphiql.js": fileOf("graphiql", "graphiql.min.js"),
  "graphiql.css": fileOf("graphiql", "graphiql.min.css"),
  "graphql-ws.js": fileOf("graphql-ws", "umd/graphql-ws.min.js"),
};

const policy = [
  "default-src 'self'",
  // GraphiQL and its editor write style attributes and embed their pictures and fonts.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self' ws: wss:",
  "frame-ancestors 'none'",
].join("; ");

/** GraphiQL at /graphiql, subscriptions included. */
export function playgroundRoutes(): Router {
  const router = Router();
  router.get("/graphiql", (_request, response) => {
    response.set({ "content-security-policy": policy, "x-content-type-options": "nosniff", "cache-control": "no-store" });
    response.type("html").send(page);
  });
  router.get("/graphiql/start.js", (_request, response) => {
    response.set({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
    response.type("text/javascript").send(`const tabs = ${JSON.stringify(tabs)};\n${script}`);
  });
  router.get("/graphiql/:asset", (request, response, next) => {
    const file = Object.hasOwn(assets, request.params.asset) ? assets[request.params.asset] : undefined;
    if (file === undefined) return next();
    response.set("x-content-type-options", "nosniff");
    response.sendFile(file, { maxAge: "1h", dotfiles: "allow" });
  });
  return router;
}

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>GraphiQL · MentorPlatform</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/graphiql/graphiql.css">
    <style>html, body, #graphiql { height: 100%; margin: 0; }</style>
  </head>
  <body>
    <div id="graphiql">Loading …</div>
    <script src="/graphiql/react.js"></script>
    <script src="/graphiql/react-dom.js"></script>
    <script src="/graphiql/graphiql.js"></script>
    <script src="/graphiql/graphql-ws.js"></script>
    <script src="/graphiql/start.js"></script>
  </body>
</html>
`;

/**
 * Runs in the browser. Once signIn has been run here, its token goes with everything that has no authorization header of its own,
 * also to the sockets.
 */
const script = `
let accessToken = null;

const authorizationOf = (headers) => {
  const own = Object.entries(headers).find(([name]) => name.toLowerCase() === "authorization");
  return own ? own[1] : accessToken === null ? undefined : "Bearer " + accessToken;
};

const socketUrl = (location.protocol === "https:" ? "wss:" : "ws:") + "//" + location.host + "/graphql";

async function rememberToken(response) {
  try {
    const { data } = await response.clone().json();
    for (const value of Object.values(data ?? {})) if (typeof value?.accessToken === "string") accessToken = value.accessToken;
  } catch {}
  return response;
}

function fetcher(params, options) {
  const headers = options?.headers ?? {};
  const authorization = authorizationOf(headers);
  const sent = authorization === undefined ? headers : { ...headers, authorization };
  const run = GraphiQL.createFetcher({
    url: "/graphql",
    fetch: (url, init) => fetch(url, init).then(rememberToken),
    wsClient: graphqlWs.createClient({ url: socketUrl, connectionParams: () => (authorization === undefined ? {} : { authorization }) }),
  });
  return run(params, { ...options, headers: sent });
}

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, { fetcher, defaultTabs: tabs, defaultEditorToolsVisibility: "variables", shouldPersistHeaders: false }),
);
`;

const tabs = [
  {
    query: `# From left to right: sign in, find a course, enroll, watch.
# The token of a sign-in is used for all that follows here.
mutation SignIn {
  signIn(email: "learner-0001@demo.example", password: "demo-password-0001") {
    accessTokenExpiresAt
    accessToken
    user { id fullName roles }
    userErrors { code message }
  }
}
`,
  },
  {
    query: `query OpenCourses {
  courses(filter: { openForEnrollment: true }, first: 10) {
    nodes { id title capacity seatsTaken mentor { fullName } viewerEnrollment { status } }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    query: `# Take the id of a course from the tab before.
# The same key again gives the same enrollment.
mutation Enroll($course: ID!, $key: String!) {
  enrollInCourse(courseId: $course, idempotencyKey: $key) {
    courseEnrollment { id status }
    saga { id state status sequence }
    userErrors { code message field }
  }
}
`,
    variables: `{\n  "course": "",\n  "key": "first-try"\n}`,
  },
  {
    query: `# Take the id of the saga from the tab before.
# 0 replays the history and follows it to the end.
subscription Watch($saga: ID!) {
  sagaProgress(sagaId: $saga, afterSequence: 0) {
    sequence
    final
    saga {
      state status attempt maxAttempts nextAttemptAt
      reason { code message }
      steps { state status }
    }
    events { sequence occurredAt summary toState status }
  }
}
`,
    variables: `{\n  "saga": ""\n}`,
  },
];
