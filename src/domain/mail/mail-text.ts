const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/**
 * A value typed by a person as one line: line ends and other control characters become spaces. Needed wherever such a value gets
 * into a header, since a line end there would start a header of the person's own; used in texts too, so that nobody can draw a
 * paragraph into somebody else's mail. Marks that turn the writing direction go too, since they can make an address read as another.
 */
export const oneLine = (value: string): string =>
  value
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+/gu, " ")
    .replaceAll(/ {2,}/g, " ")
    .trim();

export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/**
 * Makes plain text and HTML of the same paragraphs. Values go in through the tag: `${…}` is one line in both and escaped in the HTML.
 */
export function mailText(subject: string, paragraphs: readonly Paragraph[]): MailText {
  return {
    subject: oneLine(subject),
    text: `${paragraphs.map((paragraph) => paragraph.text).join("\n\n")}\n`,
    html: `<!doctype html>\n<html lang="en"><body>\n${paragraphs.map((paragraph) => `<p>${paragraph.html}</p>`).join("\n")}\n</body></html>\n`,
  };
}

export interface Paragraph {
  readonly text: string;
  readonly html: string;
}

/** Template tag of one paragraph. */
export function paragraph(parts: TemplateStringsArray, ...values: readonly string[]): Paragraph {
  const weave = (show: (text: string) => string, insert: (value: string) => string): string =>
    parts.map((part, index) => show(part) + (index < values.length ? insert(values[index] ?? "") : "")).join("");
  return {
    text: weave((part) => part, oneLine),
    html: weave(escapeHtml, (value) => escapeHtml(oneLine(value))),
  };
}

/** A paragraph that is nothing but an address to follow, whole, so that it can be copied as well. */
export const link = (url: string): Paragraph => ({ text: oneLine(url), html: `<a href="${escapeHtml(oneLine(url))}">${escapeHtml(oneLine(url))}</a>` });
