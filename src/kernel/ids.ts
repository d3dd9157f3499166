import { v5, v7 } from "uuid";

/**
 * A new UUID v7. Ids made by one process sort by creation, also within a millisecond: the order of messages with one
 * correlation id rests on it. (Node's own `crypto.randomUUIDv7` does not keep that order within a millisecond.)
 */
export const newId = (): string => v7();

/** The same UUID (v5) for the same text, everywhere and always: for things that others have named. */
export const derivedId = (text: string): string => v5(text, "5d0d2b1e-6a53-4f0e-9c57-3f1f5a0f3f6b");

/** In every spelling. PostgreSQL reads it as well, of text in any case. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isId = (value: unknown): value is string => typeof value === "string" && UUID.test(value);
