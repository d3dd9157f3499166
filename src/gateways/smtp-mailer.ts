import ical, { ICalAttendeeRole, ICalAttendeeStatus, ICalCalendarMethod, ICalEventStatus } from "ical-generator";
import nodemailer, { type Transporter } from "nodemailer";
import type SMTPPool from "nodemailer/lib/smtp-pool/index.js";
import type { CalendarEntry, Mail, Mailer } from "../domain/mail/mailer.ts";
import { Permanent, Transient } from "../kernel/errors.ts";

export interface SmtpMailerOptions {
  /** smtp://user:password@host:port, or smtps:// for TLS from the first byte. */
  readonly url: string;
  /** Sender, an address with or without a name before it. */
  readonly from: string;
  /** Connections at most. Default 5. */
  readonly maxConnections?: number;
  /** For connecting and for the greeting. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Silence at most while a mail is handed over. Default 15,000. */
  readonly socketTimeoutMs?: number;
}

/** Hands mails to an SMTP server over a pool of connections. */
export class SmtpMailer implements Mailer {
  readonly #transport: Transporter<SMTPPool.SentMessageInfo>;
  readonly #from: string;
  readonly #server: string;

  constructor(options: SmtpMailerOptions) {
    const { protocol, hostname, port, username, password } = new URL(options.url);
    const secure = protocol === "smtps:";
    const portNumber = Number(port) || (secure ? 465 : 587);
    this.#from = options.from;
    this.#server = `${hostname}:${portNumber}`;
    this.#transport = nodemailer.createTransport({
      pool: true,
      host: hostname.replace(/^\[|\]$/g, ""),
      port: portNumber,
      secure,
      ...(username === "" ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
      maxConnections: options.maxConnections ?? 5,
      connectionTimeout: options.connectTimeoutMs ?? 5_000,
      greetingTimeout: options.connectTimeoutMs ?? 5_000,
      socketTimeout: options.socketTimeoutMs ?? 15_000,
      // A mail's text never makes this process read a file or fetch a page.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    // A pool reports errors of idle connections as an event, which unheard would end the process.
    this.#transport.on("error", () => undefined);
  }

  async send(mail: Mail, signal: AbortSignal): Promise<{ accepted: true }> {
    signal.throwIfAborted();
    const sending = this.#transport.sendMail({
      from: this.#from,
      to: { name: "", address: mail.to },
      subject: mail.subject,
      text: mail.text,
      ...(mail.html === undefined ? {} : { html: mail.html }),
      ...(mail.calendar === undefined ? {} : { icalEvent: calendarPart(mail.calendar, { from: this.#from, to: mail.to }) }),
      messageId: mail.messageId,
    });
    let stop: () => void = () => undefined;
    const stopped = new Promise<never>((_, reject) => {
      // nodemailer cannot call a mail back: it may still arrive, and the next attempt carries the same Message-ID.
      stop = () => reject(new Transient(`The mail server at ${this.#server} was not waited for any longer`, { cause: signal.reason }));
      signal.addEventListener("abort", stop, { once: true });
    });
    try {
      await Promise.race([sending, stopped]);
      return { accepted: true };
    } catch (error) {
      sending.catch(() => undefined);
      throw error instanceof Transient ? error : this.#classify(error);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Closes the connections; mails that wait in the pool fail. */
  close(): void {
    this.#transport.close();
  }

  #classify(error: unknown): Error {
    const { code = "", responseCode, response, message } = error as { code?: string; responseCode?: number; response?: string; message: string };
    const said = (response ?? message).replaceAll(/\s+/g, " ").slice(0, 200);
    const server = `The mail server at ${this.#server}`;
    if (code === "EAUTH") return new Transient(`${server} does not accept our user name and password: ${said}`, { cause: error });
    if (responseCode !== undefined && responseCode >= 500) return new Permanent(`${server} refused the mail: ${said}`, { cause: error });
    if (responseCode !== undefined) return new Transient(`${server} asks to try later: ${said}`, { cause: error });
    if (/ECONNREFUSED/.test(`${code} ${message}`)) return new Transient(`${server} refused the connection`, { cause: error });
    if (code === "ETIMEDOUT" || /timeout|timed out/i.test(message)) return new Transient(`${server} did not answer in time`, { cause: error });
    if (code === "EDNS" || /ENOTFOUND|EAI_AGAIN/.test(message)) return new Transient(`${server} cannot be found`, { cause: error });
    // No answer from a server at all: the mail itself is at fault.
    if (code === "EENVELOPE" || code === "EMESSAGE") return new Permanent(`The mail cannot be sent: ${said}`, { cause: error });
    return new Transient(`${server} broke the connection off`, { cause: error });
  }
}

/**
 * The calendar's own format, as mail programs take it: sender and recipient are organizer and attendee, and nobody else's address is in
 * it. Control characters go before the library escapes what the format knows; a bare carriage return is not among that.
 */
function calendarPart(entry: CalendarEntry, { from, to }: { from: string; to: string }): { method: string; filename: string; content: string } {
  const isCancelled = entry.method === "CANCEL";
  const [, name = "", address = from] = /^(.*?)\s*<([^<>]+)>$/.exec(from) ?? [];
  const calendar = ical({ prodId: "//MentorPlatform//MentorPlatform//EN", method: isCancelled ? ICalCalendarMethod.CANCEL : ICalCalendarMethod.REQUEST });
  calendar.createEvent({
    id: entry.uid,
    sequence: entry.sequence,
    start: entry.startsAt,
    end: entry.endsAt,
    summary: plain(entry.summary),
    description: plain(entry.description),
    ...(entry.url === null ? {} : { url: entry.url, location: plain(entry.url) }),
    status: isCancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    organizer: { name: plain(name) || "MentorPlatform", email: address },
    attendees: [{ name: plain(entry.attendeeName), email: to, role: ICalAttendeeRole.REQ, status: ICalAttendeeStatus.NEEDSACTION, rsvp: false }],
  });
  return { method: entry.method, filename: isCancelled ? "cancelled.ics" : "invitation.ics", content: calendar.toString() };
}

const plain = (text: string): string =>
  text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/(?!\n)\p{Cc}/gu, " ")
    .replaceAll('"', "'");

/** Accepts every mail and throws it away: for load tests and for installations that send none. */
export const sinkMailer: Mailer = {
  send(_mail, signal) {
    signal.throwIfAborted();
    return Promise.resolve({ accepted: true });
  },
};
