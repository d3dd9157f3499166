export default async function globalTeardown() {
  const { tearDown } = await import("./setup.ts");
  await tearDown();
}
