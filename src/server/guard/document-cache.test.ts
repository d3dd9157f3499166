import { parse, print } from "graphql";
import { DocumentCache } from "./document-cache.ts";

const padded = (name: string, comments: number): string => `# before\nquery ${name} { viewer { id # beside\n } }${"#\n".repeat(comments)}`;

test("a document is kept without its comments, and is the same without them", () => {
  const cache = new DocumentCache();
  const document = parse(padded("Q", 3));
  const text = print(document);
  cache.set("q", document);
  const kept = cache.get("q");
  expect(kept === undefined ? null : print(kept)).toBe(text);
  const words: string[] = [];
  for (let token = kept?.loc?.startToken; token != null; token = token.next ?? undefined) {
    words.push(token.kind);
    if (token.next !== null) expect(token.next.prev).toBe(token);
  }
  expect(words).toEqual(["<SOF>", "Name", "Name", "{", "Name", "{", "Name", "}", "}", "<EOF>"]);
  expect(kept?.definitions[0]?.loc?.startToken.line).toBe(2);
});

test("what is kept is bounded by the length of all texts together, whoever sends them; the one asked for last stays", () => {
  const cache = new DocumentCache();
  for (let index = 0; index < 20; index++) cache.set(String(index), parse(padded(`Q${index}`, 25_000)));
  const kept = Array.from({ length: 20 }, (_, index) => index).filter((index) => cache.get(String(index)) !== undefined);
  expect(kept).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19]);
  cache.set("too long", parse(padded("Long", 300_000)));
  expect(cache.get("too long")).toBeUndefined();
});
