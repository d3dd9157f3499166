import { exponential, incremental } from "./engine/index.ts";

/** Waits 1 s, 3 s, 5 s: four attempts in all, for what happens inside the platform. */
export const localRetry = incremental({ first: "1s", step: "2s", times: 3 });
/** Ten attempts over about ten minutes, the last ones two minutes apart: a mail outage is a matter of minutes. */
export const mailRetry = exponential({ first: "2s", factor: 2, times: 9, max: "2m", jitter: 0.2 });
/** Twelve attempts over about half an hour: a provider that is down comes back by itself. */
export const providerRetry = exponential({ first: "1s", factor: 2, times: 11, jitter: 0.2 });
