const startedAt = performance.now();
let lastAt = Number.NEGATIVE_INFINITY;
let isOpen = false;

/** What is being done now, on standard error: a line on a terminal that is written over, elsewhere one line every two seconds. */
export function progress(text: string, share?: number): void {
  const now = performance.now();
  const seconds = String(Math.round((now - startedAt) / 1_000)).padStart(4);
  const bar = share === undefined ? "" : ` [${"#".repeat(Math.round(Math.min(1, share) * 20)).padEnd(20, ".")}]`;
  const line = `${seconds} s${bar} ${text}`;
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\u001B[K${line}`);
    isOpen = true;
  } else if (share === undefined || now - lastAt >= 2_000) {
    process.stderr.write(`${line}\n`);
    lastAt = now;
  }
}

/** Ends the line that is being written over. */
export function progressDone(): void {
  if (isOpen) process.stderr.write("\r\u001B[K");
  isOpen = false;
}
