import { currentRequestId } from "./request-id.ts";

/** What is answered outside GraphQL, in the shape of an answer of GraphQL. */
export const errorBody = (code: string, message: string, retryable = false) => ({
  errors: [{ message, extensions: { code, requestId: currentRequestId(), retryable } }],
});
