import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as commandLine from "./client/generated/graphql.ts";
import { consoleDirectory } from "./server/index.ts";

/** The documents of the pages and of the command line, by their SHA-256: frontends of this API that nobody has to list. */
export function ownDocuments(): ReadonlyMap<string, string> {
  const pages = consoleDirectory === undefined ? {} : (JSON.parse(readFileSync(`${consoleDirectory}documents.json`, "utf8")) as Record<string, string>);
  const texts = Object.values(commandLine).flatMap((document) => (document instanceof commandLine.TypedDocumentString ? [document.toString()] : []));
  return new Map([...Object.entries(pages), ...texts.map((text) => [createHash("sha256").update(text).digest("hex"), text] as const)]);
}
