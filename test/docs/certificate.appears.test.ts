import type { Browser } from "playwright-core";
import { sagaPages } from "../../scripts/saga-pages.ts";
import { Defect } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { occur, publish, query } from "../../src/outbox/index.ts";
import { sagas } from "../../src/sagas/index.ts";
import { ApiTest, password, type Person } from "../api/support.ts";
import { inBrowser, launchBrowser } from "../browser/browser.ts";
import { CertificateRequestedEvent } from "./certificate.messages.ts";
import { certificateParticipants } from "./certificate.participants.ts";
import { certificate } from "./certificate.saga.ts";

// The saga of docs/writing-a-saga.md beside those of the platform, registered as a line of src/sagas/index.ts does it: nothing else was edited for it.

let api: ApiTest;
let operator: Person;
let learner: Person;
/** One that has ended, and one that stands. */
let done: string;
let stuck: string;
let isPrinterBroken = false;

beforeAll(async () => {
  const print = async (): Promise<void> => {
    if (isPrinterBroken) throw new Defect("The printer prints nonsense");
  };
  api = await ApiTest.open({ metricsToken: null, also: { sagas: [certificate], participants: certificateParticipants(print) } });
  await api.engine.sql("create sequence certificate_number");
  await api.engine.sql("create table certificate (id uuid primary key, status text not null, number int null, updated_at timestamptz not null default now())");
  [operator, learner] = [await api.person("OPERATOR"), await api.person()];
  await api.engine.start();
  done = await request("COMPLETED");
  isPrinterBroken = true;
  stuck = await request("STUCK");
});
afterAll(() => api.close());

async function request(status: string): Promise<string> {
  const certificateId = newId();
  await api.engine.transaction(async (em) => {
    await query(em, "insert into certificate (id, status) values ($1, 'REQUESTED')", [certificateId]);
    await publish(em, occur(CertificateRequestedEvent, { certificateId, learnerId: learner.id }));
  });
  return (await api.engine.until("Certificate", certificateId, (saga) => saga.status === status, status)).id;
}

async function ask<D>(text: string, who: Person = operator): Promise<D> {
  const { data, errors } = await api.run<D>(text, {}, who);
  expect(errors).toBeUndefined();
  return data;
}

test("the API has its type, its states and its sagas", async () => {
  interface Named {
    enumValues: { name: string }[];
  }
  const { types, states } = await ask<{ types: Named; states: Named }>(
    `{ types: __type(name: "SagaType") { enumValues { name } } states: __type(name: "SagaState") { enumValues { name } } }`,
  );
  expect(types.enumValues).toContainEqual({ name: "CERTIFICATE" });
  for (const state of [...certificate.definition.states, ...Object.keys(certificate.definition.finals)])
    expect(states.enumValues).toContainEqual({ name: state });

  const { sagas: found } = await ask<{ sagas: { nodes: object[] } }>(
    `{ sagas(filter: { type: [CERTIFICATE], state: [PrintingCertificate] }) { nodes { id type state status attempt reason { code } explanation { summary } steps { state status } } } }`,
  );
  expect(found.nodes).toEqual([
    {
      id: stuck,
      type: "CERTIFICATE",
      state: "PrintingCertificate",
      status: "STUCK",
      attempt: expect.any(Number),
      reason: { code: expect.any(String) },
      explanation: { summary: expect.stringMatching(/^PrintingCertificate stands since/) },
      steps: expect.arrayContaining([
        { state: "NumberingCertificate", status: "DONE" },
        { state: "PrintingCertificate", status: "FAILED" },
      ]),
    },
  ]);
});

test("whoever it is about may watch it, and operators see it among the activity of all", async () => {
  const query = `subscription { sagaProgress(sagaId: "${done}", afterSequence: 0) { saga { type state settled } events { toState } } }`;
  const { value } = await api.socket(learner).iterate({ query }).next();
  expect(value).toMatchObject({ data: { sagaProgress: { saga: { type: "CERTIFICATE", state: "CertificateReady", settled: true } } } });
  expect(JSON.stringify(value)).toContain('"toState":"NumberingCertificate"');

  const activity = api.socket(operator).iterate<{ sagaActivity: { events: { saga: { type: string } }[] } }>({
    query: "subscription { sagaActivity(filter: { type: [CERTIFICATE] }) { events { saga { type } } } }",
  });
  await activity.next();
  void request("STUCK");
  expect((await activity.next()).value?.data?.sagaActivity.events).toContainEqual({ saga: { type: "CERTIFICATE" } });
});

test("the views of operators have its sagas, their history and their queue", async () => {
  const { sql } = api.engine;
  expect(await sql("select type, state, status from ops.saga where id = any($1::uuid[]) order by status", [[done, stuck]])).toEqual([
    { type: "Certificate", state: "CertificateReady", status: "COMPLETED" },
    { type: "Certificate", state: "PrintingCertificate", status: "STUCK" },
  ]);
  expect(await sql("select to_state from ops.saga_timeline where saga_id = $1 and kind = 'TRANSITION' order by sequence", [done])).toEqual(
    ["NumberingCertificate", "PrintingCertificate", "CertificateReady"].map((state) => ({ to_state: state })),
  );
  expect(await sql("select state, dead_letters from ops.stuck_saga where id = $1", [stuck])).toEqual([{ state: "PrintingCertificate", dead_letters: 1 }]);
  expect(await sql("select queue, message from ops.dead_letter where saga_id = $1", [stuck])).toEqual([
    { queue: "print-certificate", message: "PrintCertificateCommand" },
  ]);
  expect(await sql("select queue from ops.queue_depth where queue like '%certificate%' order by queue")).toEqual(
    ["number-certificate", "print-certificate", "void-certificate-number"].map((queue) => ({ queue })),
  );
});

test("its definition is told and drawn, by the API and as a page", async () => {
  const { sagaDefinitions, sagaDefinition } = await ask<{
    sagaDefinitions: { type: string }[];
    sagaDefinition: { undoPath: object[]; mermaid: string };
  }>("{ sagaDefinitions { type } sagaDefinition(type: CERTIFICATE) { undoPath { state compensation } mermaid } }");
  expect(sagaDefinitions).toContainEqual({ type: "CERTIFICATE" });
  expect(sagaDefinition.undoPath).toEqual([{ state: "NumberingCertificate", compensation: "VoidCertificateNumberCommand" }]);
  expect(sagaDefinition.mermaid).toContain('state_PrintingCertificate -. "Unprintable" .-> undo_NumberingCertificate');
  const pages = sagaPages([...sagas, certificate]);
  expect(pages.get("certificate.md")).toContain(sagaDefinition.mermaid);
  expect(pages.get("README.md")).toContain("[Certificate](certificate.md)");
});

test("it is counted, measured, and known to be loaded", async () => {
  const hour = 3_600_000;
  const [from, to] = [new Date(Date.now() - hour), new Date(Date.now() + hour)].map((at) => at.toISOString());
  const { sagaMetrics, sagaCounts, workers, queues } = await ask<{
    sagaMetrics: { started: number; completed: number; failedAttempts: number; settledP50Ms: number | null }[];
    sagaCounts: object[];
    workers: { loads: string[] }[];
    queues: object[];
  }>(
    `{ sagaMetrics(type: CERTIFICATE, from: "${from}", to: "${to}", everySeconds: 7200) { started completed failedAttempts settledP50Ms }
       sagaCounts { type state status count } workers { loads } queues(names: ["print-certificate"]) { name } }`,
  );
  expect(sagaMetrics).toEqual([{ started: expect.any(Number), completed: 1, failedAttempts: expect.any(Number), settledP50Ms: expect.any(Number) }]);
  expect(sagaMetrics[0]?.started).toBeGreaterThanOrEqual(2);
  expect(sagaMetrics[0]?.failedAttempts).toBeGreaterThanOrEqual(1);
  expect(sagaCounts).toContainEqual({ type: "CERTIFICATE", state: "CertificateReady", status: "COMPLETED", count: 1 });
  expect(workers[0]?.loads).toContain("Certificate v1");
  expect(queues).toEqual([{ name: "print-certificate" }]);
  const scraped = await (await fetch(`${api.server.url}/metrics`)).text();
  expect(scraped).toContain('\nmentorplatform_sagas{type="Certificate",status="COMPLETED"} 1\n');
  expect(scraped).toContain('\nmentorplatform_queue_dead_letters{queue="print-certificate"} ');
});

describe("in the console", () => {
  let browser: Browser | null = null;
  afterAll(() => browser?.close());

  inBrowser("its definition is drawn, its sagas are listed by its name, and one of them says what it does", async () => {
    browser = await launchBrowser();
    const page = await browser.newPage();
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
    await page.goto(`${api.server.url}/console/definitions`);
    await page.getByLabel("Email").fill(operator.email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    const drawn = page.locator("section", { has: page.getByRole("heading", { name: "Certificate v1" }) });
    for (const state of ["CertificateRequested", "NumberingCertificate", "PrintingCertificate", "CertificateReady", "CertificateFailed"])
      await drawn.locator(`.node[data-state="${state}"]`).waitFor();
    await drawn.getByText("VoidCertificateNumber").waitFor();

    await page.getByRole("link", { name: "Sagas", exact: true }).click();
    await page.getByLabel("Process").selectOption({ label: "Certificate" });
    const row = page.locator(`tr[data-saga="${stuck}"]`);
    await row.getByText(/PrintingCertificate/).waitFor();
    await row.getByRole("link").first().click();
    await page.getByRole("heading", { level: 1, name: /^Certificate .*Stuck$/ }).waitFor();
    await page.getByText("Why is it here?").waitFor();
    await page.locator('.node[data-state="PrintingCertificate"][data-reached="now"]').waitFor();
    expect(wrong).toEqual([]);
  });
});
