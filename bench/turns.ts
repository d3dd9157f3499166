/** Everybody's turn once a round, in reverse order every second round, so that nobody always comes after the same one. */
export async function byTurns(rounds: number, turns: readonly ((round: string) => Promise<void>)[]): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    for (const turn of round % 2 === 0 ? turns.toReversed() : turns) await turn(`Round ${round} of ${rounds}`);
  }
}

/** Does something with each, so many at once. */
export async function someAtOnce<T>(atOnce: number, all: readonly T[], work: (one: T, index: number) => Promise<void>): Promise<void> {
  const waiting = all.entries();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const [index, one] of waiting) await work(one, index);
    }),
  );
}
