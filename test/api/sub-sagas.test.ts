import type { Browser, Page } from "playwright-core";
import { newId } from "../../src/kernel/ids.ts";
import { occur, publish } from "../../src/outbox/index.ts";
import type { SagaView } from "../../src/sagas/engine/index.ts";
import { conference, ConferencePlannedEvent } from "../support/conference.ts";
import { festival, FestivalPlannedEvent, festivalParticipants, prepare } from "../support/festival.ts";
import { inBrowser, launchBrowser } from "../browser/browser.ts";
import { ApiTest, password, type Person } from "./support.ts";

// A saga and the one that it has begun, as the API and the console show them.

const { participants, answers } = festivalParticipants();
let api: ApiTest;
let operator: Person;
let begins: SagaView;
let begun: SagaView;

beforeAll(async () => {
  api = await ApiTest.open({ also: { sagas: [festival, conference], participants } });
  await prepare(api.engine.sql);
  operator = await api.person("OPERATOR");
  await api.engine.start();
  const [festivalId, conferenceId] = [newId(), newId()];
  answers.set(`${conferenceId} InviteSpeakersCommand`, "later");
  await api.engine.transaction((em) => publish(em, occur(FestivalPlannedEvent, { festivalId, conferenceId })));
  begun = await api.engine.until("Conference", conferenceId, ({ status }) => status === "WAITING", "the conference waits");
  begins = await api.engine.until("Festival", festivalId, ({ status }) => status === "WAITING", "the festival waits");
});
afterAll(() => api.close());

test("a saga tells which ones it has begun and which one has begun it", async () => {
  const text = `{ of: saga(id: "${begins.id}") { parent { id } subSagas { id type status } } by: saga(id: "${begun.id}") { parent { id type } subSagas { id } } }`;
  const { data, errors } = await api.run(text, {}, operator);
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    of: { parent: null, subSagas: [{ id: begun.id, type: "CONFERENCE", status: "WAITING" }] },
    by: { parent: { id: begins.id, type: "FESTIVAL" }, subSagas: [] },
  });
});

test("whoever may not see the other saga does not learn of it", async () => {
  const learner = await api.person();
  await api.engine.sql("update saga set participants = array[$1::uuid] where id = $2", [learner.id, begins.id]);
  const text = `{ saga(id: "${begins.id}") { id subSagas { id } } }`;
  expect((await api.run(text, {}, learner)).data).toEqual({ saga: { id: begins.id, subSagas: [] } });
  await api.engine.sql("update saga set participants = array[$1::uuid] where id = $2", [learner.id, begun.id]);
  await api.engine.sql("update saga set participants = '{}' where id = $1", [begins.id]);
  expect((await api.run(`{ saga(id: "${begun.id}") { id parent { id } } }`, {}, learner)).data).toEqual({ saga: { id: begun.id, parent: null } });
});

test("the definition tells groups and what is begun", async () => {
  const text = "{ a: sagaDefinition(type: CONFERENCE) { states { state kind group } } b: sagaDefinition(type: FESTIVAL) { states { state subSaga } } }";
  const { data } = await api.run<{ a: { states: object[] }; b: { states: object[] } }>(text, {}, operator);
  expect(data.a.states).toContainEqual({ state: "PreparingConference", kind: "GROUP", group: null });
  expect(data.a.states).toContainEqual({ state: "HiringCaterer", kind: "STEP", group: "PreparingConference" });
  expect(data.b.states).toContainEqual({ state: "HostingConference", subSaga: "Conference" });
});

test("the attempts at the steps of a group are told one by one, and so are their undos", async () => {
  const conferenceId = newId();
  answers.set(`${conferenceId} HireCatererCommand`, "later").set(`${conferenceId} InviteSpeakersCommand`, "SpeakersDeclinedEvent");
  await api.engine.transaction((em) => publish(em, occur(ConferencePlannedEvent, { conferenceId })));
  const { id } = await api.engine.until("Conference", conferenceId, ({ finishedAt }) => finishedAt !== null, "the conference is dropped");
  const { data } = await api.run<{ saga: { attempts: { state: string; isUndo: boolean; outcome: string }[] } }>(
    `{ saga(id: "${id}") { attempts { state isUndo outcome } } }`,
    {},
    operator,
  );
  const told = data.saga.attempts.map(({ state, isUndo, outcome }) => `${isUndo ? "undo of " : ""}${state} ${outcome}`);
  expect(told[0]).toBe("BookingVenue ANSWERED");
  expect(told.slice(1, 4).toSorted()).toEqual([
    "HiringCaterer GIVEN_UP",
    "InvitingSpeakers ANSWERED",
    expect.stringMatching(/^PrintingBadges (ANSWERED|GIVEN_UP)$/),
  ]);
  expect(told.slice(4)).toEqual(["undo of HiringCaterer ANSWERED", "undo of BookingVenue ANSWERED"]);
});

describe("in the console", () => {
  let browser: Browser | null = null;
  afterAll(() => browser?.close());
  const signIn = async (page: Page): Promise<void> => {
    await page.getByLabel("Email").fill(operator.email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  };

  inBrowser("a saga leads to the ones that it has begun, and a group is framed with its steps", async () => {
    browser = await launchBrowser();
    const page = await browser.newPage();
    await page.goto(`${api.server.url}/console/sagas/${begins.id}`);
    await signIn(page);
    await page
      .getByText(/waits for the Conference/)
      .first()
      .waitFor();
    await page.locator('.node[data-state="HostingConference"]').click();
    await page.getByText("sub-saga Conference").waitFor();
    await page.getByRole("link", { name: /^Conference .+ \(waiting\)$/ }).click();
    await page.getByRole("heading", { level: 1, name: /^Conference/ }).waitFor();
    await page.locator('.node[data-state="InvitingSpeakers"][data-reached="now"]').waitFor();
    // Around the steps, and around their undos, which run together too: one arrow leads to them, and one on to that of what came before.
    expect(await page.locator(".diagram-group").count()).toBe(2);
    expect(await page.locator(".diagram path.edge.undo[d*='H']").count()).toBe(2);
    await page.locator('.node[data-state="PreparingConference"]').click();
    await page.getByText(/^\s*1\s*InvitingSpeakers/).waitFor();
    await page.getByRole("link", { name: /^Festival .+ \(waiting\)$/ }).waitFor();
  });

  inBrowser("of the steps of a group that are open, an operator says which one was done by hand", async () => {
    const conferenceId = newId();
    answers.set(`${conferenceId} InviteSpeakersCommand`, "later").set(`${conferenceId} HireCatererCommand`, "later");
    await api.engine.transaction((em) => publish(em, occur(ConferencePlannedEvent, { conferenceId })));
    const { id } = await api.engine.until("Conference", conferenceId, ({ status }) => status === "WAITING", "both steps to wait");
    browser ??= await launchBrowser();
    const page = await browser.newPage();
    await page.goto(`${api.server.url}/console/sagas/${id}`);
    await signIn(page);
    await page.getByRole("button", { name: "Complete by hand…" }).click();
    const dialog = page.getByRole("dialog", { name: "Complete HiringCaterer by hand?" });
    await dialog.getByLabel("Which of those that are open at a time").selectOption("InvitingSpeakers");
    const other = page.getByRole("dialog", { name: "Complete InvitingSpeakers by hand?" });
    await other.getByLabel("What its participant would have said").selectOption("SpeakersInvitedEvent");
    await other.getByLabel("With").fill('{ "all": true }');
    await other.getByText("InvitingSpeakers is done; PreparingConference goes on with HiringCaterer.").waitFor();
    await other.getByLabel("Note for the audit log").fill("They said so on the telephone");
    await other.getByRole("button", { name: "Complete by hand" }).click();
    await page.locator('.node[data-state="InvitingSpeakers"][data-reached="done"]').waitFor();
    await page.locator('.node[data-state="HiringCaterer"][data-reached="now"]').waitFor();
  });
});
