/** Everybody's turn once a round, in reverse order every second round, so that nobody always comes after the same one. */
export async function byTurns(rounds: number, turns: readonly ((round: string) => Promise<void>)[]): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    for (const turn of round % 2 === 0 ? turns.toReversed() : turns) await turn(`Round ${round} of ${rounds}`);
  }
}
