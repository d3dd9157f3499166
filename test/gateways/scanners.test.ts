import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Scanner } from "../../src/domain/files/file-store.port.ts";
import { builtinScanner, ClamdScanner } from "../../src/gateways/scanners.ts";
import { Transient } from "../../src/kernel/errors.ts";
import { infectedBytes, pdfBytes } from "../support/file-bytes.ts";

/** Speaks INSTREAM as clamd does: finds the EICAR text, and takes streams of at most `maxBytes`. */
function clamd(maxBytes: number): Server {
  const answer = async (socket: Socket): Promise<void> => {
    let unread = Buffer.alloc(0);
    let stream = Buffer.alloc(0);
    let isOpen = false;
    for await (const part of socket) {
      unread = Buffer.concat([unread, part as Buffer]);
      if (!isOpen && unread.includes(0)) {
        if (unread.subarray(0, unread.indexOf(0)).toString() !== "zINSTREAM") return void socket.end("UNKNOWN COMMAND\0");
        unread = unread.subarray(unread.indexOf(0) + 1);
        isOpen = true;
      }
      if (!isOpen) continue;
      while (unread.length >= 4 && unread.length >= 4 + unread.readUInt32BE()) {
        const length = unread.readUInt32BE();
        if (length === 0) return void socket.end(stream.includes("EICAR-STANDARD") ? "stream: Eicar-Signature FOUND\0" : "stream: OK\0");
        stream = Buffer.concat([stream, unread.subarray(4, 4 + length)]);
        unread = unread.subarray(4 + length);
        if (stream.length > maxBytes) return void socket.end("INSTREAM size limit exceeded. ERROR\0");
      }
    }
  };
  return createServer({ allowHalfOpen: true }, (socket) => void answer(socket).catch(() => undefined));
}

let server: Server;
let silent: Server;
const portOf = (one: Server): number => (one.address() as AddressInfo).port;

beforeAll(async () => {
  server = clamd(1_000_000).listen(0, "127.0.0.1");
  silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await Promise.all([once(server, "listening"), once(silent, "listening")]);
});
afterAll(() => {
  server.close();
  silent.close();
});

async function* inParts(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

describe.each(["builtin", "clamd"])("the scanner %s", (name) => {
  const scanner = (): Scanner => (name === "builtin" ? builtinScanner : new ClamdScanner({ host: "127.0.0.1", port: portOf(server) }));

  test.each([1, 7, 64, 100_000])("finds what is malicious, however it is cut into parts of %i bytes", async (length) => {
    expect(await scanner().scan(inParts(infectedBytes(), length))).toMatch(/eicar/i);
    expect(await scanner().scan(inParts(pdfBytes(), length))).toBeNull();
  });

  test("takes an empty file", async () => {
    expect(await scanner().scan(inParts(Buffer.alloc(0), 1))).toBeNull();
  });
});

describe("a clamd", () => {
  const scanWith = (port: number, bytes: Buffer) => new ClamdScanner({ host: "127.0.0.1", port, idleMs: 200 }).scan(inParts(bytes, 65_536));

  test("that does not take the file has found nothing out", async () => {
    await expect(scanWith(portOf(server), Buffer.alloc(3_000_000))).rejects.toThrow(Transient);
  });

  test("that is away or silent has found nothing out", async () => {
    await expect(scanWith(1, pdfBytes())).rejects.toThrow(/does not answer/);
    await expect(scanWith(portOf(silent), pdfBytes())).rejects.toThrow(/does not answer/);
  });
});
