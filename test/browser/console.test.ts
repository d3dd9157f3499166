import AxeBuilder from "@axe-core/playwright";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { startProgram, type Program } from "../support/process.ts";

const executablePath = "/usr/bin/chromium";
const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const hasBrowser = existsSync(executablePath);
if (!hasBrowser) process.stderr.write(`The console is not tested in a browser: there is no ${executablePath} (apt-get install chromium).\n`);
if (!hasBrowser && process.env["CI"] === "true") throw new Error(`Expected ${executablePath}, which CI installs`);

let [program, browser] = [null as Program | null, null as Browser | null];
const dataDirectory = mkdtempSync(join(tmpdir(), "mentorplatform-browser-"));
const contexts: BrowserContext[] = [];
/** What a page said that nobody should have to read. */
const complaints: string[] = [];

beforeAll(async () => {
  if (!hasBrowser) return;
  [program, browser] = await Promise.all([
    startProgram({ DATA_DIR: dataDirectory, SEED: "demo", MAIL_MODE: "embedded" }),
    chromium.launch({ executablePath, args }),
  ]);
}, 120_000);
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  expect(complaints.splice(0)).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  await program?.stop();
  rmSync(dataDirectory, { recursive: true, force: true });
});

const base = (): string => new URL(program?.ready.urls?.console ?? "").origin;

async function open(options: { theme?: "light" | "dark"; width?: number } = {}): Promise<Page> {
  const context = await (browser as Browser).newContext({
    viewport: { width: options.width ?? 1_280, height: 900 },
    colorScheme: options.theme ?? "light",
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
  });
  contexts.push(context);
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => !request.url().startsWith(base()) && !request.url().startsWith("data:") && complaints.push(`asked ${request.url()}`));
  await page.goto(`${base()}/console`);
  return page;
}

async function signIn(page: Page, account = "operator-0001", password = "demo-password-0001"): Promise<void> {
  await page.getByLabel("Email").fill(`${account}@demo.example`);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

const inBrowser = hasBrowser ? test : test.skip;

inBrowser("a wrong password is told at the form, which keeps what was typed; whoever is no operator is told so", async () => {
  const page = await open();
  await signIn(page, "operator-0001", "wrong-password-0001");
  await page.getByText("Address and password do not belong together").waitFor();
  expect(await page.getByLabel("Email").inputValue()).toBe("operator-0001@demo.example");
  await signIn(page, "learner-0001");
  await page.getByRole("heading", { name: "This page needs the role operator." }).waitFor();
});

inBrowser("a stuck saga is found from the overview in two clicks, says why, is begun again with a note, and the audit has it", async () => {
  const page = await open();
  await signIn(page);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page
    .getByRole("link", { name: /CourseEnrollment/ })
    .first()
    .click();
  await page.getByText("Why is it here?").waitFor();
  await page.getByText(/GrantingAccess stands since/).waitFor();
  expect(await page.locator('[data-state="GrantingAccess"]').getAttribute("data-reached")).toBe("now");
  const other = await contexts[0]?.newPage();
  await other?.goto(page.url());
  await other?.getByText("Why is it here?").waitFor();

  await page.getByRole("button", { name: "Retry" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("GrantCourseAccessCommand").waitFor();
  await dialog.getByLabel("Note for the audit log").fill("The column is there again");
  await dialog.getByRole("button", { name: "Retry" }).click();
  // Both windows see it without being asked to look again.
  for (const one of [page, other]) await one?.getByRole("heading", { level: 1, name: /Completed/ }).waitFor();
  await page.getByRole("link", { name: "Audit" }).click();
  await page.getByText("The column is there again").waitFor();
});

inBrowser("filters stand in the address and outlive a reload; a list has a button that stops it", async () => {
  const page = await open();
  await signIn(page);
  await page.getByRole("link", { name: "Sagas", exact: true }).click();
  await page.getByRole("button", { name: /^Waiting/ }).click();
  await page.waitForURL(/status=WAITING/);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: /Resume/ }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: /^Waiting/, pressed: true }).waitFor();
  await page.locator("tr[data-saga]").first().waitFor();
  expect(await page.locator("tr[data-saga]", { hasNotText: "Waiting" }).count()).toBe(0);
});

const pages = ["/console", "/console/sagas", "/console/dead", "/console/queues", "/console/definitions", "/console/workers", "/console/audit"];

// Colours do not depend on the width.
inBrowser.each([
  ["light", 1_280],
  ["dark", 390],
] as const)(
  "no page has a fault of accessibility, in %s at %d px, and none is wider than the window",
  async (theme, width) => {
    const page = await open({ theme, width });
    await signIn(page);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    for (const path of pages) {
      await page.goto(`${base()}${path}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.locator("[aria-busy]").waitFor({ state: "detached" });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${path} ${id}: ${nodes[0]?.html}`)).toEqual([]);
      expect([path, await page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)")]).toEqual([path, 0]);
    }
  },
  180_000,
);
