import { escapeHtml, mailText, oneLine, paragraph } from "./mail-text.ts";

test("inserted values are escaped in HTML and untouched in plain text", () => {
  const mail = mailText("Hello", [paragraph`Dear ${`<b>O'Nar & "Co"</b>`}, welcome < home`]);
  expect(mail.html).toContain("<p>Dear &lt;b&gt;O&#39;Nar &amp; &quot;Co&quot;&lt;/b&gt;, welcome &lt; home</p>");
  expect(mail.text).toBe(`Dear <b>O'Nar & "Co"</b>, welcome < home\n`);
});

test.each(["\r\n", "\n", "\r", "\u2028", "\u2029", "\u0085", "\0", "\v", "\f"])("a title with the line end %j cannot start a header", (lineEnd) => {
  const { subject } = mailText(`Welcome to Parsers${lineEnd}Bcc: everybody@demo.example`, []);
  expect(subject).toBe("Welcome to Parsers Bcc: everybody@demo.example");
});

test("a name with line ends cannot draw a paragraph into the mail", () => {
  const mail = mailText("Hello", [paragraph`Hello ${"Fi\r\n\r\nYour account is closed, write to x@demo.example"},`]);
  expect(mail.text).toBe("Hello Fi Your account is closed, write to x@demo.example,\n");
});

test("marks that turn the writing direction are dropped, letters of every script are kept", () => {
  expect(oneLine("\u202Egnp.exe\u202C ")).toBe("gnp.exe");
  expect(oneLine("  توول بابا · 石木 · Delur 🌱 ")).toBe("توول بابا · 石木 · Delur 🌱");
});

test("every character with a meaning in HTML is escaped", () => {
  expect(escapeHtml(`&<>"'`)).toBe("&amp;&lt;&gt;&quot;&#39;");
});
