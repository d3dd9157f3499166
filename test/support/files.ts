import type { EntityManager } from "@mikro-orm/postgresql";
import type { Router } from "express";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scanner } from "../../src/domain/files/file-store.port.ts";
import { FileVault } from "../../src/domain/files/file-vault.ts";
import { fileRoutes } from "../../src/gateways/file-routes.ts";
import { FsFileStore } from "../../src/gateways/file-store-fs.ts";
import { FileTokens } from "../../src/gateways/file-tokens.ts";
import { builtinScanner } from "../../src/gateways/scanners.ts";
import { silentLog } from "../../src/kernel/log.ts";

export interface TestFiles {
  readonly vault: FileVault;
  readonly store: FsFileStore;
  readonly tokens: FileTokens;
  readonly routes: Router;
  readonly root: string;
  /** Removes the directory. */
  remove(): void;
}

interface TestFilesOptions {
  readonly em: () => EntityManager;
  readonly baseUrl: () => string;
  readonly scanner?: Scanner;
  readonly idleMs?: number;
}

/** Files in a directory of their own, and the routes that serve them. */
export async function openTestFiles({ em, baseUrl, scanner = builtinScanner, idleMs }: TestFilesOptions): Promise<TestFiles> {
  const root = mkdtempSync(join(tmpdir(), "mentorplatform-files-"));
  const tokens = new FileTokens("a secret of this test alone");
  const store = await FsFileStore.open({ root, tokens, baseUrl });
  const vault = new FileVault({ store, scanner, em, log: silentLog });
  const routes = fileRoutes({ store, tokens, files: vault, log: silentLog, ...(idleMs === undefined ? {} : { idleMs }) });
  return { vault, store, tokens, routes, root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
