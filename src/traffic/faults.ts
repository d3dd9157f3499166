/** Breaks the embedded stand-ins of outside systems for a few seconds, where the program has them, and nobody else is breaking them. */
export class Faults {
  readonly #base: URL;

  /** @param base where the program is */
  constructor(base: URL) {
    this.#base = base;
  }

  /** Mails to one address are put off. @returns whether they are */
  breakMail(address: string): Promise<boolean> {
    return this.#play("/dev/mail", "/dev/mail.json", { mode: "451", seconds: 6, address });
  }

  /** The provider of background checks fails, or takes our key for a wrong one. @returns whether it does */
  breakChecks(mode: "500" | "401"): Promise<boolean> {
    return this.#play("/dev/background-checks", "/dev/background-checks", { mode, seconds: 3 });
  }

  async #play(path: string, state: string, fault: object): Promise<boolean> {
    const now = await fetch(new URL(state, this.#base), { headers: { accept: "application/json" } });
    if (!now.ok || ((await now.json()) as { fault: object | null }).fault !== null) return false;
    const headers = { "content-type": "application/json" };
    return (await fetch(new URL(`${path}/faults`, this.#base), { method: "POST", headers, body: JSON.stringify(fault) })).ok;
  }
}
