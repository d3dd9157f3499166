import { Refusal } from "../kernel/errors.ts";

interface TextRule {
  /** As the caller calls it, for the sentence: "The title". */
  readonly what: string;
  /** Characters at least, after trimming. Default 0. */
  readonly min?: number;
  readonly max: number;
}

/** Collects everything that is wrong with an input, so that a form hears of all its errors at once. */
export class InputCheck {
  readonly #refusals: Refusal[] = [];

  refuse(code: string, message: string, field: readonly string[] | null): void {
    this.#refusals.push(new Refusal(code, message, field));
  }

  /** A text as it is stored: trimmed, well-formed, and without the NUL that Postgres does not take. Length is counted in characters. */
  text(value: string, field: readonly string[], { what, min = 0, max }: TextRule): string {
    const text = value.trim();
    const length = [...text].length;
    if (!text.isWellFormed() || text.includes("\0")) this.refuse("INVALID", `${what} contains characters that are no text.`, field);
    else if (length === 0 && min > 0) this.refuse("REQUIRED", `${what} is missing.`, field);
    else if (length < min) this.refuse("INVALID", `${what} has at least ${min} characters, not ${length}.`, field);
    else if (length > max) this.refuse("INVALID", `${what} has at most ${max} characters, not ${length}.`, field);
    return text;
  }

  /** Like `text`; left out, null and blank mean the same. */
  optionalText(value: string | null | undefined, field: readonly string[], rule: TextRule): string | null {
    const text = value == null ? "" : this.text(value, field, { ...rule, min: 0 });
    return text === "" ? null : text;
  }

  whole(value: number, field: readonly string[], { what, min, max }: { what: string; min: number; max: number }): number {
    if (!Number.isInteger(value) || value < min || value > max) this.refuse("INVALID", `${what} is a whole number from ${min} to ${max}, not ${value}.`, field);
    return value;
  }

  /** @throws {Refusal} the first of what was wrong, with the others beside it */
  done(): void {
    const [first, ...others] = this.#refusals;
    if (first !== undefined) throw new Refusal(first.code, first.message, first.field, others);
  }
}
