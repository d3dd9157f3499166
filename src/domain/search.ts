/**
 * The words of a search as patterns for `ilike`, each of which has to match: what has a meaning in a pattern is taken as it is written.
 * At most eight words: more only make the search slower, not sharper. Postgres takes no NUL in a text.
 */
export const wordPatterns = (text: string | null | undefined): string[] =>
  (text ?? "")
    .toWellFormed()
    .split(/[\s\0]+/)
    .filter((word) => word !== "")
    .slice(0, 8)
    .map((word) => `%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
