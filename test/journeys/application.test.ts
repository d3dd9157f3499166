import { waitFor } from "../support/wait.ts";
import {
  ApplyDocument,
  ApproveApplicationDocument,
  DeskDocument,
  NotificationsDocument,
  RejectApplicationDocument,
  RequestInfoDocument,
  ResubmitApplicationDocument,
  ShowApplicationDocument,
  UpdateMentorProfileDocument,
  type ApplicationDocumentInput,
} from "./generated/graphql.ts";
import { pdfBytes } from "../support/file-bytes.ts";
import { Journey, newKey, numbers, path, upTo, type Person } from "./support.ts";

// J5: an application to become a mentor.

let journey: Journey;
let reviewer: Person;
beforeAll(async () => {
  journey = await Journey.start();
  reviewer = await journey.madeUp("reviewer");
});
afterAll(() => journey.end());

const show = async (id: string, who: Person) => (await journey.run(ShowApplicationDocument, { id }, who)).applicationRequest;
const desk = async () => (await journey.run(DeskDocument, {}, reviewer)).applicationRequests.nodes;
const underReview = (sagaId: string, who: Person) => journey.follow(sagaId, who, ({ saga }) => saga.state === "UnderReview" && saga.status === "WAITING");

test("an applicant sends documents, watches the checks, is approved, and is a mentor at once", async () => {
  const who = await journey.newcomer("Ro Mandel");
  const { applicationId, sagaId } = await journey.apply(who);
  // Whether it is seen to wait for the provider depends on how fast that answers.
  expect(path(await underReview(sagaId, who)).filter((step) => step !== "RequestingBackgroundCheck → RequestingBackgroundCheck WAITING")).toEqual([
    "ApplicationSubmitted → ValidatingDocuments RUNNING",
    "ValidatingDocuments → RequestingBackgroundCheck RUNNING",
    "RequestingBackgroundCheck → AssigningReviewer RUNNING",
    "AssigningReviewer → UnderReview WAITING",
  ]);
  const mine = (await desk()).find(({ id }) => id === applicationId);
  expect(mine).toMatchObject({
    applicant: { fullName: "Ro Mandel", email: who.email },
    certifications: ["Master weaver"],
    backgroundCheck: { status: "CLEAR" },
    documents: [
      { kind: "CV", fileName: "cv.pdf" },
      { kind: "COVER_LETTER", fileName: "letter.pdf" },
    ],
  });
  const downloaded = await fetch(mine?.documents?.[0]?.downloadUrl ?? "");
  expect(downloaded.headers.get("content-disposition")).toContain("cv.pdf");
  expect(
    Buffer.from(await downloaded.arrayBuffer())
      .subarray(0, 8)
      .toString(),
  ).toBe("%PDF-1.4");

  const { approveApplicationRequest } = await journey.run(ApproveApplicationDocument, { id: applicationId, note: "Welcome!" }, reviewer);
  expect(approveApplicationRequest.applicationRequest).toMatchObject({ status: "APPROVED", applicant: { mentorProfile: {} } });
  const events = await journey.follow(sagaId, who);
  expect(numbers(events)).toEqual(upTo(events.length));
  expect(path(events).at(-1)).toBe("SendingNotification → ApplicationCompleted COMPLETED");
  await journey.mail(who.email, "You are a mentor now");
  const input = { headline: "Looms", experience: null, expertiseIds: [], maxSessionsPerWeek: 5, minNoticeHours: 12 };
  await journey.run(UpdateMentorProfileDocument, { input }, await journey.signIn(who.email, "correct horse battery"));
});

test("asked for more, the applicant sends it in again and comes back to the same reviewer, whose no is told with its reason", async () => {
  const who = await journey.newcomer("Ilmo Sarkad");
  const { applicationId, sagaId } = await journey.apply(who);
  await underReview(sagaId, who);
  const before = await show(applicationId, who);
  await journey.run(RequestInfoDocument, { id: applicationId, note: "Which years were these?" }, reviewer);
  expect((await journey.mail(who.email, "A question about your application")).text).toContain("Which years were these?");
  expect(await show(applicationId, who)).toMatchObject({ status: "INFO_REQUESTED", note: "Which years were these?" });
  const input = { ...(await journey.application(who)), workExperience: "From 2010 to 2020 at the loom" };
  await journey.run(ResubmitApplicationDocument, { id: applicationId, input }, who);
  await waitFor(async () => (await show(applicationId, who))?.saga?.state === "UnderReview", { describe: () => show(applicationId, who) });
  expect((await show(applicationId, who))?.reviewer).toEqual(before?.reviewer);

  const note = "Come back with more years.";
  await journey.run(RejectApplicationDocument, { id: applicationId, note }, reviewer);
  await journey.follow(sagaId, who);
  expect(await show(applicationId, who)).toMatchObject({
    status: "REJECTED",
    failure: { code: "REJECTED_BY_REVIEWER", message: note },
    saga: { state: "ApplicationRejected", status: "FAILED" },
  });
  const { viewer } = await journey.run(NotificationsDocument, {}, who);
  expect(viewer.notifications?.nodes).toContainEqual(expect.objectContaining({ message: expect.stringContaining(note) as string, saga: { id: sagaId } }));
  await journey.run(ApplyDocument, { input: await journey.application(who), key: newKey() }, who);
});

test("what is wrong with the documents is told before anything begins, each at its field", async () => {
  const who = await journey.newcomer("Wen Orsha");
  const input = await journey.application(who);
  const [cv, letter] = input.documents as [ApplicationDocumentInput, ApplicationDocumentInput];
  expect(await journey.refusal(ApplyDocument, { input: { ...input, documents: [cv] }, key: newKey() }, who)).toEqual([
    { code: "DOCUMENT_MISSING", message: "The cover letter is missing.", field: ["input", "documents"] },
  ]);
  const foreign = await journey.upload(await journey.somebody(), "cv.pdf");
  const documents = [{ uploadId: foreign, kind: "CV" as const }, letter];
  expect(await journey.refusal(ApplyDocument, { input: { ...input, documents }, key: newKey() }, who)).toMatchObject([
    { code: "UPLOAD_MISSING", field: ["input", "documents", "0", "uploadId"] },
  ]);
  await expect(journey.upload(who, "cv.pdf", Buffer.from("no document at all"))).rejects.toThrow(/^The upload answered 4\d\d: .*\bPDF\b/i);
  await expect(journey.upload(who, "cv.pdf", pdfBytes("x".repeat(11 * 2 ** 20)))).rejects.toThrow("10");
});

test("a background check that fails ends the application, and the applicant is told", async () => {
  const who = await journey.registered("Fi Tavgor", "+fail");
  const { applicationId, sagaId } = await journey.apply(who);
  await journey.follow(sagaId, who);
  expect(await show(applicationId, who)).toMatchObject({
    status: "REJECTED",
    failure: { code: "BACKGROUND_CHECK_FAILED" },
    backgroundCheck: { status: "FAILED" },
  });
  expect((await journey.mail(who.email, "Your application was not accepted")).text).toContain("The background check did not pass.");
});
