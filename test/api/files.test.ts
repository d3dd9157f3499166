import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { newId } from "../../src/kernel/ids.ts";
import { infectedBytes, pdfBytes, pngBytes, sha256Of } from "../support/file-bytes.ts";
import { waitFor } from "../support/wait.ts";
import { ApiTest, codesOf, type Person } from "./support.ts";

const run = promisify(execFile);
const PDF = "application/pdf";

let api: ApiTest;
let mentor: Person;
let learner: Person;
let stranger: Person;
let course: string;

beforeAll(async () => {
  api = await ApiTest.open();
  [mentor, learner, stranger] = [await api.person("MENTOR"), await api.person(), await api.person()];
  course = await api.course(mentor);
});
afterAll(() => api.close());

interface UserError {
  code: string;
  message: string;
  field: string[] | null;
}
interface Upload {
  id: string;
  url: string;
  headers: { name: string; value: string }[];
}
interface UploadAnswer {
  createUpload: { upload: Upload | null; userErrors: UserError[] };
}

const CREATE = `mutation ($input: CreateUploadInput!) { createUpload(input: $input) { upload { id url expiresAt headers { name value } } userErrors { code message field } } }`;

interface Announced {
  readonly bytes: Buffer;
  readonly contentType?: string;
  readonly purpose?: string;
  readonly fileName?: string;
}

async function announce(who: Person, { bytes, contentType = PDF, purpose = "COURSE_RESOURCE", fileName = "a.pdf" }: Announced): Promise<Upload> {
  const input = { fileName, contentType, purpose, byteSize: bytes.length, sha256: sha256Of(bytes) };
  const { data } = await api.run<UploadAnswer>(CREATE, { input }, who);
  expect(data.createUpload.userErrors).toEqual([]);
  return data.createUpload.upload as Upload;
}

const put = (upload: Upload, bytes: Buffer): Promise<Response> =>
  fetch(upload.url, { method: "PUT", body: bytes, headers: Object.fromEntries(upload.headers.map(({ name, value }) => [name, value])) });

async function upload(who: Person, announced: Announced): Promise<string> {
  const target = await announce(who, announced);
  expect((await put(target, announced.bytes)).status).toBe(201);
  return target.id;
}

const ADD = `mutation ($course: ID!, $upload: ID!, $title: String!) {
  addCourseResource(courseId: $course, uploadId: $upload, title: $title) { course { resources { id title fileName contentType byteSize downloadUrl } } userErrors { code message field } }
}`;
interface ResourceRow {
  id: string;
  title: string;
  fileName: string;
  contentType: string;
  byteSize: number;
  downloadUrl: string;
}
const add = async (who: Person, uploadId: string, title = "Slides of the first day", courseId = course) =>
  (
    await api.run<{ addCourseResource: { course: { resources: ResourceRow[] } | null; userErrors: UserError[] } }>(
      ADD,
      { course: courseId, upload: uploadId, title },
      who,
    )
  ).data.addCourseResource;

const READ = `query ($id: ID!) { course(id: $id) { resources { id title downloadUrl } } }`;
const read = (who: Person) => api.run<{ course: { resources: ResourceRow[] | null } }>(READ, { id: course }, who);

test("everything that is wrong with an announcement is told at once, with what would be right", async () => {
  const input = { fileName: "../secret\n", contentType: "text/html", purpose: "AVATAR", byteSize: 6_000_000, sha256: "ABC" };
  const { data } = await api.run<UploadAnswer>(CREATE, { input }, learner);
  expect(data.createUpload.upload).toBeNull();
  expect(data.createUpload.userErrors).toEqual([
    { code: "INVALID", message: "The file's name is one without folders and control characters.", field: ["input", "fileName"] },
    { code: "FILE_TYPE_NOT_ALLOWED", message: "Here a file is one of image/png, image/jpeg, image/webp; not text/html.", field: ["input", "contentType"] },
    { code: "FILE_TOO_LARGE", message: "Here a file has at most 5242880 bytes, not 6000000.", field: ["input", "byteSize"] },
    { code: "INVALID", message: "The SHA-256 is 64 digits of lower-case hex.", field: ["input", "sha256"] },
  ]);
  const resource = { fileName: "a.pdf", contentType: PDF, purpose: "COURSE_RESOURCE", byteSize: 0, sha256: sha256Of(Buffer.alloc(0)) };
  const { data: second } = await api.run<UploadAnswer>(CREATE, { input: resource }, learner);
  expect(second.createUpload.userErrors.map(({ field }) => field?.at(-1))).toEqual(["byteSize", "purpose"]);
  expect(codesOf(await api.run(CREATE, { input }))).toEqual(["UNAUTHENTICATED"]);
});

test("a mentor's materials are put by curl, and got by active learners, the mentor and administrators alone", async () => {
  const bytes = pdfBytes("slides");
  const target = await announce(mentor, { bytes, fileName: "Slides, day 1.pdf" });
  const path = join(api.files.root, "slides.pdf");
  writeFileSync(path, bytes);
  const { stdout } = await run("curl", ["-sS", "-T", path, target.url, "-H", `content-type: ${PDF}`, "-w", "%{http_code}"]);
  expect(stdout).toBe("201");

  const { course: changed, userErrors } = await add(mentor, target.id);
  expect(userErrors).toEqual([]);
  expect(changed?.resources).toMatchObject([{ title: "Slides of the first day", fileName: "Slides, day 1.pdf", contentType: PDF, byteSize: bytes.length }]);

  await api.enroll(learner, course);
  expect(codesOf(await read(learner))).toEqual(["FORBIDDEN"]);
  await api.engine.start();
  await waitFor(async () => (await read(learner)).errors === undefined);
  const { data } = await read(learner);
  const { stdout: got } = await run("curl", ["-sS", "-i", data.course.resources?.[0]?.downloadUrl ?? ""]);
  expect(got).toContain(bytes.toString());
  expect(got).toMatch(/content-disposition: attachment; filename="Slides, day 1.pdf"/i);
  expect(got).toMatch(/x-content-type-options: nosniff/i);

  expect((await read(await api.person("ADMIN"))).data.course.resources).toHaveLength(1);
  for (const who of [stranger, await api.person("MENTOR"), await api.person("OPERATOR")]) expect(codesOf(await read(who))).toEqual(["FORBIDDEN"]);
});

test("materials are taken away once, and their file with them", async () => {
  const uploadId = await upload(mentor, { bytes: pdfBytes("to be removed") });
  const { course: changed } = await add(mentor, uploadId, "To be removed");
  const { id = "", downloadUrl = "" } = changed?.resources.find(({ title }) => title === "To be removed") ?? {};
  const REMOVE = `mutation ($id: ID!) { removeCourseResource(id: $id) { course { id } userErrors { code message field } } }`;
  const remove = async (who: Person, resource = id) =>
    (await api.run<{ removeCourseResource: { course: { id: string } | null; userErrors: UserError[] } }>(REMOVE, { id: resource }, who)).data
      .removeCourseResource;

  const other = newId();
  const [foreign, missing] = [await remove(stranger), await remove(stranger, other)];
  expect(foreign.userErrors).toEqual([{ code: "NOT_FOUND", message: `You have no course with the material ${id}.`, field: ["id"] }]);
  expect(JSON.stringify(foreign).replace(id, other)).toBe(JSON.stringify(missing));

  const both = await Promise.all([remove(mentor), remove(mentor)]);
  expect(both.flatMap(({ userErrors }) => userErrors.map(({ code }) => code))).toEqual(["NOT_FOUND"]);
  await api.files.vault.purge();
  expect((await fetch(downloadUrl)).status).toBe(410);
});

test("an upload is its owner's, of its purpose, arrived, and used once; everything else is answered alike", async () => {
  const mine = await upload(mentor, { bytes: pdfBytes("used once") });
  expect((await add(mentor, mine, "Used once")).userErrors).toEqual([]);
  const others = [
    mine,
    newId(),
    "nonsense",
    (await announce(mentor, { bytes: pdfBytes("never put") })).id,
    await upload(await api.person("MENTOR"), { bytes: pdfBytes("somebody else's") }),
    await upload(mentor, { bytes: pngBytes("for something else"), contentType: "image/png", purpose: "AVATAR" }),
  ];
  for (const one of others) {
    expect((await add(mentor, one, "Another one")).userErrors).toEqual([
      { code: "UPLOAD_MISSING", message: "The upload never arrived, expired, is in use already, or belongs to somebody else.", field: ["uploadId"] },
    ]);
  }
  const twice = await upload(mentor, { bytes: pdfBytes("wanted twice at once") });
  const answers = await Promise.all([1, 2].map((n) => add(mentor, twice, `Wanted twice ${n}`)));
  expect(answers.flatMap(({ userErrors }) => userErrors.map(({ code }) => code))).toEqual(["UPLOAD_MISSING"]);
});

test("a foreign course is one that does not exist, for its materials too", async () => {
  const uploadId = await upload(mentor, { bytes: pdfBytes("for a foreign course") });
  const foreign = await api.course(await api.person("MENTOR"));
  const other = newId();
  const [one, two] = [await add(mentor, uploadId, "A title", foreign), await add(mentor, uploadId, "A title", other)];
  expect(one.userErrors).toMatchObject([{ code: "NOT_FOUND", field: ["courseId"] }]);
  expect(JSON.stringify(one).replace(foreign, other)).toBe(JSON.stringify(two));
});

test("what is malicious or damaged is told to whoever puts it, by code and sentence", async () => {
  const [bad, other] = [infectedBytes(), pdfBytes("a"), pdfBytes("b")];
  const infected = await put(await announce(mentor, { bytes: bad, fileName: "bad.pdf" }), bad);
  expect([infected.status, await infected.json()]).toEqual([
    422,
    { error: { code: "FILE_UNSAFE", message: "bad.pdf was found to contain the EICAR test text." } },
  ]);
  const damaged = await put(await announce(mentor, { bytes: pdfBytes("b") }), other);
  expect([damaged.status, await damaged.json()]).toMatchObject([422, { error: { code: "FILE_DAMAGED" } }]);
});

test("a picture is everybody's to see, and the one before is removed", async () => {
  const PROFILE = `mutation ($input: ProfileInput!) { updateProfile(input: $input) { user { avatarUrl } userErrors { code field } } }`;
  const change = async (avatarUploadId: string | null) =>
    (
      await api.run<{ updateProfile: { user: { avatarUrl: string | null } | null; userErrors: UserError[] } }>(
        PROFILE,
        { input: { fullName: "Fi Tavgor", timeZone: "Asia/Kolkata", avatarUploadId } },
        learner,
      )
    ).data.updateProfile;
  const [first, second] = [pngBytes("first"), pngBytes("second")];
  const picture = { contentType: "image/png", purpose: "AVATAR", fileName: "me.png" };
  const before = (await change(await upload(learner, { ...picture, bytes: first }))).user?.avatarUrl ?? "";
  expect((await change(await upload(learner, { ...picture, bytes: second }))).userErrors).toEqual([]);
  expect((await change(null)).user?.avatarUrl).toMatch(/\/files\//);
  expect((await change(newId())).userErrors).toEqual([{ code: "UPLOAD_MISSING", field: ["input", "avatarUploadId"] }]);
  await api.files.vault.purge();
  expect((await fetch(before)).status).toBe(410);
  const { data } = await api.run<{ user: { avatarUrl: string } }>("query ($id: ID!) { user(id: $id) { avatarUrl } }", { id: learner.id });
  expect(Buffer.from(await (await fetch(data.user.avatarUrl)).arrayBuffer())).toEqual(second);
});

test("a person has at most 50 uploads that nothing uses, also when they are announced at once", async () => {
  const many = await api.person();
  const bytes = pngBytes("one of many");
  const input = { fileName: "me.png", contentType: "image/png", purpose: "AVATAR", byteSize: bytes.length, sha256: sha256Of(bytes) };
  for (let round = 0; round < 6; round++) await Promise.all(Array.from({ length: 9 }, () => api.run(CREATE, { input }, many)));
  const { data } = await api.run<UploadAnswer>(CREATE, { input }, many);
  expect(data.createUpload.userErrors).toMatchObject([{ code: "WRONG_STATE", field: null }]);
  expect(await api.engine.sql("select 1 from file_object where owner_id = $1", [many.id])).toHaveLength(50);
});

test("a course has at most 200 materials", async () => {
  const full = await api.course(mentor);
  await api.engine.sql(
    `with f as (insert into file_object (id, owner_id, purpose, file_name, content_type, byte_size, sha256, storage_key, state)
       select gen_random_uuid(), $2, 'COURSE_RESOURCE', 'a.pdf', 'application/pdf', 1, repeat('0', 64), gen_random_uuid()::text, 'CLAIMED' from generate_series(1, 200) returning id)
     insert into course_resource (id, course_id, file_id, title) select gen_random_uuid(), $1, id, 'Made up' from f`,
    [full, mentor.id],
  );
  const uploadId = await upload(mentor, { bytes: pdfBytes("one too many") });
  expect((await add(mentor, uploadId, "One too many", full)).userErrors).toMatchObject([{ code: "WRONG_STATE", field: ["courseId"] }]);
});
