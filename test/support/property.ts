import fc from "fast-check";

const asked = process.env["PROPERTY_SEED"];
const seeds: [string, number][] =
  asked === undefined
    ? [
        ["fixed", 20_261_125],
        ["random", Math.floor(Math.random() * 2 ** 31)],
      ]
    : [["given", Number(asked)]];

/**
 * A test that must hold for every example: run once with a seed that stays the same, so that a commit is red or green for
 * good, and once with a random one, which the title shows. `PROPERTY_SEED=<n>` runs that one seed only.
 */
export function property<T extends [unknown, ...unknown[]]>(
  title: string,
  build: () => fc.IProperty<T>,
  afterwards: () => void = () => undefined,
  numRuns = 200,
): void {
  test.each(seeds)(`${title} (%s seed %i)`, (_kind, seed) => {
    fc.assert(build(), { numRuns, seed });
    afterwards();
  });
}

/** `property` for examples that take their time, on a database say; few of them, since each does. */
export function asyncProperty<T extends [unknown, ...unknown[]]>(
  title: string,
  build: () => fc.IAsyncProperty<T>,
  afterwards: () => void = () => undefined,
  numRuns = 20,
): void {
  test.each(seeds)(`${title} (%s seed %i)`, async (_kind, seed) => {
    await fc.assert(build(), { numRuns, seed });
    afterwards();
  });
}
