import express from "express";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, get, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CalendarEntry, Mail } from "../../src/domain/mail/mailer.ts";
import { EmbeddedSmtp } from "../../src/gateways/embedded-smtp.ts";
import { MailStore } from "../../src/gateways/mail-store.ts";
import { mailboxPage } from "../../src/gateways/mailbox-page.ts";
import { SmtpMailer, sinkMailer } from "../../src/gateways/smtp-mailer.ts";
import { Permanent, Transient } from "../../src/kernel/errors.ts";
import { silentLog } from "../../src/kernel/log.ts";
import { waitFor } from "../support/wait.ts";

const directory = mkdtempSync(join(tmpdir(), "mentorplatform-mail-"));
let smtp: EmbeddedSmtp;
let mailer: SmtpMailer;
let http: Server;
let base: string;
let number = 0;

const aMail = (over: Partial<Mail> = {}): Mail => ({
  to: "learner-0001@demo.example",
  subject: "Welcome",
  text: "Your place is confirmed.",
  messageId: `<run-${(number += 1)}@mentorplatform.example>`,
  ...over,
});
const patient = new AbortController().signal;
const send = (mail: Mail): Promise<unknown> => mailer.send(mail, patient);
const copies = (mail: Mail): number | undefined => smtp.store.list().find((stored) => stored.messageId === mail.messageId)?.copies;

beforeAll(async () => {
  smtp = await EmbeddedSmtp.start({ directory, port: 0, log: silentLog });
  mailer = new SmtpMailer({ url: smtp.url, from: "MentorPlatform <no-reply@mentorplatform.example>", connectTimeoutMs: 5_000, socketTimeoutMs: 5_000 });
  http = createServer(express().use(mailboxPage(smtp)));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterEach(() => smtp.clear());
afterAll(async () => {
  mailer.close();
  http.close();
  await smtp.stop();
  rmSync(directory, { recursive: true });
});

test("a mail arrives with its recipient, subject and text", async () => {
  const mail = aMail({ subject: "Willkommen – 欢迎", html: "<p>Your <b>place</b></p>" });
  await expect(send(mail)).resolves.toEqual({ accepted: true });
  const [stored] = smtp.store.list();
  expect(stored).toMatchObject({ recipients: [mail.to], subject: mail.subject, copies: 1, from: '"MentorPlatform" <no-reply@mentorplatform.example>' });
  expect(await smtp.store.read(stored?.id ?? "")).toEqual({
    text: expect.stringContaining("Your place is confirmed.") as string,
    html: expect.stringContaining("<b>place</b>") as string,
    calendar: null,
  });
});

test("the same Message-ID twice is one mail with two copies, also in a store that is opened anew", async () => {
  const mail = aMail();
  await send(mail);
  await send(mail);
  expect(copies(mail)).toBe(2);
  expect(new MailStore(directory).list().find((stored) => stored.messageId === mail.messageId)?.copies).toBe(2);
  expect(readdirSync(directory).filter((name) => name.endsWith(".part"))).toEqual([]);
});

test("refuse closes the port and opens the same one again", async () => {
  await send(aMail());
  const { port } = smtp;
  await smtp.play("refuse", 60);
  await expect(send(aMail())).rejects.toMatchObject({ name: "Transient", message: `The mail server at 127.0.0.1:${port} refused the connection` });
  await smtp.clear();
  expect(smtp.port).toBe(port);
  await send(aMail());
});

test("a fault ends by itself when its time is over", async () => {
  await smtp.play("refuse", 0.05);
  await waitFor(() => smtp.fault === null, { describe: "the fault to end" });
  const mail = aMail();
  await waitFor(() => send(mail), { describe: "the port to be open again" });
});

test.each(["421", "451"] as const)("%s is transient", async (mode) => {
  await smtp.play("refuse", 60);
  await smtp.play(mode, 60);
  const failure = send(aMail());
  await expect(failure).rejects.toBeInstanceOf(Transient);
  await expect(failure).rejects.toThrow(/asks to try later: 4/);
});

test("550 is permanent, and only for the address it is played for", async () => {
  await smtp.play("550", 60, "learner-0001@demo.example");
  const failure = send(aMail());
  await expect(failure).rejects.toBeInstanceOf(Permanent);
  await expect(failure).rejects.toThrow(/refused the mail: .*550/);
  await send(aMail({ to: "learner-0002@demo.example" }));
});

test("hang is given up after the silence that is allowed", async () => {
  await smtp.play("hang", 60);
  await expect(send(aMail())).rejects.toMatchObject({ name: "Transient", message: `The mail server at 127.0.0.1:${smtp.port} did not answer in time` });
});

test("an aborted signal ends the wait at once", async () => {
  await smtp.play("hang", 60);
  const control = new AbortController();
  const waiting = mailer.send(aMail(), control.signal);
  control.abort();
  await expect(waiting).rejects.toBeInstanceOf(Transient);
});

test("slow is slow and succeeds", async () => {
  const slow = new SmtpMailer({ url: smtp.url, from: "no-reply@mentorplatform.example" });
  await smtp.play("slow", 60);
  await expect(slow.send(aMail(), patient)).resolves.toEqual({ accepted: true });
  slow.close();
});

test("drop-reply keeps the mail although the sender is told nothing, so the retry is a copy", async () => {
  const mail = aMail();
  await smtp.play("drop-reply", 60);
  await expect(send(mail)).rejects.toBeInstanceOf(Transient);
  await smtp.clear();
  await send(mail);
  expect(copies(mail)).toBe(2);
});

test("a host that does not exist is transient", async () => {
  const nowhere = new SmtpMailer({ url: "smtp://mail.invalid:25", from: "a@b.example" });
  await expect(nowhere.send(aMail(), patient)).rejects.toThrow(/mail\.invalid:25 cannot be found/);
  nowhere.close();
});

test("the sink accepts everything", async () => {
  await expect(sinkMailer.send(aMail(), patient)).resolves.toEqual({ accepted: true });
});

describe("the page", () => {
  test("lists mails as HTML and as JSON, newest first", async () => {
    await send(aMail({ subject: "older" }));
    await send(aMail({ subject: "<script>alert(1)</script>" }));
    const html = await fetch(`${base}/dev/mail`, { headers: { accept: "text/html" } });
    const text = await html.text();
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(text).not.toContain("<script>");
    expect(html.headers.get("content-security-policy")).toContain("default-src 'none'");
    const listed = (await (await fetch(`${base}/dev/mail.json`)).json()) as { mails: { subject: string; id: string }[] };
    expect(listed.mails.slice(0, 2).map((mail) => mail.subject)).toEqual(["<script>alert(1)</script>", "older"]);
    const one = await (await fetch(`${base}/dev/mail/${listed.mails[0]?.id}`, { headers: { accept: "text/html" } })).text();
    expect(one).toContain("<pre>Your place is confirmed.");
    expect((await fetch(`${base}/dev/mail/..%2f..%2fetc`)).status).toBe(404);
  });

  test("shows HTML mails in a frame without rights", async () => {
    await send(aMail({ html: "<script>alert('html')</script><b>hi</b>" }));
    const [mail] = smtp.store.list();
    const text = await (await fetch(`${base}/dev/mail/${mail?.id}`, { headers: { accept: "text/html" } })).text();
    expect(text).toContain('<iframe sandbox="" title="The mail as HTML" srcdoc="&lt;script&gt;');
  });

  test("starts and ends faults, and says what is wrong with an input", async () => {
    const post = async (body: string, type = "application/json"): Promise<{ status: number; body: unknown }> => {
      const response = await fetch(`${base}/dev/mail/faults`, { method: "POST", headers: { "content-type": type }, body });
      return { status: response.status, body: await response.json() };
    };
    expect(await post('{"mode":"550","seconds":40,"address":"learner-0001@demo.example"}')).toEqual({
      status: 200,
      body: { fault: { mode: "550", address: "learner-0001@demo.example", secondsLeft: 40 } },
    });
    expect(await post('{"mode":"none"}')).toEqual({ status: 200, body: { fault: null } });
    expect(await post('{"mode":"explode","seconds":-1}')).toMatchObject({ status: 400, body: { errors: [{ field: "mode" }, { field: "seconds" }] } });
    expect(await post("{")).toMatchObject({ status: 400, body: { error: "Expected a small JSON object" } });
    expect(await post("mode=refuse", "application/x-www-form-urlencoded")).toMatchObject({ status: 415 });
  });

  test("does not answer under a foreign name", async () => {
    const { port } = http.address() as AddressInfo;
    const status = await new Promise<number>((resolve, reject) => {
      get({ host: "127.0.0.1", port, path: "/dev/mail", headers: { host: "attacker.example" } }, (response) => resolve(response.resume().statusCode ?? 0)).on(
        "error",
        reject,
      );
    });
    expect(status).toBe(403);
  });
});

test("a calendar entry arrives as an invitation that names organizer and recipient, and nothing that people wrote adds a line to it", async () => {
  const calendar = {
    method: "REQUEST" as CalendarEntry["method"],
    uid: "s1@mentorplatform.invalid",
    sequence: 3,
    startsAt: new Date("2027-03-01T10:00:00Z"),
    endsAt: new Date("2027-03-01T11:00:00Z"),
    summary: "Session with Eve\r\nATTENDEE:mailto:all@demo.example\u0000",
    description: "About; commas, and\rX-EVIL:1\u2028or this",
    url: "https://meet.example/s1",
    attendeeName: 'Fi "\r\nORGANIZER:mailto:eve@demo.example',
  };
  const entryOf = async (over: Partial<CalendarEntry> = {}): Promise<{ raw: string; entry: string }> => {
    await smtp.clear();
    const mail = aMail({ calendar: { ...calendar, ...over } });
    await send(mail);
    const raw = readFileSync(join(directory, `${smtp.store.list().find(({ messageId }) => messageId === mail.messageId)?.id}.eml`), "utf8");
    const part = /content-type: text\/calendar[^]*?\r\n\r\n([^]*?)\r\n--/i.exec(raw);
    const text = /content-transfer-encoding: base64/i.test(part?.[0] ?? "")
      ? Buffer.from(part?.[1] ?? "", "base64").toString("utf8")
      : (part?.[1] ?? "").replaceAll(/=\r\n/g, "").replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return { raw, entry: text.replaceAll(/\r\n[ \t]/g, "") };
  };
  const { raw, entry } = await entryOf();
  expect(raw).toMatch(/content-type: text\/calendar; charset=utf-8; method=REQUEST/i);
  const lines = entry.split(/\r\n|\r|\n|\u2028/);
  const of = (name: string): string[] => lines.filter((line) => line.startsWith(name));
  expect(of("METHOD")).toEqual(["METHOD:REQUEST"]);
  expect(of("UID")).toEqual(["UID:s1@mentorplatform.invalid"]);
  expect(of("SEQUENCE")).toEqual(["SEQUENCE:3"]);
  expect([...of("DTSTART"), ...of("DTEND")]).toEqual(["DTSTART:20270301T100000Z", "DTEND:20270301T110000Z"]);
  expect(of("ATTENDEE")).toHaveLength(1);
  expect(of("ATTENDEE")[0]?.toLowerCase()).toContain("mailto:learner-0001@demo.example");
  expect(of("ORGANIZER")).toEqual(['ORGANIZER;CN="MentorPlatform":mailto:no-reply@mentorplatform.example']);
  expect(of("X-EVIL")).toEqual([]);
  expect(entry).not.toContain("\0");
  const cancelled = await entryOf({ method: "CANCEL", sequence: 4 });
  expect(cancelled.entry).toContain("METHOD:CANCEL");
  expect(cancelled.entry).toContain("STATUS:CANCELLED");

  const [{ id } = { id: "" }] = smtp.store.list();
  const shown = (await (await fetch(`${base}/dev/mail/${id}`, { headers: { accept: "application/json" } })).json()) as { calendar: string };
  expect(shown.calendar).toMatch(/METHOD:CANCEL[^]*SEQUENCE:4/);
  expect(await (await fetch(`${base}/dev/mail/${id}`, { headers: { accept: "text/html" } })).text()).toContain("<h2>For the calendar</h2><pre>BEGIN:VCALENDAR");
});
