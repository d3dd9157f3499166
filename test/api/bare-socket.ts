import { once } from "node:events";
import WebSocket from "ws";
import { waitFor } from "../support/wait.ts";
import type { GraphQLError } from "./support.ts";

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A socket without a client, to say what no client would say. */
export class BareSocket {
  readonly received: Message[] = [];
  /** The code it was closed with, and what was said then. */
  readonly closed: Promise<number>;
  reason = "";
  readonly socket: WebSocket;

  constructor(url: string, options: WebSocket.ClientOptions = {}, protocol: string | string[] = "graphql-transport-ws") {
    this.socket = new WebSocket(url, protocol, options);
    this.socket.on("message", (data: Buffer) => this.received.push(JSON.parse(data.toString("utf8")) as Message));
    this.socket.on("error", () => undefined);
    this.closed = new Promise((resolve) =>
      this.socket.on("close", (code, reason) => {
        this.reason = reason.toString("utf8");
        resolve(code);
      }),
    );
  }

  async open(): Promise<this> {
    await once(this.socket, "open");
    return this;
  }

  async init(payload: Record<string, unknown>): Promise<this> {
    await this.open();
    this.say({ type: "connection_init", payload });
    await this.hear("connection_ack");
    return this;
  }

  say(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  subscribe(query: string, variables: Record<string, unknown> = {}, id = "1", more: Record<string, unknown> = {}): void {
    this.say({ id, type: "subscribe", payload: { query, variables, ...more } });
  }

  hear(type: string, id?: string): Promise<Message> {
    return waitFor(() => this.received.find((message) => message.type === type && (id === undefined || message.id === id)), {
      describe: () => `${type}, heard ${JSON.stringify(this.received)}`,
    });
  }

  /** The first error of an operation: its refusal, or one among its data. */
  error(id = "1"): Promise<GraphQLError> {
    return waitFor(
      () =>
        this.received
          .filter((message) => message.id === id)
          .flatMap(({ payload }) =>
            Array.isArray(payload) ? (payload as GraphQLError[]) : ((payload as { errors?: GraphQLError[] } | undefined)?.errors ?? []),
          )[0],
      { describe: () => `an error of ${id}, heard ${JSON.stringify(this.received)}` },
    );
  }

  async code(id = "1"): Promise<unknown> {
    return (await this.error(id)).extensions.code;
  }
}
