import type { Command } from "commander";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs } from "../kernel/clock.ts";
import { Traffic } from "../traffic/traffic.ts";
import { demoAccount } from "../seed/people.ts";
import { exitCode } from "./exit-code.ts";
import { isThisMachine } from "./session.ts";
import { UsageError } from "./usage-error.ts";
import { parseCount, parseShare, verb, type Ops } from "./verb.ts";

export function addTraffic(program: Command): void {
  program
    .command("traffic")
    .description("lets made-up learners enroll, book and apply; needs the made-up accounts")
    .option("--rate <count>", "sagas a second, as far as the API's limits allow", parseCount, 2)
    .option("--seconds <count>", "for how long", parseCount, 60)
    .option("--faults <share>", "how many of them meet something broken, or a no", parseShare, 0.03)
    .action(verb(drive));
}

interface Options {
  readonly rate: number;
  readonly seconds: number;
  readonly faults: number;
}

async function drive({ session, output }: Ops, { rate, seconds, faults }: Options): Promise<number> {
  if (!isThisMachine(session.client.url)) throw new UsageError("--url: made-up people have known passwords, and so are for a program on this machine only.");
  const { email, password } = demoAccount("learner", 1);
  // Says at once that there is no server, or nobody who could do anything.
  await session.client.signIn(email, password);
  const failed = Promise.withResolvers<never>();
  const traffic = new Traffic({ url: session.client.url, perSecond: rate, faults, limit: Infinity, onEnd: () => undefined, onError: failed.reject });
  const since = monotonicMs();
  const interrupted = once(process, "SIGINT");
  const ended = new AbortController();
  traffic.start();
  const drawing = (async () => {
    for (let second = 1; second <= seconds; second++) {
      await delay(1_000, undefined, { signal: ended.signal });
      output.progress(`${traffic.count.begun} begun`, second, seconds);
    }
  })().catch(() => undefined);
  try {
    await Promise.race([drawing, interrupted, failed.promise]);
  } finally {
    ended.abort();
    await traffic.stop();
  }
  const took = (monotonicMs() - since) / 1_000;
  const { begun, withFault, refused } = traffic.count;
  output.object({ ...traffic.count, seconds: took }, () => [
    `${begun} sagas begun in ${took.toFixed(1)} s, ${(begun / took).toFixed(1)} a second; ${withFault} with a fault, ${refused} asked for in vain.`,
    ...(begun < rate * seconds * 0.9 ? ["Fewer than asked for: an address may sign in 30 times a minute, and a learner begin 10 sagas."] : []),
  ]);
  output.next("npm run ops -- sagas --status running,retrying,stuck");
  return exitCode.done;
}
