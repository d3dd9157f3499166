import type { OpenContender } from "./contender.ts";

export interface ContenderKind {
  readonly title: string;
  /** How many enrollments it drains of those that the engine drains: each is to be busy for about as long. */
  readonly share: number;
  /** Whether its packages are those of `bench/peers`. */
  readonly isPeer: boolean;
  readonly load: () => Promise<OpenContender>;
}

const peer = (title: string, share: number, load: () => Promise<OpenContender>): ContenderKind => ({ title, share, isPeer: true, load });
/** An exported function of a module that the compiler does not look at, since the packages of the peers need not be there. */
function from(name: string, exported = "open"): () => Promise<OpenContender> {
  return async () => {
    const module: Record<string, OpenContender> = await import(new URL(`peers/${name}.ts`, import.meta.url).href);
    const found = module[exported];
    if (found === undefined) throw new Error(`peers/${name}.ts exports no ${exported}`);
    return found;
  };
}

export const contenders = {
  engine: { title: "MentorPlatform", share: 1, isPeer: false, load: async () => (await import("./engine-contender.ts")).open },
  "dbos-plain": peer("DBOS, plain steps", 0.2, from("dbos", "openPlain")),
  "dbos-transactional": peer("DBOS, transactional steps", 0.2, from("dbos", "openTransactional")),
  "graphile-worker": peer("graphile-worker", 0.2, from("graphile-worker")),
  "pg-boss": peer("pg-boss as documented", 0.01, from("pg-boss", "openDocumented")),
  "pg-boss-tuned": peer("pg-boss tuned", 0.2, from("pg-boss", "openTuned")),
  openworkflow: peer("openworkflow", 0.2, from("openworkflow")),
  bullmq: peer("BullMQ (Redis)", 0.4, from("bullmq")),
} satisfies Record<string, ContenderKind>;

export type ContenderName = keyof typeof contenders;
