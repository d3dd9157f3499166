import { isId } from "../kernel/ids.ts";

/**
 * Shape of a message payload or of a saga's data: `encode` makes JSON of a value, `decode` checks JSON and makes the value of it.
 * `text` describes the shape in one line and is part of a definition's shape hash.
 */
export interface Schema<T> {
  readonly type?: T;
  readonly text: string;
  readonly optional?: true;
  /** Of an object: the names of its fields. */
  readonly fields?: readonly string[];
  /** @throws {TypeError} naming the path, what was expected and what was found */
  decode(json: unknown, path: string): T;
  encode(value: T): unknown;
  /**
   * JSON with every text replaced by its length, for the eyes of those who need the shape and not the person: any text may say
   * something about one. What is no such JSON is replaced as if nothing were known about it. Fields that nobody declared are dropped.
   */
  redact(json: unknown): unknown;
}

export type Infer<S> = S extends Schema<infer T> ? T : never;
export type Shape = Record<string, Schema<never> | Schema<unknown>>;
type Flat<T> = { [K in keyof T]: T[K] };
/** Value type of a shape; a field declared with `t.maybe` may be left out. */
export type Obj<S extends Shape> = Flat<
  { [K in keyof S as undefined extends Infer<S[K]> ? never : K]: Infer<S[K]> } & {
    [K in keyof S as undefined extends Infer<S[K]> ? K : never]?: Exclude<Infer<S[K]>, undefined> | undefined;
  }
>;

const found = (json: unknown): string => (json === null ? "null" : Array.isArray(json) ? "a list" : `${typeof json} ${JSON.stringify(json)?.slice(0, 60)}`);

function fail(path: string, expected: string, json: unknown): never {
  throw new TypeError(`${path}: expected ${expected}, found ${json === undefined ? "nothing" : found(json)}`);
}

function scalar<T>(text: string, is: (json: unknown) => json is T): Schema<T> {
  return {
    text,
    decode: (json, path) => (is(json) ? json : fail(path, text, json)),
    encode: (value) => value,
    redact: (json) => (is(json) ? json : redactUnknown(json)),
  };
}

const isObject = (json: unknown): json is Readonly<Record<string, unknown>> => json !== null && typeof json === "object" && !Array.isArray(json);
const lengthOf = (text: string): string => `[text, ${[...text].length} characters]`;

/** JSON of no known shape with every text replaced by its length, except UUIDs and instants. */
export function redactUnknown(json: unknown): unknown {
  if (isText(json)) return isId(json) || WHOLE_INSTANT.test(json) ? json : lengthOf(json);
  if (Array.isArray(json)) return json.map(redactUnknown);
  return isObject(json) ? Object.fromEntries(Object.entries(json).map(([name, value]) => [name, redactUnknown(value)])) : json;
}

/** A payload without its texts: by its contract's schema if there is one and it fits, otherwise as JSON of no known shape. */
export function redacted(schema: Schema<unknown> | undefined, json: unknown): unknown {
  try {
    schema?.decode(json, "payload");
  } catch {
    return redactUnknown(json);
  }
  return schema === undefined ? redactUnknown(json) : schema.redact(json);
}

const isText = (json: unknown): json is string => typeof json === "string";
const isBool = (json: unknown): json is boolean => typeof json === "boolean";
const ISO_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;
/** Nothing but an instant: a date is also understood with words in parentheses behind it. */
const WHOLE_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?$/;
const isInt = (json: unknown): json is number => Number.isSafeInteger(json);

/** The building blocks of payloads. */
export const t = {
  /** UUID. */
  id: (): Schema<string> => scalar("id", isId),
  text: (): Schema<string> => ({ ...scalar("text", isText), redact: (json) => (isText(json) ? lengthOf(json) : redactUnknown(json)) }),
  int: (): Schema<number> => scalar("int", isInt),
  bool: (): Schema<boolean> => scalar("bool", isBool),
  /** Instant; ISO 8601 in JSON, `Date` in code. */
  time: (): Schema<Date> => ({
    text: "time",
    decode(json, path) {
      const time = json instanceof Date ? json : new Date(isText(json) && ISO_INSTANT.test(json) ? json : Number.NaN);
      return Number.isNaN(time.getTime()) ? fail(path, "an ISO 8601 instant", json) : time;
    },
    encode: (value) => value.toISOString(),
    redact: redactUnknown,
  }),
  oneOf: <const V extends readonly string[]>(...values: V): Schema<V[number]> =>
    scalar(`oneOf(${values.join("|")})`, (json): json is V[number] => isText(json) && values.includes(json)),
  list: <T>(item: Schema<T>): Schema<readonly T[]> => ({
    text: `list(${item.text})`,
    decode: (json, path) => (Array.isArray(json) ? json.map((one, index) => item.decode(one, `${path}[${index}]`)) : fail(path, "a list", json)),
    encode: (values) => values.map((value) => item.encode(value)),
    redact: (json) => (Array.isArray(json) ? json.map((one) => item.redact(one)) : redactUnknown(json)),
  }),
  maybe: <T>(inner: Schema<T>): Schema<T | undefined> => ({
    text: `maybe(${inner.text})`,
    optional: true,
    decode: (json, path) => (json === undefined || json === null ? undefined : inner.decode(json, path)),
    encode: (value) => (value === undefined ? undefined : inner.encode(value)),
    redact: (json) => (json === undefined || json === null ? undefined : inner.redact(json)),
  }),
  obj: <S extends Shape>(shape: S): Schema<Obj<S>> => {
    const fields = Object.entries(shape) as [string, Schema<unknown>][];
    return {
      text: `{${fields.map(([name, field]) => `${name}:${field.text}`).join(",")}}`,
      fields: fields.map(([name]) => name),
      decode(json, path) {
        if (!isObject(json)) return fail(path, "an object", json);
        const value: Record<string, unknown> = {};
        for (const [name, field] of fields) {
          const decoded = field.decode(json[name], `${path}.${name}`);
          if (decoded !== undefined) value[name] = decoded;
        }
        return value as Obj<S>;
      },
      encode(value) {
        const json: Record<string, unknown> = {};
        for (const [name, field] of fields) {
          const encoded = field.encode((value as Record<string, unknown>)[name]);
          if (encoded !== undefined) json[name] = encoded;
        }
        return json;
      },
      redact(json) {
        if (!isObject(json)) return redactUnknown(json);
        const visible: Record<string, unknown> = {};
        for (const [name, field] of fields) {
          const shown = field.redact(json[name]);
          if (shown !== undefined) visible[name] = shown;
        }
        return visible;
      },
    };
  },
};
