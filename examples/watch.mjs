// Prints the history of a saga while it is made, to its end or to a state:
// node examples/watch.mjs <saga> <access token> [address of the API] [state]
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [sagaId, accessToken, api = "http://localhost:4000/graphql", state] = process.argv.slice(2);
if (accessToken === undefined) {
  console.error("Expected: node examples/watch.mjs <saga> <access token> [address of the API] [state]");
  process.exit(2);
}
const client = createClient({
  url: api.replace(/^http/, "ws"),
  webSocketImpl: WebSocket,
  connectionParams: { accessToken },
  // Also while nothing listens there, as when the program is being started again; for a minute at most. 4403: this token is good no more.
  shouldRetry: (event) => event?.code !== 4403,
  retryAttempts: 60,
  retryWait: () => delay(1_000),
  on: { connecting: (isAgain) => isAgain && process.stdout.write("."), connected: (_socket, _payload, isAgain) => isAgain && console.log(" connected again") },
});

// When a socket is lost, graphql-ws subscribes again with this very object: its number is where the server goes on.
const variables = { sagaId, after: 0 };
const query = `subscription ($sagaId: ID!, $after: Int!) {
  sagaProgress(sagaId: $sagaId, afterSequence: $after) { sequence final hasMore saga { state } events { sequence summary } }
}`;
try {
  for await (const { data, errors } of client.iterate({ query, variables })) {
    if (errors) throw new Error(errors[0].message);
    const { sequence, final, hasMore, saga, events } = data.sagaProgress;
    for (const event of events) console.log(`${String(event.sequence).padStart(3)} ${event.summary}`);
    variables.after = sequence;
    if (final || (!hasMore && saga.state === state)) break;
  }
  await client.dispose();
} catch (error) {
  if (error instanceof Error) throw error;
  console.log(`The server has closed the socket: ${error.code} ${error.reason}`);
  process.exitCode = 1;
}
