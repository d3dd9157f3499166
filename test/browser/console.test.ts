import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { waitFor } from "../support/wait.ts";
import { browsing, inBrowser, requireAccessible, signIn } from "./browser.ts";

const { base, open, cut, restart, breakMail, mendMail } = browsing();

async function ask<T>(query: string, variables: Record<string, unknown> = {}, token?: string): Promise<T> {
  const answer = await fetch(`${base()}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await answer.json()) as { data: T; errors?: unknown };
  expect(errors).toBeUndefined();
  return data;
}

let learners = 0;
/** So many sagas, each of another learner, in the course that has the most seats left. */
async function enroll(count: number): Promise<string[]> {
  const { courses } = await ask<{ courses: { nodes: { id: string; capacity: number | null; seatsTaken: number }[] } }>(
    "{ courses(filter: { openForEnrollment: true }, first: 100) { nodes { id capacity seatsTaken } } }",
  );
  const left = (course: (typeof courses.nodes)[number]): number => (course.capacity ?? Number.POSITIVE_INFINITY) - course.seatsTaken;
  const [course] = courses.nodes.toSorted((a, b) => left(b) - left(a));
  const sagas: string[] = [];
  while (sagas.length < count) {
    const number = String(++learners).padStart(4, "0");
    const { signIn: signed } = await ask<{ signIn: { accessToken: string } }>(
      "mutation ($email: EmailAddress!, $password: String!) { signIn(email: $email, password: $password) { accessToken } }",
      { email: `learner-${number}@demo.example`, password: `demo-password-${number}` },
    );
    const { enrollInCourse } = await ask<{ enrollInCourse: { saga: { id: string } | null } }>(
      "mutation ($course: ID!, $key: String!) { enrollInCourse(courseId: $course, idempotencyKey: $key) { saga { id } } }",
      { course: course?.id, key: `browser-${number}` },
      signed.accessToken,
    );
    // Of the made-up learners some are in the course already.
    if (enrollInCourse.saga !== null) sagas.push(enrollInCourse.saga.id);
  }
  return sagas;
}

async function openConsole(path: string, options: Parameters<typeof open>[1] = {}): Promise<Page> {
  const page = await open(path, options);
  await signIn(page, "operator-0001");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.getByRole("navigation", { name: "Console" }).waitFor();
  return page;
}

const rows = (page: Page) => page.locator("tr[data-saga]");
const note = "The mail server is back";

afterEach(() => mendMail().catch(() => undefined));

inBrowser("a list that is stopped stands still whatever happens, says how much waits, and goes on with it", async () => {
  const page = await openConsole("/console/sagas");
  await rows(page).first().waitFor();
  await page.keyboard.press("p");
  await page.getByText("Paused, 0 changes waiting").waitFor();
  const before = await page.locator("main").innerText();
  const sagas = await enroll(3);
  await page.getByText("Paused, 3 changes waiting").waitFor();
  await page.evaluate("dispatchEvent(new Event('focus')); document.dispatchEvent(new Event('visibilitychange'))");
  expect(await page.locator("main").innerText()).toBe(before);
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByText("Live", { exact: true }).waitFor();
  // What is new does not move the table by itself.
  await page.getByRole("button", { name: "Show 3 new" }).waitFor();
  expect(await page.locator(`[data-saga="${sagas[0]}"]`).count()).toBe(0);
  await page.getByRole("button", { name: "Show 3 new" }).click();
  for (const id of sagas) await page.locator(`[data-saga="${id}"]`).waitFor();
});

inBrowser("many sagas are retried at once: it says which of them can be, and what became of them", async () => {
  await breakMail();
  const sagas = await enroll(5);
  const page = await openConsole("/console/sagas?status=RETRYING");
  const more = page.getByRole("button", { name: /^Show \d/ });
  const areThere = async (): Promise<boolean> => {
    if (await more.isVisible()) await more.click();
    return (await rows(page).count()) === 5;
  };
  await waitFor(areThere, { timeoutMs: 30_000, describe: () => rows(page).allInnerTexts() });
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.getByRole("toolbar").getByText("1 selected").waitFor();
  await page.keyboard.press("x");
  await page.getByRole("toolbar").waitFor({ state: "detached" });
  await page.getByLabel("Select all that are shown").check();
  await page.getByRole("toolbar").getByText("5 selected").waitFor();
  await page.getByRole("toolbar").getByRole("button", { name: "Retry…" }).click();
  const dialog = page.getByRole("dialog", { name: "Retry 5 of 5 sagas?" });
  await dialog.getByLabel("Note for the audit log").fill(note);
  await dialog.getByRole("button", { name: "Retry 5" }).click();
  await page.getByText("0 done · 0 stuck again · 5 under way").waitFor();
  await mendMail();
  await page.getByText("5 done · 0 stuck again").waitFor();
  for (const id of sagas) await page.locator(`[data-saga="${id}"]`, { hasText: "Completed" }).waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();

  // Nothing can be done to what has ended, and that is said before anything is done.
  await page.getByLabel("Select all that are shown").check();
  await page.getByRole("toolbar").getByRole("button", { name: "Cancel…" }).click();
  const none = page.getByRole("dialog", { name: "Cancel 0 of 5 sagas?" });
  await none.getByText("5 cannot").waitFor();
  await none.getByLabel("Note for the audit log").fill(note);
  expect(await none.getByRole("button", { name: "Cancel 0" }).isDisabled()).toBe(true);
  await none.getByRole("button", { name: "Close" }).last().click();
  await page.goto(`${base()}/console/audit`);
  await waitFor(async () => (await page.getByText(note).count()) === 5);
});

inBrowser("dead letters are redriven: the dialog counts them, and what became of them stays until it is dismissed", async () => {
  const page = await openConsole("/console/dead");
  await page
    .getByRole("link", { name: /request-background-check/ })
    .first()
    .click();
  await page.getByRole("button", { name: "Redrive 1…" }).click();
  const dialog = page.getByRole("dialog", { name: "Redrive 1 to request-background-check?" });
  await dialog.getByText("1 of 1").waitFor();
  await dialog.getByLabel("Note for the audit log").fill(note);
  await dialog.getByRole("button", { name: "Redrive 1" }).click();
  await page.getByRole("region", { name: "Moved 1" }).getByText("1 done · 0 stuck again").waitFor();
  await page.locator(".groups", { hasText: "request-background-check" }).waitFor({ state: "detached" });
  await page.getByRole("region", { name: "Moved 1" }).waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();
  await page.getByRole("region", { name: "Moved 1" }).waitFor({ state: "detached" });
});

inBrowser("the console is led by keys, which mean nothing where something is typed", async () => {
  const page = await openConsole("/console");
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.waitForURL(/\/console\/sagas/);
  await rows(page).nth(2).waitFor();
  const ids = await rows(page).evaluateAll((all) => all.map((row) => row.getAttribute("data-saga") ?? ""));
  // The address is there before the page.
  const shown = (id = "none") => page.getByRole("heading", { level: 1, name: id.slice(-8) }).waitFor();
  for (const key of ["j", "j", "j", "k", "Enter"]) await page.keyboard.press(key);
  await shown(ids[1]);
  await page.getByRole("link", { name: "Next saga of the list" }).waitFor();
  await page.keyboard.press("]");
  await shown(ids[2]);
  await page.keyboard.press("[");
  await shown(ids[1]);
  await page.keyboard.press("t");
  expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("t");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog", { name: "Find" }).waitFor();
  await page.keyboard.type("gst?[");
  expect(await page.getByRole("dialog").getByRole("textbox").inputValue()).toBe("gst?[");
  expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
});

const sequences = async (page: Page): Promise<number[]> => (await page.locator("tr[data-kind] td:first-child").allInnerTexts()).map(Number);

/** The page has every event of the saga, each once. */
async function expectWhole(page: Page, id: string): Promise<void> {
  const shown = await sequences(page);
  expect(shown).toEqual(shown.map((_, index) => index + 1));
  await page.goto(`${base()}/console/sagas/${id}?tab=events`);
  await page.locator("tr[data-kind]").first().waitFor();
  expect(await sequences(page)).toEqual(shown);
}

inBrowser(
  "connections that break again and again leave no gap in two windows: every event is there once, and the page says when it is not connected",
  async () => {
    await breakMail();
    const [id = ""] = await enroll(1);
    const windows = [await openConsole(`/console/sagas/${id}?tab=events`), await openConsole(`/console/sagas/${id}?tab=events`)] as const;
    for (const page of windows) await page.getByRole("heading", { level: 1, name: /Retrying/ }).waitFor();
    const [page] = windows;
    const lost = page.getByText(/^Connection lost, trying again in/).waitFor();
    const until = performance.now() + 6_000;
    const cutting = setInterval(cut, 150);
    await lost;
    await waitFor(() => performance.now() > until);
    clearInterval(cutting);
    await mendMail();
    for (const one of windows) {
      await one.getByText("Live", { exact: true }).waitFor({ timeout: 20_000 });
      await one.getByRole("heading", { level: 1, name: /Completed/ }).waitFor({ timeout: 60_000 });
      await waitFor(async () => (await one.locator("tr[data-kind]").allInnerTexts()).some((text) => text.includes("EnrollmentCompleted")));
      await expectWhole(one, id);
    }
  },
  120_000,
);

inBrowser(
  "the server is killed and started again while a saga is looked at: the page goes on by itself, with every event once",
  async () => {
    await breakMail();
    const [id = ""] = await enroll(1);
    const page = await openConsole(`/console/sagas/${id}?tab=events`);
    await page.getByRole("heading", { level: 1, name: /Retrying/ }).waitFor();
    // The mail server of the next process works.
    const started = restart();
    await page.getByText(/^Connection lost, trying again in/).waitFor();
    // What is known is still there.
    await page.getByRole("heading", { level: 1, name: /Retrying/ }).waitFor();
    await started;
    await page.getByText("Live", { exact: true }).waitFor({ timeout: 20_000 });
    await page.getByRole("heading", { level: 1, name: /Completed/ }).waitFor({ timeout: 60_000 });
    await waitFor(async () => (await page.locator("tr[data-kind]").allInnerTexts()).some((text) => text.includes("EnrollmentCompleted")));
    await expectWhole(page, id);
  },
  120_000,
);

inBrowser("after a connection was lost, a page says when the server has come with another one", async () => {
  const page = await openConsole("/console/sagas");
  await page.getByText("Live", { exact: true }).waitFor();
  const bar = page.getByText("A new version is running.");
  cut();
  await page.getByText(/^Connection lost/).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  expect(await bar.count()).toBe(0);
  await page.route("**/console", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replaceAll(/assets\/index-[\w-]+\.js/g, "assets/index-another.js") });
  });
  cut();
  await bar.waitFor();
  await page.unroute("**/console");
  await page.getByRole("button", { name: "Reload" }).click();
  await page.getByRole("heading", { level: 1, name: "Sagas" }).waitFor();
  expect(await bar.count()).toBe(0);
});

inBrowser("a page that nobody has looked at for a minute follows nothing, and goes on from where it stood when it is looked at again", async () => {
  const page = await openConsole("/console/sagas");
  await page.getByText("Live", { exact: true }).waitFor();
  await rows(page).first().waitFor();
  await page.clock.install();
  const sent: { type: string; payload?: { query: string; variables: { after: string | null } } }[] = [];
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(JSON.parse(payload.toString()) as (typeof sent)[number])));
  cut();
  const subscribed = () => sent.filter(({ type, payload }) => type === "subscribe" && payload?.query.includes("subscription SagaActivity") === true);
  const look = (isHidden: boolean): Promise<unknown> =>
    page.evaluate(
      `Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true }); document.dispatchEvent(new Event("visibilitychange"))`,
    );
  await page.clock.runFor(1_000);
  await waitFor(() => subscribed().length >= 2);
  const before = subscribed().length;
  await look(true);
  await page.clock.runFor(50_000);
  expect(sent.filter(({ type }) => type === "complete")).toEqual([]);
  await page.clock.runFor(11_000);
  await waitFor(() => sent.filter(({ type }) => type === "complete").length >= 2);
  const [id] = await enroll(1);
  expect(subscribed()).toHaveLength(before);
  await look(false);
  await waitFor(() => subscribed().length >= before + 2);
  expect(subscribed().at(-1)?.payload?.variables.after).toMatch(/./);
  await page.clock.runFor(1_000);
  await page.getByRole("button", { name: /^Show \d/ }).click();
  await page.locator(`[data-saga="${id}"]`).waitFor();
});

inBrowser("a queue has a page of its own, with its past, who takes from it and what to paste; it is paused there and goes on", async () => {
  const page = await openConsole("/console/queues");
  await page
    .getByRole("img", { name: /^In the last hour at most/ })
    .first()
    .waitFor();
  await page.getByRole("link", { name: "send-welcome-email", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "send-welcome-email" }).waitFor();
  await page.getByRole("img", { name: /^Depth: at last ready \d+, active \d+/ }).waitFor();
  await page.getByText(/^takes from \d+ queues/).waitFor();
  await page.getByText("select * from ops.job where queue = 'send-welcome-email'").waitFor();
  await page.getByRole("button", { name: "Pause…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Note for the audit log").fill(note);
  await dialog.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("heading", { level: 1, name: /Paused/ }).waitFor();
  await enroll(1);
  await page.getByText("nothing waits for a worker").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Resume…" }).click();
  await dialog.getByLabel("Note for the audit log").fill(note);
  await dialog.getByRole("button", { name: "Resume" }).click();
  await page.getByText("nothing waits for a worker").waitFor();
  await page.goto(`${base()}/console/queues/no-such-queue`);
  await page.getByText("There is no queue of this name.").waitFor();
});

inBrowser("a step is completed by hand with what its participant would have said", async () => {
  await breakMail();
  const [id = ""] = await enroll(1);
  const page = await openConsole(`/console/sagas/${id}`);
  await page.getByRole("heading", { level: 1, name: /Retrying/ }).waitFor();
  await page.getByRole("button", { name: "Complete by hand…" }).click();
  const dialog = page.getByRole("dialog", { name: "Complete this step by hand?" });
  await dialog.getByLabel("What its participant would have said").selectOption("WelcomeEmailSentEvent");
  await dialog.getByText("payload.deliveryId: expected id, found nothing").waitFor();
  expect(await dialog.getByRole("button", { name: "Complete by hand" }).isDisabled()).toBe(true);
  await dialog.getByLabel("With").fill(JSON.stringify({ deliveryId: randomUUID() }));
  await dialog.getByText("GrantCourseAccessCommand").waitFor();
  await dialog.getByLabel("Note for the audit log").fill("She has been told on the telephone");
  await dialog.getByRole("button", { name: "Complete by hand" }).click();
  await page.getByRole("heading", { level: 1, name: /Completed/ }).waitFor();
});

inBrowser(
  "no page of a saga or a queue has a fault of accessibility, wide or narrow, and neither have the dialogs and the bar of many",
  async () => {
    await breakMail();
    const [id] = await enroll(1);
    for (const [theme, width] of [
      ["light", 1_280],
      ["dark", 390],
    ] as const) {
      const page = await openConsole(`/console/sagas/${id}`, { theme, width });
      const look = (what: string): Promise<void> => requireAccessible(page, what);
      for (const tab of ["timeline", "events", "letters", "sql"]) {
        await page.goto(`${base()}/console/sagas/${id}?tab=${tab}`);
        await page.getByRole("tab", { selected: true }).waitFor();
        await look(tab);
      }
      await page.getByRole("button", { name: "Complete by hand…" }).click();
      await page.getByRole("dialog").getByRole("alert").waitFor();
      await look("dialog");
      await page.goto(`${base()}/console/queues/send-welcome-email`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await look("queue");
      await page.goto(`${base()}/console/sagas`);
      await rows(page).first().waitFor();
      await page.keyboard.press("j");
      await page.keyboard.press("x");
      await page.getByRole("toolbar").waitFor();
      await look("many");
    }
  },
  180_000,
);

inBrowser("a wrong password is told at the form, which keeps what was typed; whoever is no operator is told so", async () => {
  const page = await open("/console");
  await signIn(page, "operator-0001", "wrong-password-0001");
  await page.getByText("Address and password do not belong together").waitFor();
  expect(await page.getByLabel("Email").inputValue()).toBe("operator-0001@demo.example");
  await signIn(page, "learner-0001");
  await page.getByRole("heading", { name: "This page needs the role operator." }).waitFor();
});

inBrowser("a stuck saga is found from the overview in two clicks, says why, is begun again with a note, and the audit has it", async () => {
  const page = await openConsole("/console");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page
    .getByRole("link", { name: /CourseEnrollment/ })
    .first()
    .click();
  await page.getByText("Why is it here?").waitFor();
  await page.getByText(/GrantingAccess stands since/).waitFor();
  expect(await page.locator('[data-state="GrantingAccess"]').getAttribute("data-reached")).toBe("now");
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByText("Why is it here?").waitFor();

  await page.getByRole("button", { name: "Retry…" }).click();
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
  const page = await openConsole("/console");
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
    const page = await openConsole("/console", { theme, width });
    for (const path of pages) {
      await page.goto(`${base()}${path}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await requireAccessible(page, path);
    }
  },
  180_000,
);

test("what the console loads first is less than 250 kB of script, compressed", () => {
  const root = new URL("../../dist/console/", import.meta.url).pathname;
  const loaded = new Map<string, number>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    const text = readFileSync(file, "utf8");
    loaded.set(file, gzipSync(text).length);
    for (const [, path = ""] of text.matchAll(/(?:^|[;}])import(?:[\w${},* \n]+from)?"(\.[^"]+\.js)"/g)) load(join(dirname(file), path));
  };
  const page = readFileSync(`${root}index.html`, "utf8");
  for (const [, path = ""] of page.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)) load(join(root, path));
  // The shell's pages come by an import of their own, and belong to what an operator waits for.
  const shell = [...loaded.keys()].flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/import\("(\.\/pages-[^"]+\.js)"\)/g)].map(([, path = ""]) => join(dirname(file), path)),
  );
  for (const file of shell) load(file);
  expect(loaded.size).toBeGreaterThan(1);
  const total = [...loaded.values()].reduce((sum, size) => sum + size, 0);
  expect(total).toBeGreaterThan(100_000);
  expect(total).toBeLessThan(250_000);
});
