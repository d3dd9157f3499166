// Jest compiles a TypeScript set-up file to CommonJS, in which the sources cannot run: so this one loads them by our own hooks.
import "../../swc-hooks.mjs";

export default async function globalSetup() {
  const { setUp } = await import("./setup.ts");
  await setUp();
}
