import { formatDocument, stringifyDocument } from "@urql/core";
import { print, type DocumentNode } from "graphql";
import { createHash } from "node:crypto";
import { defineConfig, type Plugin } from "vite";
import * as generated from "./src/generated/graphql.ts";

const isDocument = (value: unknown): value is DocumentNode => typeof value === "object" && value !== null && "kind" in value && value.kind === "Document";

/** Every document as the pages send it, through the cache or past it, by its SHA-256: what a server runs that runs nothing else. */
const trustedDocuments: Plugin = {
  name: "trusted-documents",
  generateBundle() {
    const texts = Object.values(generated)
      .filter(isDocument)
      .flatMap((document) => [print(document), stringifyDocument(formatDocument(document))]);
    const byHash = Object.fromEntries(texts.map((text) => [createHash("sha256").update(text).digest("hex"), text]));
    this.emitFile({ type: "asset", fileName: "documents.json", source: JSON.stringify(byHash) });
  },
};

export default defineConfig({
  plugins: [trustedDocuments],
  root: import.meta.dirname,
  build: { outDir: "../dist/console", emptyOutDir: true, assetsInlineLimit: 0, reportCompressedSize: false, chunkSizeWarningLimit: 4_000 },
  server: { proxy: { "/graphql": { target: "http://localhost:4000", ws: true } } },
});
