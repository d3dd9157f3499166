import { createRequire } from "node:module";

// Jest's own, which comes with it.
const require = createRequire(createRequire(import.meta.url).resolve("jest"));
const { default: Own } = require("@jest/test-sequencer");

/** What starts browsers and programs, then what needs sockets or a database, then the rest. */
const LONGEST = ["test/browser/", "test/chaos/", "test/program", "test/walkthrough", "test/examples", "test/journeys/", "test/ops/", "test/seed/", "test/"];

const rank = ({ path }) => {
  const found = LONGEST.findIndex((part) => path.includes(`/${part}`));
  return found === -1 ? LONGEST.length : found;
};

/** The longest first, so that the workers end together: by the time that each took last, or, where that is not known, by what it is. */
export default class Sequencer extends Own {
  sort(tests) {
    const own = super.sort(tests);
    return own.every(({ duration }) => duration !== undefined) ? own : own.sort((one, other) => rank(one) - rank(other));
  }
}
