import { launch } from "./launch.ts";
import { oldTransaction } from "./old-transaction.ts";
import { reminders } from "./reminders.ts";
import type { Server } from "./server.ts";
import { subscriptions } from "./subscriptions.ts";

/** Load tests of the whole program, by the names that the command line has for them. */
export const loads = {
  launch: (server) => launch(server, false),
  "launch-with-kill": (server) => launch(server, true),
  subscriptions,
  reminders,
  "old-transaction": oldTransaction,
} satisfies Record<string, (server: Server) => Promise<{ text: string; passed: boolean }>>;

export type LoadName = keyof typeof loads;
