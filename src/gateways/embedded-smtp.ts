import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import { monotonicMs } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import { MailStore } from "./mail-store.ts";

/**
 * What the server can play: refuse: its port is closed; 421: not now; 451: try later; 550: no such mailbox; hang: takes the mail
 * and never answers; slow: answers after two seconds; drop-reply: keeps the mail, then breaks the connection instead of answering.
 */
export const mailFaults = ["refuse", "421", "451", "550", "hang", "slow", "drop-reply"] as const;
export type MailFault = (typeof mailFaults)[number];

export interface ActiveFault {
  readonly mode: MailFault;
  /** Only mails to this address; null for all. Without meaning for refuse and 421. */
  readonly address: string | null;
  readonly secondsLeft: number;
}

export interface EmbeddedSmtpOptions {
  /** Where the mails are kept. */
  readonly directory: string;
  /** On the loopback address; 0, or a port that is taken: a free one. */
  readonly port: number;
  readonly log: Log;
}

const loopback = "127.0.0.1";
const slowMs = 2_000;
const maxMailBytes = 10_000_000;

/** A real SMTP server in this process, so that the protocol is always exercised; it keeps every mail and delivers none. */
export class EmbeddedSmtp {
  readonly store: MailStore;
  readonly #log: Log;
  #port: number;
  #server: SMTPServer | null = null;
  #fault: { mode: MailFault; address: string | null; until: number; timer: NodeJS.Timeout } | null = null;
  /** Open connections by the port they come from: smtp-server itself has no way to break one off without an answer. */
  readonly #sockets = new Map<number, Socket>();
  /** Answers that a fault holds back. */
  readonly #held = new Set<() => void>();
  #changing: Promise<void> = Promise.resolve();

  private constructor(options: EmbeddedSmtpOptions) {
    this.store = new MailStore(options.directory);
    this.#log = options.log;
    this.#port = options.port;
  }

  static async start(options: EmbeddedSmtpOptions): Promise<EmbeddedSmtp> {
    const smtp = new EmbeddedSmtp(options);
    try {
      await smtp.#open();
    } catch (error) {
      if (!["EADDRINUSE", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      smtp.#port = 0;
      await smtp.#open();
    }
    return smtp;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `smtp://${loopback}:${this.#port}`;
  }

  get fault(): ActiveFault | null {
    if (this.#fault === null) return null;
    return { mode: this.#fault.mode, address: this.#fault.address, secondsLeft: Math.max(0, Math.ceil((this.#fault.until - monotonicMs()) / 1_000)) };
  }

  /** Plays a fault for some seconds, in place of the one played now. Resolves when it is in force. */
  async play(mode: MailFault, seconds: number, address: string | null = null): Promise<void> {
    await this.#change(async () => {
      this.#forget();
      if (mode === "refuse") await this.#close();
      else await this.#open();
      const timer = setTimeout(() => void this.clear(), seconds * 1_000);
      timer.unref();
      this.#fault = { mode, address: address?.toLowerCase() ?? null, until: monotonicMs() + seconds * 1_000, timer };
    });
  }

  /** Back to normal. Resolves when mails are accepted again. */
  async clear(): Promise<void> {
    await this.#change(async () => {
      this.#forget();
      await this.#open();
    });
  }

  async stop(): Promise<void> {
    await this.#change(async () => {
      this.#forget();
      await this.#close();
    });
    await this.store.settle();
  }

  /** One change at a time: closing and opening the port take a moment. */
  #change(action: () => Promise<void>): Promise<void> {
    const changed = this.#changing.then(action);
    this.#changing = changed.catch((error: unknown) => this.#log.error({ err: error }, "The embedded mail server cannot change its state"));
    return changed;
  }

  #forget(): void {
    if (this.#fault !== null) clearTimeout(this.#fault.timer);
    this.#fault = null;
    for (const release of this.#held) release();
    this.#held.clear();
  }

  async #open(): Promise<void> {
    if (this.#server !== null) return;
    const server = new SMTPServer({
      banner: "mentorplatform, keeps mails and delivers none",
      authOptional: true,
      disabledCommands: ["AUTH", "STARTTLS"],
      disableReverseLookup: true,
      size: maxMailBytes,
      closeTimeout: 500,
      logger: false,
      onConnect: (_session, answer) => answer(this.#plays("421", null) ? replyOf(421, "Not now, try again later") : null),
      onRcptTo: ({ address }, _session, answer) => {
        if (this.#plays("550", [address])) answer(replyOf(550, `5.1.1 No mailbox is called ${address}`));
        else if (this.#plays("451", [address])) answer(replyOf(451, "4.3.0 Try again later"));
        else answer();
      },
      onData: (stream, session, answer) => void this.#receive(stream, session, answer),
    });
    // Errors of single connections: a client that has gone is the client's affair.
    server.on("error", (error) => this.#log.debug({ err: error }, "A connection to the embedded mail server has failed"));
    const listening = server.listen(this.#port, loopback);
    listening.on("connection", (socket) => {
      const port = socket.remotePort ?? 0;
      this.#sockets.set(port, socket);
      socket.once("close", () => this.#sockets.delete(port));
    });
    await once(listening, "listening");
    this.#port = (listening.address() as AddressInfo).port;
    this.#server = server;
  }

  async #close(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    await new Promise<void>((resolve) => {
      server.close(resolve);
      // Pooled connections would stay open and get mails through a closed port.
      for (const socket of this.#sockets.values()) socket.destroy();
    });
  }

  #plays(mode: MailFault, recipients: readonly string[] | null): boolean {
    const fault = this.#fault;
    if (fault === null || fault.mode !== mode) return false;
    return recipients === null || fault.address === null || recipients.some((recipient) => recipient.toLowerCase() === fault.address);
  }

  async #receive(stream: SMTPServerDataStream, session: SMTPServerSession, answer: (error?: Error | null, message?: string) => void): Promise<void> {
    try {
      const parts: Buffer[] = [];
      for await (const part of stream) parts.push(part as Buffer);
      if (stream.sizeExceeded) return answer(replyOf(552, `5.3.4 At most ${maxMailBytes} bytes`));
      const recipients = session.envelope.rcptTo.map(({ address }) => address);
      if (this.#plays("hang", recipients)) return void this.#held.add(() => this.#sockets.get(session.remotePort)?.destroy());
      await this.store.add(Buffer.concat(parts), recipients);
      if (this.#plays("drop-reply", recipients)) return void this.#sockets.get(session.remotePort)?.destroy();
      if (this.#plays("slow", recipients)) return void setTimeout(() => answer(null, "Kept"), slowMs).unref();
      answer(null, "Kept");
    } catch (error) {
      this.#log.error({ err: error }, "The embedded mail server cannot keep a mail");
      answer(replyOf(451, "4.3.0 The mail cannot be kept"));
    }
  }
}

const replyOf = (responseCode: number, message: string): Error => Object.assign(new Error(message), { responseCode });
