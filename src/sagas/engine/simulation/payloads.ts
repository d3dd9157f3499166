import type { AnyEvent, Schema } from "../../../outbox/index.ts";
import type { Chance } from "./chance.ts";

/** A shape as `Schema.text` describes it. */
type Type =
  | { readonly kind: "id" | "text" | "int" | "bool" | "time" }
  | { readonly kind: "oneOf"; readonly values: readonly string[] }
  | { readonly kind: "list" | "maybe"; readonly of: Type }
  | { readonly kind: "object"; readonly fields: readonly (readonly [string, Type])[] };

const types = new WeakMap<object, Type>();

function typeOf(schema: Schema<unknown>): Type {
  const known = types.get(schema);
  if (known !== undefined) return known;
  const type = new Reader(schema.text.replace(/^v\d+(?=\{)/, "")).type();
  types.set(schema, type);
  return type;
}

/** Reads `{orderId:id,from:maybe(oneOf(shelf|supplier))}`. */
class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  type(): Type {
    if (this.text[this.at] === "{") return { kind: "object", fields: this.fields() };
    const name = /^\w+/.exec(this.text.slice(this.at))?.[0] ?? "";
    this.at += name.length;
    switch (name) {
      case "id":
      case "text":
      case "int":
      case "bool":
      case "time":
        return { kind: name };
      case "list":
      case "maybe": {
        this.at += 1;
        const of = this.type();
        this.at += 1;
        return { kind: name, of };
      }
      case "oneOf": {
        const end = this.text.indexOf(")", this.at);
        const values = this.text.slice(this.at + 1, end).split("|");
        this.at = end + 1;
        return { kind: "oneOf", values };
      }
      default:
        throw new TypeError(`Nobody can make up a value of "${this.text}": "${name}" at ${this.at} is no known type. Give the payload yourself.`);
    }
  }

  private fields(): [string, Type][] {
    const fields: [string, Type][] = [];
    while (this.text[this.at] !== "}") {
      this.at += 1;
      if (this.text[this.at] === "}") break;
      const end = this.text.indexOf(":", this.at);
      const name = this.text.slice(this.at, end);
      this.at = end + 1;
      fields.push([name, this.type()]);
    }
    this.at += 1;
    return fields;
  }
}

export interface Circumstances {
  /** Values that are given, by field. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly now: Date;
  readonly newId: () => string;
}

const hourMs = 3_600_000;
/** How far from now made-up instants are, those that have passed included. */
const DISTANCES_MS = [-hourMs, hourMs, 26 * hourMs, 3 * 24 * hourMs, 10 * 24 * hourMs, 35 * 24 * hourMs];
const TEXTS = ["", "It rains.", "Größe: 38 €"];

/** A payload of a contract, made up. @throws {TypeError} its shape has a part that nobody can make up */
export function makeUp(contract: Pick<AnyEvent, "schema">, chance: Chance, circumstances: Circumstances): unknown {
  return { ...(value(typeOf(contract.schema), chance, circumstances) as object), ...present(contract.schema, circumstances.given) };
}

/**
 * Payloads of a contract that differ in what branches are chosen by: one for every combination of its words out of closed lists and
 * of its yeses and noes. Whatever else is in them is the same in all.
 */
export function makeUpAll(contract: Pick<AnyEvent, "schema">, chance: Chance, circumstances: Circumstances): unknown[] {
  const type = typeOf(contract.schema);
  let all: Record<string, unknown>[] = [{}];
  for (const [name, field] of type.kind === "object" ? type.fields : []) {
    const values = field.kind === "oneOf" ? field.values : field.kind === "bool" ? [true, false] : [value(field, chance, circumstances)];
    all = all.flatMap((one) => values.map((each) => (each === undefined ? one : { ...one, [name]: each })));
  }
  return all.map((one) => ({ ...one, ...present(contract.schema, circumstances.given) }));
}

/** Of what is given, what the shape has a field for. */
const present = ({ fields = [] }: Schema<unknown>, given: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(given).filter(([name]) => fields.includes(name)));

function value(type: Type, chance: Chance, circumstances: Circumstances): unknown {
  switch (type.kind) {
    case "id":
      return circumstances.newId();
    case "text":
      return chance.pick(TEXTS);
    case "int":
      return chance.below(100);
    case "bool":
      return chance.yes(0.5);
    case "time":
      return new Date(circumstances.now.getTime() + chance.pick(DISTANCES_MS));
    case "oneOf":
      return chance.pick(type.values);
    case "maybe":
      return chance.yes(0.5) ? value(type.of, chance, circumstances) : undefined;
    case "list":
      return Array.from({ length: chance.below(3) }, () => value(type.of, chance, circumstances));
    case "object":
      return Object.fromEntries(type.fields.map(([name, field]) => [name, value(field, chance, circumstances)]).filter(([, one]) => one !== undefined));
  }
}
