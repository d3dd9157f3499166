import { createHash } from "node:crypto";

/** Bytes that depend on the path alone: the same row gets the same values whatever is generated before it. */
const digest = (...path: readonly (string | number)[]): Buffer =>
  createHash("sha256")
    .update(["seed 42", ...path].join("/"))
    .digest();

/** A UUID v8 made of the path. */
export function idOf(...path: readonly (string | number)[]): string {
  const bytes = digest("id", ...path).subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** A salt of 16 bytes made of the path. */
export const saltOf = (...path: readonly (string | number)[]): Uint8Array => digest("salt", ...path).subarray(0, 16);

/** A number from 0 to below 1 made of the path. */
export const draw = (...path: readonly (string | number)[]): number => digest("draw", ...path).readUInt32BE(0) / 2 ** 32;

export function pick<T>(list: readonly [T, ...T[]], ...path: readonly (string | number)[]): T {
  return list[Math.floor(draw(...path) * list.length)] ?? list[0];
}
