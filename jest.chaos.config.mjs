import base from "./jest.config.mjs";

/** Programs that are killed, databases that crash, thousands of simulated sagas: minutes long, so by themselves. */
export default { ...base, testMatch: ["**/test/chaos/*.test.ts", "**/test/sagas/simulation/*.test.ts"] };
