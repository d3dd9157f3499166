import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import WebSocket from "ws";

export interface SagaEvent {
  readonly sequence: number;
  readonly toState: string;
  readonly occurredAt: string;
}

interface Progress {
  readonly events: readonly SagaEvent[];
  readonly final: boolean;
  readonly saga: { readonly status: string };
}

interface Answer<Data> {
  readonly data: Data;
  readonly errors?: readonly { readonly message: string }[];
}

const agent = new Agent({ keepAlive: true, maxSockets: 500 });
const retryMs = 250;

/** Somebody with a browser: asks over HTTP, watches over a socket, and turns to the next process when one is gone. */
export class Learner {
  private readonly urls: readonly string[];
  private readonly token: string;
  private at: number;

  /** @param urls GraphQL endpoints of all processes @param at which of them comes first */
  constructor(urls: readonly string[], token: string, at: number) {
    this.urls = urls;
    this.token = token;
    this.at = at % urls.length;
  }

  private get url(): URL {
    return new URL(this.urls[this.at] ?? "");
  }

  /** @throws {Error} the answer has errors */
  async ask<Data>(query: string, variables: Record<string, unknown>): Promise<Data> {
    for (let failures = 0; ; failures++) {
      try {
        const { data, errors } = JSON.parse(await this.post(JSON.stringify({ query, variables }))) as Answer<Data>;
        if (errors !== undefined) throw new TypeError(errors.map((one) => one.message).join("; "));
        return data;
      } catch (error) {
        // A process that is gone is no error to its users.
        if (failures >= 20 || error instanceof TypeError || this.urls.length === 1) throw error;
        this.at = (this.at + 1) % this.urls.length;
        await delay(retryMs);
      }
    }
  }

  private post(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${this.token}`, "content-length": Buffer.byteLength(body) };
      const sent = request(this.url, { method: "POST", agent, headers }, (answer) => {
        let text = "";
        answer
          .setEncoding("utf8")
          .on("data", (chunk: string) => (text += chunk))
          .on("end", () => resolve(text))
          .on("error", reject);
      });
      sent.on("error", reject).end(body);
    });
  }

  /**
   * Watches a saga to its end, over as many connections as it takes.
   *
   * @param opened is told of every connection that watches
   * @returns what it ended as, and how many numbers were missing or came twice
   */
  async watch(sagaId: string, hear: (event: SagaEvent) => void, opened?: (socket: WebSocket) => void): Promise<{ status: string; gaps: number }> {
    let [last, gaps] = [0, 0];
    for (;;) {
      const status = await this.watchOnce(
        sagaId,
        last,
        (event) => {
          if (event.sequence !== last + 1) gaps += 1;
          last = event.sequence;
          hear(event);
        },
        opened,
      );
      if (status !== null) return { status, gaps };
      this.at = (this.at + 1) % this.urls.length;
      await delay(retryMs);
    }
  }

  /** Opens a socket, watches a saga until the first push, and closes it. */
  async watchBriefly(sagaId: string): Promise<void> {
    await this.watchOnce(
      sagaId,
      0,
      () => undefined,
      (socket) => socket.close(),
    );
  }

  /** @returns null when the connection was lost before the end */
  private watchOnce(sagaId: string, afterSequence: number, hear: (event: SagaEvent) => void, opened?: (socket: WebSocket) => void): Promise<string | null> {
    return new Promise((resolve, reject) => {
      const socket = this.connect();
      let isOpened = false;
      socket.on("error", () => undefined).on("close", () => resolve(null));
      socket.on("message", (data: Buffer) => {
        const { type, payload } = JSON.parse(data.toString("utf8")) as { type: string; payload?: Answer<{ sagaProgress: Progress }> };
        if (type === "connection_ack") {
          const query =
            "subscription ($sagaId: ID!, $after: Int) { sagaProgress(sagaId: $sagaId, afterSequence: $after) { events { sequence toState occurredAt } final saga { status } } }";
          socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query, variables: { sagaId, after: afterSequence } } }));
        }
        const progress = payload?.data?.sagaProgress;
        if (progress !== undefined && !isOpened) opened?.(socket);
        isOpened ||= progress !== undefined;
        if (type === "error" || payload?.errors !== undefined) reject(new Error(JSON.stringify(payload)));
        for (const event of progress?.events ?? []) hear(event);
        if (progress?.final !== true) return;
        resolve(progress.saga.status);
        socket.close();
      });
    });
  }

  /** A socket whose first message is sent. */
  connect(): WebSocket {
    const url = this.url;
    url.protocol = "ws:";
    const socket = new WebSocket(url, "graphql-transport-ws");
    socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${this.token}` } })));
    return socket;
  }
}
