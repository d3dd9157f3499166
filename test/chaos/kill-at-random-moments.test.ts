import { startProgram, type Program } from "../support/process.ts";
import { EnrollmentLoad } from "./load.ts";

const LEARNERS = 200;
const KILLS = 5;

/** Small seeded generator (mulberry32), so that a failing run can be repeated by its seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test(`killed ${KILLS} times at random moments together with its database, every saga ends and every effect is there once`, async () => {
  const seed = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000);
  const random = randomOf(seed);
  const load = new EnrollmentLoad(LEARNERS);
  let program: Program | null = null;
  try {
    program = await startProgram({ DATA_DIR: load.dataDir });
    await load.prepare(program.ready.database);
    for (let kill = 0; kill < KILLS; kill++) {
      const dying = program;
      const moment = 50 + random() * 900;
      const killed = new Promise<void>((resolve) => setTimeout(() => void dying.kill().then(resolve), moment));
      await load.enroll(dying);
      await killed;
      program = await startProgram({ DATA_DIR: load.dataDir });
    }
    await load.enroll(program);
    expect({ seed, ...(await load.outcome(program.ready.database)) }).toMatchObject({
      seed,
      acknowledgedAndThere: LEARNERS,
      active: LEARNERS,
      enrollments: LEARNERS,
      seatsTaken: LEARNERS,
      transitionsPerSaga: [6],
      mailsRecordedOnce: LEARNERS,
      mailsReceived: LEARNERS,
      violations: [],
    });
  } finally {
    await program?.stop();
    load.dispose();
  }
}, 180_000);
