import { json, Router, type NextFunction, type Request, type Response } from "express";
import { z } from "zod";
import { devGuard } from "./dev-guard.ts";
import { mailFaults, type EmbeddedSmtp } from "./embedded-smtp.ts";
import type { MailContent, StoredMail } from "./mail-store.ts";

const listLength = 200;

const faultInput = z.strictObject({
  mode: z.enum([...mailFaults, "none"]),
  seconds: z.number().positive().max(3_600).optional(),
  address: z.email().optional(),
});

/**
 * The mailbox of the embedded mail server: GET /dev/mail, /dev/mail/:id, both also as JSON (/dev/mail.json, or by Accept), and
 * POST /dev/mail/faults `{"mode": "refuse", "seconds": 40}` to break it for a while.
 *
 * @param hosts names by which this server may be called, besides those of the loopback address
 */
export function mailboxPage(smtp: EmbeddedSmtp, hosts: readonly string[] = []): Router {
  const router = Router();

  router.use(["/dev/mail", "/dev/mail.json"], devGuard(hosts));

  router.get("/dev/mail.json", (_request, response) => {
    response.json(listing(smtp));
  });
  router.get("/dev/mail", (request, response) => {
    if (request.accepts("html", "json") === "json") response.json(listing(smtp));
    else response.type("html").send(page("Mailbox", listPage(smtp)));
  });
  router.post("/dev/mail/faults", json({ limit: "4kb" }), (request, response, next) => {
    play(smtp, request, response).catch(next);
  });
  router.get("/dev/mail/:id", (request, response, next) => {
    show(smtp, request, response).catch(next);
  });
  router.use("/dev/mail", (error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const status = (error as { status?: unknown }).status;
    const client = typeof status === "number" && status < 500;
    response.status(client ? status : 500).json({ error: client ? "Expected a small JSON object" : "The mailbox has failed" });
  });
  return router;
}

const listing = (smtp: EmbeddedSmtp): object => ({ count: smtp.store.count, fault: smtp.fault, mails: smtp.store.list().slice(0, listLength) });

async function play(smtp: EmbeddedSmtp, request: Request, response: Response): Promise<void> {
  // Asking for this content type keeps forms of foreign pages out.
  if (request.is("application/json") === false) return void response.status(415).json({ error: "Expected Content-Type: application/json" });
  const input = faultInput.safeParse(request.body);
  if (!input.success) {
    const errors = input.error.issues.map((issue) => ({ field: issue.path.join(".") || null, message: issue.message }));
    return void response.status(400).json({ error: `Expected {"mode", "seconds", "address"?} with mode one of ${mailFaults.join(", ")}, none`, errors });
  }
  const { mode, seconds = 30, address = null } = input.data;
  if (mode === "none") await smtp.clear();
  else await smtp.play(mode, seconds, address);
  response.json({ fault: smtp.fault });
}

async function show(smtp: EmbeddedSmtp, request: Request, response: Response): Promise<void> {
  const mail = smtp.store.find(String(request.params["id"]));
  const content = mail === null ? null : await smtp.store.read(mail.id);
  if (mail === null || content === null) return void response.status(404).json({ error: "There is no such mail" });
  if (request.accepts("html", "json") === "json") return void response.json({ ...mail, ...content });
  response.type("html").send(page(mail.subject, mailPage(mail, content)));
}

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");

function listPage(smtp: EmbeddedSmtp): string {
  const mails = smtp.store.list();
  const fault = smtp.fault;
  const notice =
    fault === null
      ? ""
      : `<p class="fault">Playing <b>${fault.mode}</b>${fault.address === null ? "" : ` for ${escape(fault.address)}`}, ${fault.secondsLeft} s more</p>`;
  const rows = mails
    .slice(0, listLength)
    .map(
      (mail) =>
        `<tr><td>${escape(mail.recipients.join(", "))}</td><td><a href="/dev/mail/${mail.id}">${escape(mail.subject) || "(no subject)"}</a></td><td><time>${mail.receivedAt}</time></td><td>${mail.copies}</td></tr>`,
    )
    .join("\n");
  const table =
    mails.length === 0
      ? "<p>No mail yet.</p>"
      : `<table><thead><tr><th>To</th><th>Subject</th><th>Arrived</th><th>Copies</th></tr></thead><tbody>${rows}</tbody></table>`;
  const more = mails.length > listLength ? `<p>The newest ${listLength} of ${mails.length}.</p>` : "";
  return `<h1>Mailbox</h1><p>Mails of the embedded mail server. Nothing here has left this machine.</p>${notice}${table}${more}`;
}

// The frame has no rights at all: no scripts, no forms, no links out, and an origin of its own.
const mailPage = (mail: StoredMail, content: MailContent): string => `<p><a href="/dev/mail">Mailbox</a></p><h1>${escape(mail.subject) || "(no subject)"}</h1>
<dl><dt>From</dt><dd>${escape(mail.from)}</dd><dt>To</dt><dd>${escape(mail.recipients.join(", "))}</dd><dt>Arrived</dt><dd>${mail.receivedAt}, ${mail.copies === 1 ? "once" : `${mail.copies} times`}</dd><dt>Message-ID</dt><dd>${escape(mail.messageId)}</dd></dl>
<pre>${escape(content.text)}</pre>${content.html === null ? "" : `<iframe sandbox="" title="The mail as HTML" srcdoc="${escape(content.html)}"></iframe>`}
${content.calendar === null ? "" : `<h2>For the calendar</h2><pre>${escape(content.calendar)}</pre>`}`;

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title>
<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8884}pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:1rem;border:1px solid #8884;border-radius:6px}iframe{width:100%;height:30rem;border:1px solid #8884;border-radius:6px;background:#fff}dt{font-weight:600}dd{margin:0 0 .4rem}.fault{padding:.5rem 1rem;border-left:4px solid #c60}</style></head>
<body>${body}</body></html>`;
