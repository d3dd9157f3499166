import type { Page } from "playwright-core";
import { pdfBytes } from "../support/file-bytes.ts";
import { waitFor } from "../support/wait.ts";
import { browsing, inBrowser, requireAccessible, signIn } from "./browser.ts";

const { base, open, cut, restart, breakMail, mendMail } = browsing();

/** The sequences that the page was pushed, as the panel for developers lists them. */
const pushed = async (page: Page): Promise<number[]> => (await page.locator("[data-sequence] td:first-child").allInnerTexts()).map(Number);
async function requireNoGap(page: Page, atLeast: number): Promise<void> {
  const sequences = await pushed(page);
  expect(sequences.length).toBeGreaterThanOrEqual(atLeast);
  expect(sequences).toEqual(Array.from({ length: sequences.length }, (_, index) => index + 1));
  await page.getByText(`${sequences.length} events, no gap.`).waitFor();
}

const token = new Map<string, string>();
/** The API as a program uses it, for what a test needs besides its windows. */
async function api<T>(account: string, query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const ask = async (document: string, values: unknown, authorization: Record<string, string>): Promise<unknown> => {
    const headers = { "content-type": "application/json", ...authorization };
    const answer = await fetch(`${base()}/graphql`, { method: "POST", headers, body: JSON.stringify({ query: document, variables: values }) });
    const { data, errors } = (await answer.json()) as { data?: unknown; errors?: unknown };
    expect(errors).toBeUndefined();
    return data;
  };
  if (!token.has(account)) {
    const signInDocument =
      "mutation ($email: EmailAddress!, $password: String!) { signIn(email: $email, password: $password, delivery: BODY) { accessToken } }";
    const credentials = { email: `${account}@demo.example`, password: `demo-password-${account.slice(-4)}` };
    token.set(account, ((await ask(signInDocument, credentials, {})) as { signIn: { accessToken: string } }).signIn.accessToken);
  }
  return (await ask(query, variables, { authorization: `Bearer ${token.get(account)}` })) as T;
}

const done = (page: Page, text: string) => page.locator("[data-mark=done]", { hasText: text });

async function openAs(account: string, path: string): Promise<Page> {
  const page = await open(`/sign-in?to=${encodeURIComponent(path)}`);
  await signIn(page, account);
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  return page;
}

/** The page of a mentor who has enough open times, with a link to them in the address. */
async function openMentor(page: Page, index: number): Promise<string> {
  await page.goto(base());
  await page.locator(".people a").nth(index).click();
  await page.locator(".slots label[data-open=true]").first().waitFor();
  return new URL(page.url()).pathname;
}

const pick = async (page: Page, index: number): Promise<string> => {
  const slot = page.locator(".slots label[data-open=true]").nth(index);
  const value = (await slot.locator("input").getAttribute("value")) ?? "";
  await slot.click();
  return value;
};

inBrowser(
  "a learner books, closes the tab, comes back in two windows; connections break, the program dies and the mails are late: it goes on without a gap",
  async () => {
    const first = await open("/");
    const mentor = await openMentor(first, 0);
    await pick(first, 1);
    await first.getByLabel("What would you like to talk about?").fill("How to undo a half-finished booking");
    await first.getByRole("link", { name: "Sign in to book" }).click();
    await signIn(first, "learner-0003");
    // What was chosen and typed before is still there.
    await first.getByRole("button", { name: /^Book \d\d:\d\d on / }).waitFor();
    expect(await first.getByLabel("What would you like to talk about?").inputValue()).toBe("How to undo a half-finished booking");
    await breakMail();
    await first.getByRole("button", { name: /^Book / }).click();
    await first.getByText("The mail server does not answer.").waitFor();
    const address = first.url();
    expect(new URL(address).pathname).toBe(mentor);
    const context = first.context();
    await first.close();

    const again = await context.newPage();
    await again.goto(`${address}&debug=1`);
    const other = await openAs("learner-0003", "/me");
    await other.locator(".lines a", { hasText: ":" }).first().click();
    await other.goto(`${other.url()}?debug=1`);
    for (const page of [again, other]) await page.getByText("The mail server does not answer.").waitFor();
    for (let round = 0; round < 5; round++) {
      cut();
      for (const page of [again, other]) await page.locator('[data-state="live"]').waitFor();
    }
    await restart();
    await breakMail();
    for (const page of [again, other]) await page.locator('[data-state="live"]').waitFor();
    cut();
    await mendMail();
    for (const page of [again, other]) {
      await done(page, "Both of you were told").waitFor({ timeout: 60_000 });
      await requireNoGap(page, 4);
    }
  },
  120_000,
);

inBrowser("of two learners who want the same time one gets it; the other keeps what was typed and is offered the nearest that are free", async () => {
  const [one, other] = [await openAs("learner-0004", "/"), await openAs("learner-0005", "/")];
  const path = await openMentor(one, 1);
  await other.goto(base() + path);
  const slot = await pick(one, 2);
  await other.locator(`.slots label:has([value="${slot}"])`).click();
  await other.getByLabel("What would you like to talk about?").fill("Kept");
  await one.getByRole("button", { name: /^Book / }).click();
  await one.getByLabel("Your session").waitFor();
  await other.getByRole("button", { name: /^Book / }).click();
  await other.getByRole("alert").getByText("Somebody else booked this slot a moment ago.").waitFor();
  await other.locator(`.slots label[data-open=false]:has([value="${slot}"])`).waitFor();
  expect(await other.getByLabel("What would you like to talk about?").inputValue()).toBe("Kept");
  expect(await other.locator(".offers button").count()).toBe(3);
  await other.locator(".offers button").first().click();
  await other.getByRole("button", { name: /^Book / }).click();
  await other.getByLabel("Your session").waitFor();
});

interface CoursesAnswer {
  readonly courses: {
    readonly nodes: readonly { readonly id: string; readonly capacity: number | null; readonly seatsTaken: number; readonly viewerEnrollment: object | null }[];
  };
}
/** Those that somebody can enroll in and has not. */
async function openCourses(account: string): Promise<CoursesAnswer["courses"]["nodes"]> {
  const { courses } = await api<CoursesAnswer>(
    account,
    "{ courses(first: 100, filter: { openForEnrollment: true }) { nodes { id capacity seatsTaken viewerEnrollment { id } } } }",
  );
  return courses.nodes.filter(({ viewerEnrollment }) => viewerEnrollment === null);
}
const seatsOf = ({ capacity, seatsTaken }: { readonly capacity: number | null; readonly seatsTaken: number }): number => (capacity ?? Infinity) - seatsTaken;

inBrowser("a learner enrolls and both windows see every step; the notification is read in one and read in the other; leaving gives the seat back", async () => {
  const course = (await openCourses("learner-0006")).find((one) => seatsOf(one) > 10);
  const path = `/courses/${course?.id}?debug=1`;
  const [one, other] = [await openAs("learner-0006", path), await openAs("learner-0006", path)];
  await one.getByRole("button", { name: "Enroll" }).click();
  for (const page of [one, other]) {
    await done(page, "Materials unlocked").waitFor();
    await page.getByText("All done").waitFor();
    await page.getByRole("heading", { name: "Materials" }).waitFor();
    await requireNoGap(page, 5);
    await page.getByRole("link", { name: /Notifications, \d+ unread/ }).waitFor();
    await page.getByRole("link", { name: /Notifications/ }).click();
    await page.locator(".notes li[data-unread=true]").first().waitFor();
  }
  await one.getByRole("button", { name: "Mark as read" }).click();
  await one.getByRole("link", { name: "Notifications", exact: true }).waitFor();
  await other.reload();
  await other.getByRole("link", { name: "Notifications", exact: true }).waitFor();
  await one.locator(`a[href="/courses/${course?.id}"]`).click();
  await one.getByRole("button", { name: "Leave the course" }).click();
  await one.getByRole("button", { name: "Enroll again" }).waitFor();
});

inBrowser("the seat that is not there is told in both windows with the number of seats, and other courses are offered", async () => {
  const course = (await openCourses("learner-0007")).filter((one) => seatsOf(one) > 0).toSorted((one, other) => seatsOf(one) - seatsOf(other))[0];
  if (course === undefined) throw new Error("expected a course with a seat");
  for (let seat = 0; seat < seatsOf(course); seat++)
    await api(
      `learner-${String(10 + seat).padStart(4, "0")}`,
      'mutation ($id: ID!) { enrollInCourse(courseId: $id, idempotencyKey: "the last seats") { userErrors { message } } }',
      { id: course.id },
    );
  await waitFor(
    async () =>
      (await api<{ course: { seatsTaken: number } }>("learner-0001", `{ course(id: "${course.id}") { seatsTaken } }`)).course.seatsTaken === course.capacity,
  );
  const path = `/courses/${course.id}`;
  const [one, other] = [await openAs("learner-0007", path), await openAs("learner-0007", path)];
  await one.getByText("No seat left").waitFor();
  await one.getByRole("button", { name: "Enroll" }).click();
  for (const page of [one, other]) await page.locator(".verdict.wrong", { hasText: String(course.capacity) }).waitFor();
  await one.getByRole("heading", { name: /^Other courses of / }).waitFor();
  await one.getByRole("button", { name: "Enroll again" }).waitFor();
});

const file = (name: string, text: string) => ({ name, mimeType: "application/pdf", buffer: pdfBytes(text) });

inBrowser(
  "somebody applies, is told what is missing where it is missing, loses nothing, answers the reviewer, and is a mentor in the moment of the approval",
  async () => {
    const applicant = await openAs("learner-0008", "/become-a-mentor");
    await applicant.getByLabel("Education").fill("short");
    await applicant.getByLabel("Work experience").fill("Ten years of made-up work");
    await applicant.getByRole("button", { name: "Send the application" }).click();
    for (const sentence of [
      "The education has at least 10 characters, not 5.",
      "The CV is missing.",
      "The cover letter is missing.",
      "An application needs the consent",
    ])
      await applicant.getByRole("alert").getByText(sentence).waitFor();
    await applicant.getByLabel("CV").setInputFiles({ name: "cv.txt", mimeType: "text/plain", buffer: Buffer.from("plain") });
    await applicant
      .getByRole("alert")
      .getByText(/text\/plain/)
      .waitFor();
    await applicant.getByLabel("CV").setInputFiles(file("cv.pdf", "cv"));
    await applicant.getByLabel("Cover letter").setInputFiles(file("letter.pdf", "letter"));
    await applicant.getByRole("button", { name: "Remove cv.pdf" }).waitFor();
    await applicant.getByRole("button", { name: "Remove letter.pdf" }).waitFor();
    await applicant.getByLabel("Education").fill("A school by the sea");
    await applicant.getByLabel("A background check may be made").check();
    await applicant.reload();
    expect(await applicant.getByLabel("Work experience").inputValue()).toBe("Ten years of made-up work");
    await applicant.getByRole("button", { name: "Remove letter.pdf" }).waitFor();
    await applicant.getByRole("button", { name: "Send the application" }).click();
    await applicant.locator("[aria-current=step]", { hasText: "A reviewer is reading your application" }).waitFor({ timeout: 30_000 });

    const { applicationRequests } = await api<{ applicationRequests: { nodes: readonly { id: string; reviewer: { email: string } }[] } }>(
      "admin-0001",
      "{ applicationRequests(first: 1, filter: { status: [UNDER_REVIEW] }) { nodes { id reviewer { email } } } }",
    );
    const [application] = applicationRequests.nodes;
    if (application === undefined) throw new Error("expected an application under review");
    const reviewer = await openAs(application.reviewer.email.replace("@demo.example", ""), "/desk");
    await reviewer.locator(`a[href="/desk/${application.id}"]`).click();
    await reviewer.getByText("A school by the sea").waitFor();
    await reviewer.locator("iframe").first().waitFor();
    await reviewer.getByRole("button", { name: "Ask for more" }).click();
    await reviewer.getByRole("alert").getByText("The note is missing.").waitFor();
    await reviewer.getByLabel("Note to the applicant").fill("Which years were these?");
    await reviewer.getByRole("button", { name: "Ask for more" }).click();
    await reviewer.getByText("Waiting for the applicant").waitFor();

    await applicant.getByRole("heading", { name: "Your reviewer asks for more" }).waitFor();
    await applicant.getByText("Which years were these?").waitFor();
    await applicant.getByLabel("Education").fill("A school by the sea, from 2001 to 2005");
    await applicant.getByRole("button", { name: "Send the answer" }).click();
    await reviewer.getByText("A school by the sea, from 2001 to 2005").waitFor({ timeout: 30_000 });
    await reviewer.getByText("To be decided").waitFor({ timeout: 30_000 });
    await reviewer.getByRole("button", { name: "Approve" }).click();
    await reviewer.getByText("Approved").waitFor();
    await applicant.getByRole("link", { name: "Teaching" }).waitFor();
    await applicant.getByRole("link", { name: "Publish your first times" }).waitFor();
  },
  120_000,
);

inBrowser("a mentor publishes times, is told of those that overlap, proposes another time, and the learner takes it", async () => {
  const mentor = await openAs("mentor-0002", "/mentor");
  const day = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10);
  await mentor.getByLabel("Day").fill(day);
  await mentor.getByLabel("From").fill("02:00");
  await mentor.getByLabel("To").fill("04:00");
  await mentor.getByRole("button", { name: "Publish" }).click();
  await mentor.getByRole("button", { name: "Publish", disabled: false }).click();
  await mentor.getByLabel("Publish times").getByRole("alert").waitFor();
  expect(await mentor.getByLabel("From").inputValue()).toBe("02:00");

  const { viewer } = await api<{ viewer: { id: string } }>("mentor-0002", "{ viewer { id } }");
  const learner = await openAs("learner-0009", `/mentors/${viewer.id}`);
  await learner.getByRole("button", { name: /Later times/ }).click();
  await learner.locator(".slots label[data-open=true]").last().click();
  await learner.getByRole("button", { name: /^Book / }).click();
  await done(learner, "Both of you were told").waitFor();
  await learner.goto(`${base()}/sessions/${new URL(learner.url()).searchParams.get("session")}`);

  await mentor.goto(learner.url());
  await mentor.getByRole("button", { name: "Propose another time…" }).click();
  const dialog = mentor.getByRole("dialog");
  // The first ones may begin too soon for an answer.
  await dialog.locator(".slots label").last().click();
  await dialog.getByRole("button", { name: "Propose it" }).click();
  await dialog
    .getByRole("alert")
    .getByText(/missing/)
    .waitFor();
  await dialog.getByLabel("What should the other know?").fill("Another day would be better");
  await dialog.getByRole("button", { name: "Propose it" }).click();
  for (const page of [mentor, learner]) await page.getByText("Another day would be better").waitFor();
  await learner.getByRole("button", { name: "Take the new time" }).click();
  for (const page of [mentor, learner]) await page.getByText("Another day would be better").waitFor({ state: "detached" });
  await learner.getByRole("button", { name: "Cancel the session…" }).click();
  await learner.getByRole("dialog").getByRole("button", { name: "Cancel the session" }).click();
  for (const page of [mentor, learner]) await page.locator("[data-status=CANCELLED]").waitFor();
});

inBrowser("a mentor writes a course with a material, which a learner sees at once; what is wrong stands at its field", async () => {
  const mentor = await openAs("mentor-0003", "/mentor");
  await mentor.getByRole("link", { name: "New course" }).click();
  await mentor.getByLabel("Title").fill("Sagas by the sea");
  await mentor.getByLabel("Seats").fill("0");
  await mentor.getByRole("button", { name: "Save" }).click();
  for (const sentence of ["The description is missing.", "The number of seats is a whole number from 1 to 100000, not 0."])
    await mentor.getByRole("alert").getByText(sentence).waitFor();
  await mentor.reload();
  expect(await mentor.getByLabel("Title").inputValue()).toBe("Sagas by the sea");
  await mentor.getByLabel("Description").fill("How to undo what was half done");
  await mentor.getByLabel("Seats").fill("3");
  await mentor.getByLabel("Who sees it").selectOption("PUBLISHED");
  await mentor.getByRole("button", { name: "Save" }).click();
  await mentor.getByRole("heading", { level: 1, name: "Sagas by the sea" }).waitFor();
  await mentor.getByLabel("Title of the material").fill("First chapter");
  await mentor.getByLabel("File").setInputFiles(file("chapter.pdf", "a chapter"));
  await mentor.getByRole("button", { name: "Add" }).click();
  await mentor.getByRole("link", { name: "First chapter" }).waitFor();

  const learner = await openAs("learner-0002", "/courses?q=Sagas+by");
  await learner.getByRole("link", { name: "Sagas by the sea" }).click();
  await learner.getByRole("button", { name: "Enroll" }).click();
  await learner.getByRole("link", { name: "First chapter" }).waitFor();
  const download = learner.waitForEvent("download");
  await learner.getByRole("link", { name: "First chapter" }).click();
  expect((await download).suggestedFilename()).toBe("chapter.pdf");
  await mentor.goto(`${base()}/profile`);
  await mentor.getByLabel("Headline").fill("Undoes things, for ten years");
  await mentor.getByRole("form", { name: "As a mentor" }).getByRole("button", { name: "Save" }).click();
  await mentor.getByText("Saved.").waitFor();
});

inBrowser("somebody registers, follows the link of the mail and signs in; nobody else's session can be looked at", async () => {
  const page = await open("/register");
  await page.getByLabel("Your name").fill("A new learner");
  await page.getByLabel("Email").fill("new-learner@demo.example");
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByRole("alert").getByText(/12/).waitFor();
  await page.getByLabel("Password").fill("long-enough-for-anybody");
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByText("A mail is on its way to new-learner@demo.example.").waitFor();
  const mail = await waitFor(async () => {
    const { mails } = (await (await fetch(`${base()}/dev/mail.json`)).json()) as { mails: readonly { id: string; recipients: readonly string[] }[] };
    return mails.find(({ recipients }) => recipients.includes("new-learner@demo.example"));
  });
  await page.goto(`${base()}/dev/mail/${mail.id}`);
  const [link] = /http\S+verify-email#\S+/.exec(await page.locator("body").innerText()) ?? [];
  await page.goto(link ?? "");
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByText("Your address is confirmed.").waitFor();
  await page.goto(`${base()}/sign-in?to=%2Fme`);
  await signIn(page, "new-learner", "long-enough-for-anybody");
  await page.getByText("No sessions yet.").waitFor();
  const { viewer } = await api<{ viewer: { mentoringSessions: { nodes: readonly { id: string }[] } } }>(
    "learner-0001",
    "{ viewer { mentoringSessions(first: 1) { nodes { id } } } }",
  );
  await page.goto(`${base()}/sessions/${viewer.mentoringSessions.nodes[0]?.id}`);
  await page.getByRole("heading", { name: "No such session" }).waitFor();
});

inBrowser("all windows of a browser are the same person's: what one has typed is not shown to the next, and no window acts for another", async () => {
  const one = await openAs("learner-0011", "/");
  const path = await openMentor(one, 0);
  await one.getByLabel("What would you like to talk about?").fill("Only mine");
  const other = await one.context().newPage();
  await other.goto(`${base()}/me`);
  await other.getByRole("button", { name: "Sign out" }).click();
  // The first window hears of it.
  await one.getByRole("link", { name: "Sign in", exact: true }).waitFor();
  await other.getByLabel("Email").waitFor();
  await signIn(other, "learner-0012");
  await one.getByRole("button", { name: "Sign out" }).waitFor();
  const { viewer } = await api<{ viewer: { fullName: string } }>("learner-0012", "{ viewer { fullName } }");
  for (const page of [one, other]) {
    await page.goto(base() + path);
    await page.getByTitle(`You are ${viewer.fullName}`).waitFor();
    expect(await page.getByLabel("What would you like to talk about?").inputValue()).toBe("");
  }
});

inBrowser("a booking whose answer was lost is done once, however often it is asked for; a sign-out that did not happen is told", async () => {
  const page = await openAs("learner-0013", "/");
  await openMentor(page, 2);
  await pick(page, 0);
  cut();
  let lost = 0;
  await page.route("**/graphql", async (route) => {
    const { query = "" } = (route.request().postDataJSON() ?? {}) as { query?: string };
    if (!query.includes("mutation BookSession") || ++lost > 2) return route.fallback();
    await route.fetch();
    await route.abort();
  });
  for (let time = 0; time < 2; time++) {
    await page.getByRole("button", { name: /^Book / }).click();
    await page.getByRole("alert").getByText("The server cannot be reached").waitFor();
  }
  await page.getByRole("button", { name: /^Book / }).click();
  await done(page, "Both of you were told").waitFor();
  expect(lost).toBe(3);

  await page.route("**/graphql", (route) => (route.request().postData()?.includes("SignOut") === true ? route.abort() : route.fallback()));
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("alert").getByText("You are still signed in.").waitFor();
  await page.unrouteAll();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("link", { name: "Sign in", exact: true }).waitFor();
});

inBrowser("who somebody is, and what there is, is asked for again until there is an answer; none is not taken for no", async () => {
  const page = await openAs("learner-0001", "/me");
  await page.locator(".lines a").first().click();
  await page.getByRole("region", { name: "The session" }).waitFor();
  cut();
  let asked = 0;
  await page.route("**/graphql", async (route) => {
    const body = route.request().postData() ?? "";
    if (body.includes("RefreshTokens") && ++asked === 1) return route.abort();
    if (!body.includes("query Session") || asked > 3) return route.fallback();
    asked += 1;
    const errors = [{ message: "It took too long.", extensions: { code: "TIMEOUT", retryable: true } }];
    await route.fulfill({ json: { data: asked === 4 ? null : { mentoringSession: null }, errors } });
  });
  await page.reload();
  await page.getByText("The server does not answer. It is asked again.").waitFor();
  await page.getByRole("alert").getByText("It took too long.").waitFor();
  await page.getByRole("region", { name: "The session" }).waitFor();
});

// Colours do not depend on the width.
inBrowser.each([
  ["light", 1_280],
  ["dark", 390],
] as const)(
  "no page of the site has a fault of accessibility, in %s at %d px, and none is wider than the window",
  async (theme, width) => {
    const course = `/courses/${(await openCourses("learner-0001"))[0]?.id}`;
    const { mentors } = await api<{ mentors: { nodes: readonly { id: string }[] } }>("learner-0001", "{ mentors(first: 1) { nodes { id } } }");
    const { viewer } = await api<{ viewer: { mentoringSessions: { nodes: readonly { id: string }[] } } }>(
      "learner-0001",
      "{ viewer { mentoringSessions(first: 1) { nodes { id } } } }",
    );
    const { applicationRequests } = await api<{ applicationRequests: { nodes: readonly { id: string }[] } }>(
      "reviewer-0001",
      "{ applicationRequests(first: 1) { nodes { id } } }",
    );
    const seen: readonly (readonly [account: string | null, paths: readonly string[]])[] = [
      [null, ["/", "/courses", course, `/mentors/${mentors.nodes[0]?.id}`, "/register", "/sign-in", "/me"]],
      ["learner-0001", ["/me", course, "/become-a-mentor", `/sessions/${viewer.mentoringSessions.nodes[0]?.id}`]],
      ["mentor-0001", ["/mentor", "/mentor/courses/new", "/profile"]],
      ["reviewer-0001", ["/desk", `/desk/${applicationRequests.nodes[0]?.id}`]],
    ];
    for (const [account, paths] of seen) {
      const page = await open("/sign-in", { theme, width });
      if (account !== null) {
        await signIn(page, account);
        await page.getByRole("button", { name: "Sign out" }).waitFor();
      }
      for (const path of paths) {
        await page.goto(base() + path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await requireAccessible(page, path);
      }
    }
  },
  180_000,
);
