/**
 * The process's own clock. It may decide when to look again (a poll, a cache), never what is due: deadlines, retries and
 * token windows are compared by the database's clock, so that a worker with a wrong clock cannot fire anything early.
 */
export const processNow = (): Date => new Date();

export const monotonicMs = (): number => performance.now();
