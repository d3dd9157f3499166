import { create as contentDisposition } from "content-disposition";
import { Router, type Request, type Response } from "express";
import type { Arrival, StoredFile } from "../domain/files/file-store.port.ts";
import { Refusal, Transient } from "../kernel/errors.ts";
import type { Log } from "../kernel/log.ts";
import { FILES_PATH, type FsFileStore } from "./file-store-fs.ts";
import type { FileTokens, FileUse } from "./file-tokens.ts";

/** What the routes need of whoever knows the files. */
export interface FileReceiver {
  find(id: string): Promise<StoredFile | null>;
  /** @throws {Refusal} it is not what was announced */
  receive(file: StoredFile, arrival: Arrival): Promise<void>;
}

export interface FileRoutesParts {
  readonly store: FsFileStore;
  readonly tokens: FileTokens;
  readonly files: FileReceiver;
  readonly log: Log;
  /** How long an upload may stand still. Default 30,000. */
  readonly idleMs?: number;
}

/** For all of it; as long as the URL itself is good. */
const uploadMs = 15 * 60_000;

/**
 * Serves our own URLs of files.
 *
 * PUT: 201 when the file has arrived as announced, 204 when it had arrived before; 403 for a URL that is not ours, 410 for one that has run out,
 * 415 and 422 for what was announced differently, 413 for too many bytes, 408 for an upload that stands still, 409 while another one of the same
 * file is under way, 503 when it cannot be taken now. GET: the file, to be saved and never shown.
 */
export function fileRoutes({ store, tokens, files, log, idleMs = 30_000 }: FileRoutesParts): Router {
  const underWay = new Set<string>();
  const router = Router();
  router.put(`${FILES_PATH}/:token`, (request, response, next) => void put(request, response).catch(next));
  router.get(`${FILES_PATH}/:token`, (request, response, next) => void get(request, response).catch(next));
  return router;

  async function put(request: Request<{ token: string }>, response: Response): Promise<void> {
    const file = await fileOf("put", request, response);
    if (file === null) return;
    if (file.state !== "ISSUED") return void response.status(204).end();
    const type = request.get("content-type") ?? "none";
    if (type.toLowerCase() !== file.contentType)
      return refuse(response, 415, "FILE_TYPE_NOT_ALLOWED", `Expected the content-type ${file.contentType}, found ${type}.`);
    const length = request.get("content-length");
    if (length !== undefined && Number(length) > file.byteSize) return tooLarge(response, file);
    if (underWay.has(file.id)) return refuse(response, 409, "WRONG_STATE", "Another upload of this file is under way.");
    underWay.add(file.id);
    try {
      const arrival = await inTime(request, response, () => store.write(file, request));
      await files.receive(file, arrival);
      log.info({ fileId: file.id }, "A file has arrived");
      response.status(201).end();
    } catch (error) {
      answerFailure(response, file, error);
    } finally {
      underWay.delete(file.id);
    }
  }

  async function inTime<T>(request: Request, response: Response, read: () => Promise<T>): Promise<T> {
    const giveUp = (): void => {
      response.once("finish", () => request.destroy());
      refuse(response, 408, "TIMEOUT", "The upload has stood still for too long.");
    };
    const [idle, whole] = [setTimeout(giveUp, idleMs), setTimeout(giveUp, uploadMs)];
    request.on("data", () => idle.refresh());
    try {
      return await read();
    } finally {
      clearTimeout(idle);
      clearTimeout(whole);
    }
  }

  function answerFailure(response: Response, file: StoredFile, error: unknown): void {
    if (error instanceof Refusal) return refuse(response, 422, error.code, error.message);
    if (error instanceof RangeError) return tooLarge(response, file);
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ECONNRESET") return void response.destroy();
    if (!(error instanceof Transient)) throw error;
    log.warn({ err: error, fileId: file.id }, "A file cannot be taken now");
    refuse(response, 503, "DEPENDENCY_UNAVAILABLE", "The file cannot be taken just now; try again in a moment.");
  }

  async function get(request: Request<{ token: string }>, response: Response): Promise<void> {
    const file = await fileOf("get", request, response);
    if (file === null) return;
    response.set({
      "Content-Type": file.contentType,
      "Content-Disposition": contentDisposition(file.fileName),
      "X-Content-Type-Options": "nosniff",
      "Content-Security-Policy": "default-src 'none'; sandbox",
      "Cache-Control": "private, no-store",
    });
    response.sendFile(file.storageKey, { root: store.keptRoot, cacheControl: false, etag: false, lastModified: false }, (error?: Error) => {
      if (error === undefined || response.headersSent) return;
      log.error({ err: error, fileId: file.id }, "The bytes of a file are not there");
      response.removeHeader("Content-Disposition");
      refuse(response, 404, "NOT_FOUND", "The file is not there.");
    });
  }

  /** Null: the answer has been given. */
  async function fileOf(use: FileUse, request: Request<{ token: string }>, response: Response): Promise<StoredFile | null> {
    const grant = await tokens.read(use, request.params.token);
    if (grant === null) refuse(response, 403, "FORBIDDEN", "This URL was not given out here, or not for this.");
    else if (grant === "expired") refuse(response, 410, "UPLOAD_MISSING", "This URL has run out; ask for another one.");
    else {
      const file = await files.find(grant.fileId);
      if (file !== null && file.state !== "PURGED" && (use === "put" || file.state !== "ISSUED")) return file;
      refuse(response, 410, "UPLOAD_MISSING", "The file is not there any more.");
    }
    return null;
  }
}

/** What has not been read of the request is not read any more. */
function refuse(response: Response, status: number, code: string, message: string): void {
  response.status(status).set("Connection", "close").json({ error: { code, message } });
}

const tooLarge = (response: Response, file: StoredFile): void => refuse(response, 413, "FILE_TOO_LARGE", `The file was announced with ${file.byteSize} bytes.`);
