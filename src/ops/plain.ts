/** C0 and C1 controls, and what turns the direction of text round. */
const controls = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text of somebody else as a terminal may have it: on one line, and telling the terminal nothing. */
export const plain = (text: string): string => text.replaceAll(/\s*\n\s*/g, " ⏎ ").replaceAll(controls, "�");

/** All texts of an answer. */
export function plainly<T>(value: T): T {
  if (typeof value === "string") return plain(value) as T;
  if (Array.isArray(value)) return value.map(plainly) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [plain(key), plainly(one as unknown)])) as T;
}
