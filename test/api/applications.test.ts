import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findSilentApplications } from "../../src/domain/application-request/application-request.service.ts";
import { silentApplications } from "../../src/domain/chores.ts";
import { Sweeper } from "../../src/domain/sweeper.ts";
import { silentLog } from "../../src/kernel/log.ts";
import type { CheckResult } from "../../src/domain/background-check/background-checks.port.ts";
import { Transient } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { pdfBytes, sha256Of } from "../support/file-bytes.ts";
import { waitFor } from "../support/wait.ts";
import { ApiTest, codesOf, type Person } from "./support.ts";

// The whole way of an application over the API, with real uploads.

let api: ApiTest;
let admin: Person;
let reviewer: Person;

beforeAll(async () => {
  api = await ApiTest.open();
  [admin, reviewer] = [await api.person("ADMIN"), await api.person("REVIEWER")];
  await api.engine.start();
});
afterAll(() => api.close());

interface Application {
  id: string;
  status: string;
  note: string | null;
  decidedAt: string | null;
  failure: { code: string; message: string } | null;
  reviewer: { id: string } | null;
  documents: { id: string; kind: string; fileName: string; verdict: string; downloadUrl: string; problem: { code: string; message: string } | null }[];
  backgroundCheck: { status: string } | null;
  saga: { id: string; state: string; status: string; reason: { code: string } | null };
}
interface Payload {
  applicationRequest: Application | null;
  saga: { id: string; state: string; status: string } | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}

const nothing: Payload = { applicationRequest: null, saga: null, userErrors: [] };

const FIELDS = `id status note decidedAt failure { code message } reviewer { id } documents { id kind fileName verdict downloadUrl problem { code message } }
  backgroundCheck { status } saga { id state status reason { code } }`;
const PAYLOAD = `{ applicationRequest { ${FIELDS} } saga { id state status } userErrors { code message field } }`;

async function upload(who: Person, text = `a page ${newId()}`): Promise<string> {
  const bytes = pdfBytes(text);
  const input = { fileName: "cv.pdf", contentType: "application/pdf", purpose: "APPLICATION_DOCUMENT", byteSize: bytes.length, sha256: sha256Of(bytes) };
  const { data } = await api.run<{ createUpload: { upload: { id: string; url: string } } }>(
    "mutation ($input: CreateUploadInput!) { createUpload(input: $input) { upload { id url } userErrors { message } } }",
    { input },
    who,
  );
  const response = await fetch(data.createUpload.upload.url, { method: "PUT", body: bytes, headers: { "content-type": "application/pdf" } });
  expect(response.status).toBe(201);
  return data.createUpload.upload.id;
}

const inputOf = (documents: object[]) => ({
  education: "A school of weaving",
  workExperience: "Ten years at the loom",
  description: "",
  certifications: ["Master weaver"],
  documents,
  consentToBackgroundCheck: true,
});

async function inputWithFiles(who: Person) {
  return inputOf([
    { uploadId: await upload(who), kind: "CV" },
    { uploadId: await upload(who), kind: "COVER_LETTER" },
  ]);
}

async function submit(who: Person, input: object, key: string = newId()): Promise<Payload> {
  const { data, errors } = await api.run<{ submitApplicationRequest: Payload }>(
    `mutation ($input: ApplicationRequestInput!, $key: String!) { submitApplicationRequest(input: $input, idempotencyKey: $key) ${PAYLOAD} }`,
    { input, key },
    who,
  );
  expect(errors).toBeUndefined();
  return data.submitApplicationRequest;
}

/** Somebody applies; the answer is there before anything is checked. */
async function apply(result: CheckResult = "clear", somebody?: Person): Promise<{ applicant: Person; id: string }> {
  const applicant = somebody ?? (await api.person());
  api.checkResults.set(applicant.email, result);
  const { applicationRequest, userErrors } = await submit(applicant, await inputWithFiles(applicant));
  expect(userErrors).toEqual([]);
  return { applicant, id: applicationRequest?.id ?? "" };
}

async function call(who: Person | null, mutation: string, args: Record<string, unknown>): Promise<{ payload: Payload; codes: string[] }> {
  const types: Record<string, string> = { id: "ID!", reviewerId: "ID!", note: "String", input: "ApplicationRequestInput!" };
  const needed = new Set(["rejectApplicationRequest", "requestApplicationInfo"]);
  const typeOf = (name: string): string => (name === "note" && needed.has(mutation) ? "String!" : (types[name] ?? ""));
  const names = Object.keys(args);
  const query = `mutation (${names.map((name) => `$${name}: ${typeOf(name)}`).join(", ")}) { ${mutation}(${names.map((name) => `${name}: $${name}`).join(", ")}) ${PAYLOAD} }`;
  const answer = await api.run<Record<string, Payload>>(query, args, who);
  return { payload: answer.data[mutation] ?? nothing, codes: codesOf(answer) };
}

const read = async (who: Person, id: string): Promise<Application | null> =>
  (await api.run<{ applicationRequest: Application | null }>(`query ($id: ID!) { applicationRequest(id: $id) { ${FIELDS} } }`, { id }, who)).data
    .applicationRequest;

const until = (id: string, is: (application: Application) => boolean) =>
  waitFor(
    async () => {
      const application = await read(admin, id);
      return application !== null && is(application) && application;
    },
    { describe: async () => JSON.stringify(await read(admin, id)) },
  );
const underReview = (id: string) => until(id, ({ status, saga }) => status === "UNDER_REVIEW" && saga.state === "UnderReview");
/** The application and its saga end in one commit, but an answer reads the one before the other: both have to be seen. */
const ended = (id: string) =>
  until(
    id,
    ({ status, saga }) => ["COMPLETED", "FAILED", "CANCELLED"].includes(saga.status) && !["PENDING", "UNDER_REVIEW", "INFO_REQUESTED"].includes(status),
  );
const mailsTo = (who: Person) => api.mails.filter(({ to }) => to === who.email);
const noticesOf = (who: Person) =>
  api.engine.sql<{ title: string; message: string }>("select title, message from notification where user_id = $1 order by id", [who.id]);
const decider = async (id: string): Promise<Person> => {
  const { reviewer: found } = await underReview(id);
  const one = found?.id === reviewer.id ? reviewer : null;
  return one ?? { id: found?.id ?? "", email: "", token: await api.tokenOf(found?.id ?? "") };
};

test("an application is checked, reviewed and approved, and makes a mentor in the same breath", async () => {
  const { applicant, id } = await apply();
  const standing = await underReview(id);
  expect(standing).toMatchObject({ status: "UNDER_REVIEW", reviewer: { id: reviewer.id }, backgroundCheck: { status: "CLEAR" }, failure: null });
  expect(standing.documents.map(({ kind, fileName, verdict }) => [kind, fileName, verdict])).toEqual([
    ["CV", "cv.pdf", "ACCEPTED"],
    ["COVER_LETTER", "cv.pdf", "ACCEPTED"],
  ]);

  const desk = await api.run<{
    applicationRequests: {
      nodes: { id: string; applicant: { email: string }; documents: { downloadUrl: string }[]; backgroundCheck: { reference: string } }[];
    };
  }>(
    `{ applicationRequests(filter: { status: [UNDER_REVIEW] }) { nodes { id applicant { email } documents { downloadUrl } backgroundCheck { reference } } } }`,
    {},
    reviewer,
  );
  const [first] = desk.data.applicationRequests.nodes;
  expect(first).toMatchObject({ id, applicant: { email: applicant.email }, backgroundCheck: { reference: id } });
  expect((await fetch(first?.documents[0]?.downloadUrl ?? "")).status).toBe(200);

  const { payload } = await call(reviewer, "approveApplicationRequest", { id, note: "Welcome!" });
  expect(payload).toMatchObject({ userErrors: [], applicationRequest: { status: "APPROVED", note: "Welcome!", decidedAt: expect.any(String) as string } });
  const [row] = await api.engine.sql<{ roles: string[] }>(
    "select roles from app_user u where id = $1 and exists (select from mentor_profile where user_id = u.id)",
    [applicant.id],
  );
  expect(row?.roles).toContain("MENTOR");
  expect((await ended(id)).saga).toMatchObject({ state: "ApplicationCompleted", status: "COMPLETED", reason: null });
  expect(mailsTo(applicant).map(({ subject }) => subject)).toEqual(["You are a mentor now"]);
  expect((await noticesOf(reviewer)).at(-1)).toMatchObject({ title: "An application waits for you" });

  expect((await call(reviewer, "approveApplicationRequest", { id, note: null })).payload.userErrors).toEqual([]);
  expect((await call(reviewer, "rejectApplicationRequest", { id, note: "No." })).payload.userErrors).toEqual([
    { code: "WRONG_STATE", message: "The application was approved.", field: ["id"] },
  ]);
  expect((await submit({ ...applicant, token: await api.tokenOf(applicant.id) }, await inputWithFiles(applicant))).userErrors).toMatchObject([
    { code: "ALREADY_MENTOR" },
  ]);
});

test("a reviewer's no is told with its reason, and a new application may follow at once", async () => {
  const { applicant, id } = await apply();
  const who = await decider(id);
  expect((await call(who, "rejectApplicationRequest", { id, note: " " })).payload.userErrors).toMatchObject([{ code: "REQUIRED", field: ["note"] }]);
  await call(who, "rejectApplicationRequest", { id, note: "Come back with more years." });
  expect(await ended(id)).toMatchObject({
    status: "REJECTED",
    failure: { code: "REJECTED_BY_REVIEWER", message: "Come back with more years." },
    saga: { state: "ApplicationRejected", status: "FAILED", reason: { code: "REJECTED_BY_REVIEWER" } },
  });
  const [mail] = mailsTo(applicant);
  expect(mail).toMatchObject({ subject: "Your application was not accepted", text: expect.stringContaining("Come back with more years.") as string });
  expect((await noticesOf(applicant)).map(({ title }) => title)).toEqual(["Your application was not accepted"]);
  expect((await submit(applicant, await inputWithFiles(applicant))).userErrors).toEqual([]);
});

test("a check that does not pass is told; one that a person must judge comes to the reviewer with its mark", async () => {
  const failed = await apply("failed");
  expect(await ended(failed.id)).toMatchObject({
    status: "REJECTED",
    failure: { code: "BACKGROUND_CHECK_FAILED" },
    backgroundCheck: { status: "FAILED" },
    reviewer: null,
  });
  await waitFor(() => mailsTo(failed.applicant).length === 1);
  expect(mailsTo(failed.applicant)[0]?.text).toContain("The background check did not pass.");

  const considered = await apply("consider");
  expect(await underReview(considered.id)).toMatchObject({ status: "UNDER_REVIEW", backgroundCheck: { status: "CONSIDER" } });
});

test("documents that were lost or changed after they were sent in are told one by one", async () => {
  api.faults.set("ValidateDocumentsCommand", new Transient("The store is away"));
  const applicant = await api.person();
  const input = await inputWithFiles(applicant);
  const { applicationRequest } = await submit(applicant, input);
  const [cv, letter] = input.documents as { uploadId: string }[];
  const pathOf = (one: { uploadId: string } | undefined) => join(api.files.store.keptRoot, "application_document", one?.uploadId ?? "");
  rmSync(pathOf(cv));
  writeFileSync(pathOf(letter), "something else");
  api.faults.clear();
  const { documents, failure } = await ended(applicationRequest?.id ?? "");
  expect(documents.map(({ verdict, problem }) => [verdict, problem?.code])).toEqual([
    ["REFUSED", "DOCUMENT_MISSING"],
    ["REFUSED", "FILE_DAMAGED"],
  ]);
  expect(failure).toEqual({ code: "DOCUMENT_MISSING", message: "cv.pdf is not there any more. cv.pdf is not what was sent in." });
  await waitFor(() => mailsTo(applicant).length === 1);
});

test("asked for more, the applicant sends it in again, everything is checked again, and the same reviewer reads it", async () => {
  const { applicant, id } = await apply();
  const who = await decider(id);
  const asked = await call(who, "requestApplicationInfo", { id, note: "Which years were these?" });
  expect(asked.payload.applicationRequest).toMatchObject({ status: "INFO_REQUESTED", note: "Which years were these?" });
  expect((await call(who, "requestApplicationInfo", { id, note: "Which years were these?" })).payload.userErrors).toEqual([]);
  expect((await call(who, "requestApplicationInfo", { id, note: "And where?" })).payload.userErrors).toMatchObject([{ code: "WRONG_STATE" }]);
  await waitFor(() => mailsTo(applicant).length === 1);
  expect(mailsTo(applicant)[0]).toMatchObject({
    subject: "A question about your application",
    text: expect.stringContaining("Which years were these?") as string,
  });

  const { documents = [] } = (await read(applicant, id)) ?? {};
  const [cv, letter] = documents;
  const input = {
    ...inputOf([
      { uploadId: cv?.id, kind: "CV" },
      { uploadId: await upload(applicant), kind: "COVER_LETTER" },
    ]),
    workExperience: "From 2010 to 2020 at the loom",
  };
  const again = await call(applicant, "resubmitApplicationRequest", { id, input });
  expect(again.payload.userErrors).toEqual([]);
  expect((await call(applicant, "resubmitApplicationRequest", { id, input })).payload.userErrors).toEqual([]);
  expect(await underReview(id)).toMatchObject({ status: "UNDER_REVIEW", reviewer: { id: who.id } });
  expect((await read(applicant, id))?.documents).toHaveLength(2);
  const [gone] = await api.engine.sql<{ state: string }>("select state from file_object where id = $1", [letter?.id]);
  expect(gone?.state).toBe("STORED");
  expect((await call(applicant, "resubmitApplicationRequest", { id, input: { ...input, description: "More." } })).payload.userErrors).toEqual([
    { code: "WRONG_STATE", message: "Nobody has asked for anything that this application lacks.", field: ["id"] },
  ]);
  expect((await call(who, "approveApplicationRequest", { id, note: null })).payload.userErrors).toEqual([]);
});

test("an application is withdrawn in any state before the decision, and then gone for the reviewer's desk", async () => {
  const { applicant, id } = await apply();
  const who = await decider(id);
  await call(applicant, "withdrawApplicationRequest", { id });
  expect(await ended(id)).toMatchObject({ status: "WITHDRAWN", failure: { code: "CANCELLED_BY_USER" }, reviewer: null, saga: { status: "CANCELLED" } });
  expect((await call(applicant, "withdrawApplicationRequest", { id })).payload.userErrors).toEqual([]);
  expect((await call(who, "approveApplicationRequest", { id, note: null })).payload.userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
  await waitFor(() => mailsTo(applicant).length === 1);
  expect(mailsTo(applicant)[0]?.text).toContain("The applicant withdrew the application.");
});

test("an applicant who does not answer for thirty days has withdrawn, and is told so", async () => {
  const { applicant, id } = await apply();
  await call(await decider(id), "requestApplicationInfo", { id, note: "Which years were these?" });
  await waitFor(() => mailsTo(applicant).length === 1);
  await api.engine.sql("update application_request set info_requested_at = now() - interval '29 days 23 hours' where id = $1", [id]);
  expect(await findSilentApplications(api.engine.em(), 10)).toEqual([]);
  await api.engine.sql("update application_request set info_requested_at = now() - interval '30 days' where id = $1", [id]);
  const sweepers = [1, 2].map(
    () => new Sweeper(silentApplications, { em: api.engine.em, transaction: api.engine.transaction, log: silentLog, intervalMs: 20 }),
  );
  for (const sweeper of sweepers) sweeper.start();
  expect(await ended(id)).toMatchObject({ status: "WITHDRAWN", failure: { code: "CANCELLED_BY_USER", message: "The applicant did not answer in time." } });
  await Promise.all(sweepers.map((sweeper) => sweeper.stop()));
  await waitFor(() => mailsTo(applicant).length === 2);
});

test("everything that is wrong with an application is told at once", async () => {
  const applicant = await api.person();
  const mine = await upload(applicant);
  const { userErrors } = await submit(applicant, {
    ...inputOf([{ uploadId: mine, kind: "CV" }]),
    education: "short",
    certifications: ["", "x".repeat(201)],
    consentToBackgroundCheck: false,
  });
  expect(userErrors.map(({ code, field }) => `${code} ${field?.join(".")}`)).toEqual([
    "INVALID input.education",
    "REQUIRED input.certifications.0",
    "INVALID input.certifications.1",
    "DOCUMENT_MISSING input.documents",
    "CONSENT_MISSING input.consentToBackgroundCheck",
  ]);
  const foreign = await upload(await api.person());
  const files = await submit(
    applicant,
    inputOf([
      { uploadId: mine, kind: "CV" },
      { uploadId: foreign, kind: "COVER_LETTER" },
      { uploadId: mine, kind: "OTHER" },
    ]),
  );
  expect(files.userErrors.map(({ code, field }) => `${code} ${field?.join(".")}`)).toEqual([
    "UPLOAD_MISSING input.documents.1.uploadId",
    "UPLOAD_MISSING input.documents.2.uploadId",
  ]);
  // What was refused has used nothing up.
  expect(
    (
      await submit(
        applicant,
        inputOf([
          { uploadId: mine, kind: "CV" },
          { uploadId: await upload(applicant), kind: "COVER_LETTER" },
        ]),
      )
    ).userErrors,
  ).toEqual([]);
});

test("one key makes one application, and of several at once one is made", async () => {
  const applicant = await api.person();
  const [input, key] = [await inputWithFiles(applicant), randomBytes(8).toString("hex")];
  const answers = await Promise.all([1, 2, 3, 4].map(() => submit(applicant, input, key)));
  expect(new Set(answers.map(({ applicationRequest }) => applicationRequest?.id)).size).toBe(1);
  expect(answers.flatMap(({ userErrors }) => userErrors)).toEqual([]);
  const others = await Promise.all([await inputWithFiles(applicant), await inputWithFiles(applicant)].map((one) => submit(applicant, one)));
  expect(others.map(({ userErrors }) => userErrors.map(({ code }) => code))).toEqual([["APPLICATION_ALREADY_OPEN"], ["APPLICATION_ALREADY_OPEN"]]);
});

test("two who decide at once: one decision stands, the other hears of it", async () => {
  const { id } = await apply();
  const who = await decider(id);
  const [yes, no] = await Promise.all([
    call(admin, "approveApplicationRequest", { id, note: null }),
    call(who, "rejectApplicationRequest", { id, note: "No." }),
  ]);
  const codes = [yes, no].map(({ payload }) => payload.userErrors.map(({ code }) => code));
  expect(codes.flat()).toEqual(["WRONG_STATE"]);
  const { status } = await ended(id);
  expect(status).toBe(codes[0]?.length === 0 ? "APPROVED" : "REJECTED");
});

test("an administrator names the reviewer; the one before reads it no more, and nobody reviews an own application", async () => {
  const own = await api.person("ADMIN", "REVIEWER");
  const { applicant, id } = await apply("clear", own);
  const before = await decider(id);
  const next = await api.person("REVIEWER");
  expect((await call(admin, "assignReviewer", { id, reviewerId: next.id })).payload.applicationRequest?.reviewer).toEqual({ id: next.id });
  expect(await read(before, id)).toBeNull();
  expect(await read(next, id)).not.toBeNull();
  expect((await call(before, "approveApplicationRequest", { id, note: null })).payload.userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
  expect((await call(admin, "assignReviewer", { id, reviewerId: admin.id })).payload.userErrors).toMatchObject([{ code: "INVALID", field: ["reviewerId"] }]);
  expect((await call(own, "approveApplicationRequest", { id, note: null })).payload.userErrors).toMatchObject([{ code: "OWN_APPLICATION" }]);
  expect((await call(admin, "assignReviewer", { id, reviewerId: applicant.id })).payload.userErrors).toMatchObject([{ code: "OWN_APPLICATION" }]);
});

test("a reviewer who is switched off gives what they read to another", async () => {
  const { id } = await apply();
  const leaving = await api.person("REVIEWER");
  await underReview(id);
  await call(admin, "assignReviewer", { id, reviewerId: leaving.id });
  await api.run("mutation ($id: ID!) { updateUser(id: $id, active: false) { userErrors { code } } }", { id: leaving.id }, admin);
  const { reviewer: now } = await until(id, ({ saga, reviewer: one }) => saga.state === "UnderReview" && one !== null && one.id !== leaving.id);
  expect(now?.id).not.toBe(leaving.id);
});

test("what nobody has approved is not told as approved, even if an operator says that it was", async () => {
  const { applicant, id } = await apply();
  await decider(id);
  const operator = await api.person("OPERATOR");
  const { saga } = await underReview(id);
  const { data } = await api.run<{ completeSagaStep: { userErrors: unknown[] } }>(
    `mutation ($id: ID!, $payload: JSONObject!) { completeSagaStep(id: $id, reply: "ApplicationApprovedEvent", payload: $payload, note: "by hand") { userErrors { code message } } }`,
    { id: saga.id, payload: { reviewerId: operator.id, approvedAt: "2026-01-01T00:00:00.000Z" } },
    operator,
  );
  expect(data?.completeSagaStep.userErrors).toEqual([]);
  expect((await until(id, ({ saga: { status } }) => status === "STUCK")).status).not.toBe("APPROVED");
  expect(mailsTo(applicant)).toEqual([]);
});

test("who has nothing to do with an application knows of none", async () => {
  const { applicant, id } = await apply();
  await decider(id);
  const stranger = await api.person("REVIEWER", "MENTOR", "OPERATOR");
  const other = newId();
  expect([await read(stranger, id), await read(stranger, other)]).toEqual([null, null]);
  for (const mutation of ["approveApplicationRequest", "rejectApplicationRequest", "requestApplicationInfo", "withdrawApplicationRequest"]) {
    const args = mutation === "withdrawApplicationRequest" ? {} : { note: "n" };
    const [foreign, missing] = [await call(stranger, mutation, { id, ...args }), await call(stranger, mutation, { id: other, ...args })];
    expect(foreign.payload.userErrors).toEqual([{ code: "NOT_FOUND", message: "You have no such application.", field: ["id"] }]);
    expect(JSON.stringify(foreign).replaceAll(id, other)).toBe(JSON.stringify(missing));
  }
  expect((await call(applicant, "approveApplicationRequest", { id, note: null })).payload.userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
  expect((await call(applicant, "assignReviewer", { id, reviewerId: stranger.id })).codes).toEqual(["FORBIDDEN"]);
  const list = await api.run<{ applicationRequests: { nodes: unknown[] } }>("{ applicationRequests { nodes { id } } }", {}, stranger);
  expect(list.data.applicationRequests.nodes).toEqual([]);
});
