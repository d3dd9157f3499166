import S3rver from "@20minutes/s3rver";
import express from "express";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileObject, UploadPurpose } from "../../src/domain/files/file-object.ts";
import type { FileStore, UploadTarget } from "../../src/domain/files/file-store.port.ts";
import { FileVault } from "../../src/domain/files/file-vault.ts";
import { claimFiles } from "../../src/domain/files/claim.ts";
import { createUpload } from "../../src/domain/files/upload.service.ts";
import { S3FileStore } from "../../src/gateways/file-store-s3.ts";
import { builtinScanner } from "../../src/gateways/scanners.ts";
import { Permanent, Refusal, Transient } from "../../src/kernel/errors.ts";
import { newId } from "../../src/kernel/ids.ts";
import { silentLog } from "../../src/kernel/log.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { docxBytes, infectedBytes, pdfBytes, pngBytes, sha256Of, zipBytes } from "../support/file-bytes.ts";
import { openTestFiles, type TestFiles } from "../support/files.ts";
import { waitFor } from "../support/wait.ts";

const PDF = "application/pdf";
const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const S3_KEYS = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
const IDLE_MS = 300;

let database: TestDatabase;
let owner: string;
let fs: TestFiles;
let http: Server;
let s3: S3rver;
let s3Url: string;
const s3Root = mkdtempSync(join(tmpdir(), "mentorplatform-s3-"));

beforeAll(async () => {
  database = await createTestDatabase();
  const em = () => database.orm.em.fork();
  owner = newId();
  await database.sql("insert into app_user (id, email, full_name, time_zone, roles) values ($1, $2, 'Fi Tavgor', 'Asia/Kolkata', '{LEARNER,MENTOR}')", [
    owner,
    `${owner}@demo.example`,
  ]);
  fs = await openTestFiles({ em, baseUrl: () => `http://127.0.0.1:${(http.address() as AddressInfo).port}`, idleMs: IDLE_MS });
  http = express().use(fs.routes).listen(0, "127.0.0.1");
  s3 = new S3rver({ port: 0, address: "127.0.0.1", silent: true, directory: s3Root, configureBuckets: [{ name: "files", configs: [] }] });
  s3Url = `http://127.0.0.1:${(await s3.run()).port}`;
});
afterAll(async () => {
  http.closeAllConnections();
  http.close();
  await s3.close();
  fs.remove();
  rmSync(s3Root, { recursive: true });
  await database.dispose({ damaged: "files are claimed here by nothing" });
});

interface Announced {
  readonly bytes: Buffer;
  readonly contentType?: string;
  readonly purpose?: UploadPurpose;
  readonly fileName?: string;
}

const announce = ({ bytes, contentType = PDF, purpose = "APPLICATION_DOCUMENT", fileName = "cv.pdf" }: Announced): Promise<FileObject> =>
  database.transaction((em) =>
    createUpload(em, { owner: { id: owner, roles: ["MENTOR"] }, input: { fileName, contentType, purpose, byteSize: bytes.length, sha256: sha256Of(bytes) } }),
  );

const put = (target: UploadTarget, bytes: Buffer, over: Record<string, string> = {}): Promise<Response> =>
  fetch(target.url, { method: "PUT", body: bytes, headers: { ...Object.fromEntries(target.headers.map(({ name, value }) => [name, value])), ...over } });

const stateOf = async (file: FileObject): Promise<string | undefined> =>
  (await database.sql<{ state: string }>("select state from file_object where id = $1", [file.id]))[0]?.state;

const claim = (file: FileObject): Promise<unknown> =>
  database.transaction((em) => claimFiles(em, { ownerId: owner, purpose: file.purpose, uploads: [{ id: file.id, field: ["uploadId"] }] }));

describe.each(["fs", "s3"] as const)("files kept by %s", (driver) => {
  let store: FileStore;
  let vault: FileVault;

  beforeAll(() => {
    const em = () => database.orm.em.fork();
    store = driver === "fs" ? fs.store : new S3FileStore({ endpoint: s3Url, region: "eu-west-1", bucket: "files", ...S3_KEYS });
    vault = new FileVault({ store, scanner: builtinScanner, em, log: silentLog });
  });

  /** What the owner is told in the end: when the bytes are put, or when the upload is named. Null: nothing is wrong. */
  async function deliver(file: FileObject, bytes: Buffer): Promise<string | null> {
    const response = await put(await vault.target(file), bytes);
    if (response.status >= 400 && driver === "fs") return ((await response.json()) as { error: { code: string } }).error.code;
    try {
      await vault.settle(owner, [{ id: file.id, field: ["uploadId"] }]);
    } catch (error) {
      if (error instanceof Refusal) return error.code;
      throw error;
    }
    return response.ok ? null : `HTTP ${response.status}`;
  }

  test("come back as they were put, to be saved and not shown, under their own name", async () => {
    const bytes = pdfBytes("what was put");
    const file = await announce({ bytes, fileName: 'Šolá "1"; 履歴書.pdf' });
    expect(await deliver(file, bytes)).toBeNull();
    expect(await stateOf(file)).toBe("STORED");
    const response = await fetch(await vault.downloadUrl(file));
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    expect(response.headers.get("content-type")).toBe(PDF);
    expect(response.headers.get("content-disposition")).toMatch(/^attachment; .*filename\*=UTF-8''%C5%A0ol%C3%A1/);
    expect(await vault.inspect(file)).toBe("sound");
  });

  test.each([
    ["another hash", pdfBytes("one page"), pdfBytes("no page!"), PDF, "FILE_DAMAGED"],
    ["another type than announced", pngBytes(), pngBytes(), PDF, "FILE_TYPE_NOT_ALLOWED"],
    ["no type that is known", Buffer.from("just words"), Buffer.from("just words"), PDF, "FILE_TYPE_NOT_ALLOWED"],
    ["a zip that is no document", zipBytes({ "a.txt": "a" }), zipBytes({ "a.txt": "a" }), DOCX, "FILE_TYPE_NOT_ALLOWED"],
    ["something malicious", infectedBytes(), infectedBytes(), PDF, "FILE_UNSAFE"],
  ])("with %s are not taken, and the right ones still are", async (_what, announced, bytes, contentType, code) => {
    const file = await announce({ bytes: announced, contentType });
    expect(await deliver(file, bytes)).toBe(code);
    expect(await stateOf(file)).toBe("ISSUED");
    await expect(claim(file)).rejects.toMatchObject({ code: "UPLOAD_MISSING", field: ["uploadId"] });
    expect(await store.open(file.storageKey)).toBeNull();
    if (code !== "FILE_DAMAGED") return;
    expect(await deliver(file, announced)).toBeNull();
    await claim(file);
    expect(await stateOf(file)).toBe("CLAIMED");
  });

  test.each([
    ["docx", docxBytes(), DOCX, "APPLICATION_DOCUMENT"],
    ["png", pngBytes(), "image/png", "AVATAR"],
    ["zip", zipBytes({ "a.txt": "a" }), "application/zip", "COURSE_RESOURCE"],
  ] as const)("may be a %s", async (_what, bytes, contentType, purpose) => {
    expect(await deliver(await announce({ bytes, contentType, purpose }), bytes)).toBeNull();
  });

  test("of fewer or more bytes than announced are not taken", async () => {
    const bytes = pdfBytes();
    for (const other of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.from("\n")])]) {
      const file = await announce({ bytes });
      // A store that checks the signed length itself answers 403.
      expect(await deliver(file, other)).toMatch(/^(FILE_DAMAGED|FILE_TOO_LARGE|HTTP 403)$/);
      expect(await stateOf(file)).toBe("ISSUED");
    }
  });

  test("are as they were looked at, whatever is put there later", async () => {
    const bytes = pdfBytes("looked at");
    const file = await announce({ bytes });
    const target = await vault.target(file);
    expect((await put(target, bytes)).ok).toBe(true);
    await vault.settle(owner, [{ id: file.id, field: [] }]);
    await put(target, pdfBytes("put later"));
    await vault.settle(owner, [{ id: file.id, field: [] }]);
    expect(await vault.inspect(file)).toBe("sound");
  });

  test("that are put or looked at several times at once are taken once", async () => {
    const bytes = pdfBytes("at once");
    const file = await announce({ bytes });
    const target = await vault.target(file);
    const answers = await Promise.all([1, 2, 3].map(() => put(target, bytes)));
    expect(answers.every(({ status }) => [200, 201, 204, 409].includes(status))).toBe(true);
    // A store may answer with an error when its file is taken away under its hands; a later try finds it taken.
    const settle = async (): Promise<void> => {
      try {
        await vault.settle(owner, [{ id: file.id, field: [] }]);
      } catch (error) {
        if (!(error instanceof Transient)) throw error;
        await settle();
      }
    };
    await Promise.all([1, 2, 3].map(settle));
    expect(await stateOf(file)).toBe("STORED");
    expect(await vault.inspect(file)).toBe("sound");
  });

  test("are somebody's own: nobody else settles or claims them", async () => {
    const bytes = pdfBytes();
    const file = await announce({ bytes });
    await put(await vault.target(file), bytes);
    if (driver === "s3") {
      await vault.settle(newId(), [{ id: file.id, field: [] }]);
      expect(await stateOf(file)).toBe("ISSUED");
    }
    await vault.settle(owner, [{ id: file.id, field: [] }]);
    const stranger = database.transaction((em) => claimFiles(em, { ownerId: newId(), purpose: file.purpose, uploads: [{ id: file.id, field: ["a"] }] }));
    await expect(stranger).rejects.toMatchObject({ code: "UPLOAD_MISSING" });
    await claim(file);
    await expect(claim(file)).rejects.toMatchObject({ code: "UPLOAD_MISSING" });
  });

  test("that expire are removed with their bytes; those in use stay", async () => {
    const [unused, used] = [await announce({ bytes: pdfBytes("unused") }), await announce({ bytes: pdfBytes("used") })];
    expect([await deliver(unused, pdfBytes("unused")), await deliver(used, pdfBytes("used"))]).toEqual([null, null]);
    await claim(used);
    await database.sql("update file_object set expires_at = now() - interval '1 second' where id = $1", [unused.id]);
    await Promise.all([vault.purge(), vault.purge()]);
    expect([await stateOf(unused), await stateOf(used)]).toEqual(["PURGED", "CLAIMED"]);
    expect([await vault.inspect(unused), await vault.inspect(used)]).toEqual(["missing", "sound"]);
    expect((await fetch(await vault.downloadUrl(unused))).status).toBeGreaterThanOrEqual(400);
    await expect(claim(unused)).rejects.toMatchObject({ code: "UPLOAD_MISSING" });
  });

  test("have URLs that are good for one thing, one file and a while", async () => {
    const bytes = pdfBytes();
    const file = await announce({ bytes });
    expect(await deliver(file, bytes)).toBeNull();
    const soon = new Date(Date.now() + 60_000);
    const [target, download] = [await store.target(file, soon), await store.signedUrl(file, soon)];
    const past = await store.signedUrl(file, new Date(Date.now() - 60_000));
    const statuses = [
      await fetch(target.url),
      await put({ ...target, url: download }, bytes),
      // Not the last letter, of which some bits mean nothing.
      await fetch(download.replace(/.(?=.{9}$)/, (letter) => (letter === "a" ? "b" : "a"))),
    ];
    expect(statuses.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect([403, 410]).toContain((await fetch(past)).status);
  });
});

describe("URLs of our own", () => {
  /** A PUT whose head has been sent, and what has been answered so far. */
  function open(target: UploadTarget, length: string): { socket: Socket; answer: () => string } {
    const { port, pathname, host } = new URL(target.url);
    const answers: Buffer[] = [];
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("data", (part: Buffer) => answers.push(part)).on("error", () => undefined);
    socket.write(`PUT ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: ${PDF}\r\n${length}\r\n\r\n`);
    return { socket, answer: () => Buffer.concat(answers).toString() };
  }

  test("tell at once what is announced differently, and take back nothing that has arrived", async () => {
    const bytes = pdfBytes("told at once");
    const file = await announce({ bytes });
    const target = await fs.vault.target(file);
    expect((await put(target, bytes, { "content-type": "image/png" })).status).toBe(415);
    expect((await put(target, Buffer.alloc(bytes.length + 1))).status).toBe(413);
    expect((await put(target, bytes)).status).toBe(201);
    expect((await put(target, pdfBytes("another"))).status).toBe(204);
    expect(await fs.vault.inspect(file)).toBe("sound");
  });

  test("take no more bytes than announced when nobody says how many come", async () => {
    const bytes = pdfBytes();
    const file = await announce({ bytes });
    const { socket, answer } = open(await fs.vault.target(file), "transfer-encoding: chunked");
    socket.write(`${(bytes.length + 1).toString(16)}\r\n${"a".repeat(bytes.length + 1)}\r\n`);
    await waitFor(() => answer().startsWith("HTTP/1.1 413"), { describe: answer });
    expect(readdirSync(join(fs.root, "incoming"))).toEqual([]);
    socket.destroy();
  });

  test.each([
    ["breaks off", true],
    ["stands still", false],
  ])("an upload that %s leaves nothing behind, and can be made again", async (_what, breaksOff) => {
    const bytes = pdfBytes("in two parts");
    const file = await announce({ bytes });
    const target = await fs.vault.target(file);
    const { socket, answer } = open(target, `content-length: ${bytes.length}`);
    socket.write(bytes.subarray(0, 20));
    await waitFor(() => readdirSync(join(fs.root, "incoming")).length === 1);
    if (breaksOff) socket.destroy();
    else await waitFor(() => answer().startsWith("HTTP/1.1 408"), { describe: answer });
    await waitFor(() => readdirSync(join(fs.root, "incoming")).length === 0);
    socket.destroy();
    expect(await stateOf(file)).toBe("ISSUED");
    expect(await waitFor(async () => (await put(target, bytes)).status === 201)).toBe(true);
  });
});

describe("a bucket", () => {
  const file = { id: newId(), storageKey: "avatar/none", fileName: "a", contentType: PDF, byteSize: 1, state: "STORED" as const };

  test("that is not there, or whose key is not accepted, is no passing trouble; a store that is away is", async () => {
    const wrongKey = new S3FileStore({ endpoint: s3Url, region: "eu-west-1", bucket: "files", accessKeyId: "S3RVER", secretAccessKey: "wrong" });
    await expect(wrongKey.open(file.storageKey)).rejects.toThrow(Permanent);
    const away = new S3FileStore({ endpoint: "http://127.0.0.1:1", region: "eu-west-1", bucket: "files", ...S3_KEYS });
    await expect(away.open(file.storageKey)).rejects.toThrow(Transient);
  });
});
