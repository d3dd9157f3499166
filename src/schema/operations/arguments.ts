import { Arg, ID, Int } from "type-graphql";
import { Refusal } from "../../kernel/errors.ts";

export type ArgumentDecorator = ReturnType<typeof Arg>;

/** Arguments that the mutations of operators have in common. */
export const SagaId = (): ArgumentDecorator => Arg("id", () => ID, { description: "Id of the saga." });
export const Note = (): ArgumentDecorator => Arg("note", () => String, { description: "Why, for those who read it later; 1..500 characters." });
export const OptionalNote = (): ArgumentDecorator =>
  Arg("note", () => String, { nullable: true, description: "Why, for those who read it later; 1..500 characters." });
export const ExpectedSequence = (): ArgumentDecorator =>
  Arg("expectedSequence", () => Int, {
    nullable: true,
    description: "The saga's `sequence` as the operator has seen it; when it has moved since, nothing is done (WRONG_STATE).",
  });
export const DryRun = (): ArgumentDecorator =>
  Arg("dryRun", () => Boolean, { defaultValue: false, description: "Tells what would be done, or why not, and changes nothing." });

const MAX_NOTE_LENGTH = 500;

/**
 * A note without blanks around it.
 *
 * @throws {Refusal} REQUIRED: it is blank; INVALID: it is too long, or no text that can be stored
 */
export function checkedNote(note: string): string {
  const text = note.trim();
  const length = [...text].length;
  if (length === 0) throw new Refusal("REQUIRED", "A note says why, and must not be blank.", ["note"]);
  if (length > MAX_NOTE_LENGTH) throw new Refusal("INVALID", `A note has at most ${MAX_NOTE_LENGTH} characters, this one has ${length}.`, ["note"]);
  requireStorable({ note: text });
  return text;
}

/** A note that may be left out. */
export const checkedOptionalNote = (note: string | null | undefined): string | null => (note == null ? null : checkedNote(note));

/** @throws {Refusal} INVALID: PostgreSQL stores no text with a NUL or with half a character */
export function requireStorable(given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (!isStorable(value)) throw new Refusal("INVALID", `${name} holds a NUL or half a character, which cannot be stored.`, [name]);
  }
}

function isStorable(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed() && !value.includes("\0");
  if (value === null || typeof value !== "object") return true;
  return Object.entries(value).flat().every(isStorable);
}
