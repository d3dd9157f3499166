import { consoleUnderLoad } from "./console.ts";
import { launch } from "./launch.ts";
import { oldTransaction } from "./old-transaction.ts";
import { reminders } from "./reminders.ts";
import { requests } from "./requests.ts";
import type { Server } from "./server.ts";
import { subscriptions } from "./subscriptions.ts";

/** Load tests of the whole program, by the names that the command line has for them. */
export const loads = {
  launch: (server) => launch(server, 1),
  "launch-on-two": (server) => launch(server, 2),
  "launch-with-kill": (server) => launch(server, 2, true),
  requests,
  subscriptions,
  reminders,
  "old-transaction": oldTransaction,
  console: consoleUnderLoad,
} satisfies Record<string, (server: Server) => Promise<{ text: string; passed: boolean }>>;

export type LoadName = keyof typeof loads;
