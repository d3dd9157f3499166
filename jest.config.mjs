import { swcOptions } from "./swc-options.mjs";

export default {
  roots: ["<rootDir>/src", "<rootDir>/test", "<rootDir>/migrations"],
  testMatch: ["**/*.test.ts", "!**/test/chaos/**", "!**/test/sagas/simulation/**"],
  extensionsToTreatAsEsm: [".ts"],
  transform: { "^.+\\.ts$": ["@swc/jest", swcOptions] },
  testEnvironment: "node",
  globalSetup: "./test/support/global-setup.mjs",
  globalTeardown: "./test/support/global-teardown.mjs",
  testTimeout: 60_000,
  testSequencer: "./test/support/sequencer.mjs",
  maxWorkers: 2,
  maxConcurrency: 3,
};
