import { AsyncLocalStorage } from "node:async_hooks";
import type { RequestHandler } from "express";
import { newId } from "../kernel/ids.ts";

interface Current {
  readonly id: string;
  readonly origin: string | null;
}

const current = new AsyncLocalStorage<Current>();

/** Id of the HTTP request that is being answered; a new one where there is none. */
export const currentRequestId = (): string => current.getStore()?.id ?? newId();

/** Where the caller of the HTTP request that is being answered reaches this program, by its own word; null where there is none. */
export const currentOrigin = (): string | null => current.getStore()?.origin ?? null;

const ACCEPTED = /^[\w.-]{8,128}$/;

/** Gives every request an id, the caller's own `x-request-id` where it is well formed, and sends it back. */
export const requestIds: RequestHandler = (request, response, next) => {
  const given = request.get("x-request-id");
  const id = given !== undefined && ACCEPTED.test(given) ? given : newId();
  response.setHeader("x-request-id", id);
  current.run({ id, origin: URL.parse(`${request.protocol}://${request.get("host") ?? ""}`)?.origin ?? null }, next);
};
