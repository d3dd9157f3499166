import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Scanner } from "../domain/files/file-store.port.ts";
import { Transient } from "../kernel/errors.ts";

/** The harmless text by which scanners are tried. In two parts, so that no scanner finds it here. */
const EICAR = Buffer.from(["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].join(""));

/** Finds the EICAR test text and nothing else. */
export const builtinScanner: Scanner = {
  async scan(bytes) {
    let isFound = false;
    let end = Buffer.alloc(0);
    for await (const part of bytes) {
      const seen = Buffer.concat([end, part]);
      isFound ||= seen.includes(EICAR);
      end = seen.subarray(-(EICAR.length - 1));
    }
    return isFound ? "the EICAR test text" : null;
  },
};

/** A clamd, by its INSTREAM command over TCP. */
export class ClamdScanner implements Scanner {
  readonly #host: string;
  readonly #port: number;
  readonly #idleMs: number;

  /** @param idleMs how long it may say and take nothing; default 30,000 */
  constructor({ host, port, idleMs = 30_000 }: { host: string; port: number; idleMs?: number }) {
    this.#host = host;
    this.#port = port;
    this.#idleMs = idleMs;
  }

  async scan(bytes: AsyncIterable<Buffer>): Promise<string | null> {
    const socket = connect(this.#port, this.#host);
    socket.setTimeout(this.#idleMs, () => socket.destroy(new Error("no answer in time")));
    const answer = readAll(socket);
    // Awaited below; it must not count as unhandled while the bytes are sent.
    answer.catch(() => undefined);
    try {
      await once(socket, "connect");
      socket.write("zINSTREAM\0");
      for await (const part of bytes) await send(socket, part);
      await send(socket, Buffer.alloc(0));
      return verdictOf(await answer);
    } catch (cause) {
      if (cause instanceof Transient) throw cause;
      throw new Transient(`The virus scanner at ${this.#host}:${this.#port} does not answer`, { cause });
    } finally {
      socket.destroy();
    }
  }
}

/** A length before each part; a part without bytes is the end. */
async function send(socket: Socket, part: Buffer): Promise<void> {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  // One that ends the conversation early has said why.
  if (socket.readableEnded) return;
  if (!socket.write(Buffer.concat([length, part]))) await Promise.race([once(socket, "drain"), once(socket, "end")]);
}

async function readAll(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts).toString().replaceAll("\0", "").trim();
}

function verdictOf(answer: string): string | null {
  if (answer === "stream: OK") return null;
  const [, threat] = /^stream: (.+) FOUND$/.exec(answer) ?? [];
  if (threat !== undefined) return threat;
  throw new Transient(`The virus scanner answered: ${answer.slice(0, 200) || "nothing"}`);
}
