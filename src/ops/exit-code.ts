/** What a verb ends with; scripts rely on it. */
export const exitCode = {
  done: 0,
  /** The API refused, or could not be reached, or the person said no. */
  failed: 1,
  usage: 2,
  /** A saga stands and needs an operator; for doctor: something is wrong. */
  stuck: 3,
  /** A saga has ended otherwise than the verb was for. */
  endedOtherwise: 4,
  /** The time to wait is over, and the end is not there yet. */
  underWay: 5,
} as const;
