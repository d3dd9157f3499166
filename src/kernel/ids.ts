import { v7 } from "uuid";

/**
 * A new UUID v7. Ids made by one process sort by creation, also within a millisecond: the order of messages with one
 * correlation id rests on it. (Node's own `crypto.randomUUIDv7` does not keep that order within a millisecond.)
 */
export const newId = (): string => v7();

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isId = (value: unknown): value is string => typeof value === "string" && UUID.test(value);
