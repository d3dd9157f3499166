import { newId } from "../../src/kernel/ids.ts";
import { ApiTest, type Person } from "./support.ts";

const token = "what-the-scraper-sends";
let api: ApiTest;
let operator: Person;
beforeAll(async () => {
  api = await ApiTest.open({ metricsToken: token });
  operator = await api.person("OPERATOR");
});
afterAll(() => api.close());

const scrape = (headers: Record<string, string> = { authorization: `Bearer ${token}` }) => fetch(`${api.server.url}/metrics`, { headers });
/** The value of a series, as it is written. */
async function read(series: string): Promise<number> {
  const line = (await (await scrape()).text()).split("\n").find((one) => one.startsWith(`mentorplatform_${series} `));
  return Number(line?.split(" ")[1] ?? Number.NaN);
}

test("whoever does not send the token is told nothing, and without a token there is no such page", async () => {
  for (const headers of [{}, { authorization: `Bearer ${token}!` }, { authorization: `Basic ${token}` }, { authorization: `Bearer ${operator.token}` }]) {
    const refused = await scrape(headers);
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
  }
  const other = await ApiTest.open();
  try {
    expect((await fetch(`${other.server.url}/metrics`)).status).toBe(404);
  } finally {
    await other.close();
  }
});

test("sagas, queues, dead letters, pauses and workers are told as they are at that moment", async () => {
  expect((await scrape()).headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await read('sagas{type="CourseEnrollment",status="COMPLETED"}')).toBe(0);
  expect(await read("workers")).toBe(0);

  const { queue, job } = { queue: "send-welcome-email", job: newId() };
  await api.engine.sql("insert into pgboss.job (id, name, data, start_after) values ($1, $2, '{}', now() - interval '90 seconds')", [job, queue]);
  expect(await read(`queue_jobs{queue="${queue}",state="ready"}`)).toBe(1);
  expect(await read(`queue_oldest_ready_age_seconds{queue="${queue}"}`)).toBeGreaterThanOrEqual(90);
  await api.engine.sql("delete from pgboss.job where id = $1", [job]);
  expect(await read(`queue_oldest_ready_age_seconds{queue="${queue}"}`)).toBe(0);
  await api.run(`mutation { pauseQueue(name: "${queue}", note: "looking") { __typename } }`, {}, operator);
  expect(await read(`queue_paused{queue="${queue}"}`)).toBe(1);

  await api.engine.start();
  const { enrollmentId } = await api.enroll(await api.person(), await api.course(await api.person("MENTOR")));
  await api.engine.until("CourseEnrollment", enrollmentId, ({ state }) => state === "SendingWelcomeEmail", "the mail to be waited for");
  expect(await read("workers")).toBe(1);
  expect(await read('sagas{type="CourseEnrollment",status="RUNNING"}')).toBe(1);
  await api.run(`mutation { resumeQueue(name: "${queue}", note: "looked") { __typename } }`, {}, operator);
  await api.engine.until("CourseEnrollment", enrollmentId, ({ finishedAt }) => finishedAt !== null, "the enrollment to end");
  expect(await read('sagas{type="CourseEnrollment",status="COMPLETED"}')).toBe(1);
  expect(await read('sagas{type="CourseEnrollment",status="RUNNING"}')).toBe(0);
});
