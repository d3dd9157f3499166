import type { AnyCommand, AnyEvent } from "./message.ts";
import type { Schema } from "./schema.ts";

type Json = Readonly<Record<string, unknown>>;

/** Where a payload says which version of its contract it was made with; without it, the first. */
const VERSION = "$version";

/**
 * A contract that has changed since messages of it were stored. Each upcaster makes a payload of the next version out of one of the
 * version before, as JSON, so that a message that has waited is read as if it had been sent today; the contract's version is one
 * more than there are upcasters. Adding an optional field needs none of this; removing, renaming or retyping one does.
 */
export function versioned<C extends AnyEvent | AnyCommand>(contract: C, ...upcasters: readonly ((payload: Json) => Json)[]): C {
  const { schema } = contract as { readonly schema: Schema<unknown> };
  const version = upcasters.length + 1;
  const current = (json: unknown, path: string): unknown => {
    if (json === null || typeof json !== "object") return json;
    const { [VERSION]: found = 1, ...payload } = json as Json;
    if (typeof found !== "number" || found < 1 || found > version) throw new TypeError(`${path}: expected version 1 to ${version}, found ${String(found)}`);
    return upcasters.slice(found - 1).reduce<Json>((older, upcast) => upcast(older), payload);
  };
  const upcasting: Schema<unknown> = {
    ...schema,
    text: `v${version}${schema.text}`,
    decode: (json, path) => schema.decode(current(json, path), path),
    encode: (value) => ({ ...(schema.encode(value) as Json), [VERSION]: version }),
    redact: (json) => schema.redact(current(json, "payload")),
  };
  return { ...contract, schema: upcasting };
}

/** The version of its contract that a payload was made with. */
export function versionOfPayload(payload: unknown): number {
  const found = payload !== null && typeof payload === "object" ? (payload as Json)[VERSION] : undefined;
  return typeof found === "number" ? found : 1;
}

interface Later {
  readonly name: string;
  readonly made: number;
  readonly known: number;
}

/** What of a payload, by its path, was made with a later version of its contract than a shape has, be it the whole or an object within it; null: nothing. */
export function findLater(text: string, payload: unknown, name: string): Later | null {
  if (payload === null || typeof payload !== "object" || Array.isArray(payload)) return null;
  const [made, known] = [versionOfPayload(payload), versionOf(text)];
  if (made > known) return { name, made, known };
  for (const [field, value] of Object.entries(payload)) {
    const type = value !== null && typeof value === "object" ? fieldsOf(text)?.get(field) : undefined;
    const later = type === undefined ? null : findLater(type, value, `${name}.${field}`);
    if (later !== null) return later;
  }
  return null;
}

/**
 * Whether what was made with one shape can be read with another, both as `Schema.text` describes them: nothing that had to be there is
 * gone, nothing is retyped, and what is new is optional. A field may become optional, and a choice may get more values. A contract of a
 * higher version brings its upcasters.
 */
export function canRead(newText: string, oldText: string): boolean {
  if (newText === oldText || versionOf(newText) > versionOf(oldText)) return true;
  if (versionOf(newText) < versionOf(oldText)) return false;
  const [newer, older] = [fieldsOf(newText), fieldsOf(oldText)];
  if (newer !== null && older !== null)
    return (
      [...older].every(([name, type]) => newer.has(name) || isOptional(type)) &&
      [...newer].every(([name, type]) => (older.has(name) ? canRead(type, older.get(name) ?? "") : isOptional(type)))
    );
  if (isOptional(newText)) return canRead(inside(newText), isOptional(oldText) ? inside(oldText) : oldText);
  if (newText.startsWith("list(") && oldText.startsWith("list(")) return canRead(inside(newText), inside(oldText));
  if (!newText.startsWith("oneOf(") || !oldText.startsWith("oneOf(")) return false;
  const values = new Set(inside(newText).split("|"));
  return inside(oldText)
    .split("|")
    .every((value) => values.has(value));
}

export const isOptional = (text: string): boolean => text.startsWith("maybe(");
/** What stands in the outer parentheses. */
const inside = (text: string): string => text.slice(text.indexOf("(") + 1, -1);
export const versionOf = (text: string): number => Number(/^v(\d+)\{/.exec(text)?.[1] ?? 1);

/** `{a:id,b:list({c:int})}` as fields with their types; null for what is no object. */
export function fieldsOf(text: string): Map<string, string> | null {
  const body = /^(?:v\d+)?\{(.*)\}$/.exec(text)?.[1];
  if (body === undefined) return null;
  const fields = new Map<string, string>();
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= body.length; at += 1) {
    const char = body[at];
    if (char === "(" || char === "{") depth += 1;
    else if (char === ")" || char === "}") depth -= 1;
    else if ((char === "," && depth === 0) || char === undefined) {
      const [name = "", ...type] = body.slice(start, at).split(":");
      if (name !== "") fields.set(name, type.join(":"));
      start = at + 1;
    }
  }
  return fields;
}
