import AxeBuilder from "@axe-core/playwright";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import net from "node:net";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { startProgram, type Program } from "../support/process.ts";
import { startedDirectory } from "../support/started-directory.ts";
import { waitFor } from "../support/wait.ts";

/** Chromium without windows; the caller closes it. */
export const launchBrowser = (): Promise<Browser> => chromium.launch({ executablePath, args });

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
if (!hasBrowser && process.env["CI"] === "true") throw new Error(`Expected ${executablePath}, which CI installs`);

/** A test that needs Chromium; without it, it is skipped, and one line says so. */
export const inBrowser = hasBrowser ? test : test.skip;

interface OpenOptions {
  /** Default: light. */
  readonly theme?: "light" | "dark";
  /** Default: 1280. */
  readonly width?: number;
}

export interface Browsing {
  /** Where the pages are. */
  base(): string;
  /** A window of somebody else: no cookies, no storage of the others. */
  open(path: string, options?: OpenOptions): Promise<Page>;
  /** Breaks every connection between the browser and the program; what the pages say of that is not held against them. */
  cut(): void;
  /** The mail server refuses connections, until it is mended. */
  breakMail(): Promise<void>;
  mendMail(): Promise<void>;
  /** SIGKILL for the program, and another one in its place. */
  restart(): Promise<void>;
}

const isAboutTheConnection = (text: string): boolean => /WebSocket connection|Failed to load resource|ERR_/.test(text);

/** The page of the browser that shows a PDF, say, or what is in no request. */
const isOfBrowser = (url: string): boolean => /^(data|blob|chrome|chrome-extension):/.test(url);

/** The compiled program with the demo data, and a browser that reaches it through a place where connections can be cut; for all tests of a file. */
export function browsing(env: Readonly<Record<string, string>> = {}): Browsing {
  if (!hasBrowser) process.stderr.write(`The pages are not tested in a browser: there is no ${executablePath} (apt-get install chromium).\n`);
  let [program, browser] = [null as Program | null, null as Browser | null];
  let dataDirectory = "";
  const contexts: BrowserContext[] = [];
  /** What a page said that nobody should have to read. */
  const complaints: string[] = [];
  const sockets = new Set<net.Socket>();
  let [port, isCut] = [0, false];
  const between = net.createServer((client) => {
    const server = net.connect(port, "127.0.0.1");
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => undefined).on("close", () => (sockets.delete(one), other.destroy()));
      one.pipe(other);
    }
  });
  const portOf = (server: net.Server): number => (server.address() as net.AddressInfo).port;
  const base = (): string => `http://127.0.0.1:${portOf(between)}`;
  const start = async (): Promise<void> => {
    program = await startProgram({
      DATA_DIR: dataDirectory,
      SEED: "demo",
      BACKGROUND_CHECK_DELAY_MS: "200",
      MAIL_MODE: "embedded",
      PUBLIC_URL: base(),
      PORT: String(port),
      ...env,
    });
  };

  beforeAll(async () => {
    if (!hasBrowser) return;
    const free = net.createServer().listen(0, "127.0.0.1");
    between.listen(0, "127.0.0.1");
    await Promise.all([once(free, "listening"), once(between, "listening")]);
    port = portOf(free);
    await once(free.close(), "close");
    dataDirectory = await startedDirectory("demo");
    [browser] = await Promise.all([launchBrowser(), start()]);
  }, 120_000);
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    isCut = false;
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await program?.stop();
    between.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  const playMail = async (fault: object): Promise<void> => {
    const headers = { "content-type": "application/json" };
    await fetch(`${base()}/dev/mail/faults`, { method: "POST", headers, body: JSON.stringify(fault) });
  };

  return {
    base,
    breakMail: () => playMail({ mode: "refuse", seconds: 600 }),
    mendMail: () => playMail({ mode: "none" }),
    async open(path, { theme = "light", width = 1_280 } = {}) {
      const context = await (browser as Browser).newContext({
        viewport: { width, height: 900 },
        colorScheme: theme,
        reducedMotion: "reduce",
        locale: "en-GB",
        timezoneId: "Europe/Berlin",
      });
      contexts.push(context);
      context.on("console", (message) => {
        const { url } = message.location();
        if (["error", "warning"].includes(message.type()) && !isOfBrowser(url) && !(isCut && isAboutTheConnection(message.text())))
          complaints.push(`${message.text()} ${url}`);
      });
      context.on("weberror", (error) => complaints.push(error.error().stack ?? error.error().message));
      context.on("request", (request) => {
        if (!isOfBrowser(request.url()) && !request.url().startsWith(base())) complaints.push(`asked ${request.url()}`);
      });
      const page = await context.newPage();
      await page.goto(base() + path);
      return page;
    },
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    async restart() {
      isCut = true;
      await program?.kill();
      await start();
    },
  };
}

export async function signIn(page: Page, account: string, password = `demo-password-${account.slice(-4)}`): Promise<void> {
  await page.getByLabel("Email").fill(`${account}@demo.example`);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Once everything is there, the page has no fault of accessibility, and is no wider than the window. */
export async function requireAccessible(page: Page, what: string): Promise<void> {
  await waitFor(async () => (await page.locator("[aria-busy]").count()) === 0);
  // What passes is not listed, and frames are left out, so that it need not go to a page of its own to put their parts together: both are most of the work.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode()
    .options({ resultTypes: ["violations"] })
    .exclude("iframe")
    .analyze();
  expect(violations.map(({ id, nodes }) => `${what} ${id}: ${nodes[0]?.html}`)).toEqual([]);
  expect([what, await page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)")]).toEqual([what, 0]);
}
