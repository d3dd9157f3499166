import { sha256 } from "@noble/hashes/sha2.js";
import type { Client } from "urql";
import { CreateUploadDocument, type UploadPurpose } from "../generated/graphql.ts";

const typesByEnding: Readonly<Record<string, string>> = {
  pdf: "application/pdf",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
};
const typeOf = ({ name, type }: File): string =>
  type === "" ? (typesByEnding[name.split(".").at(-1)?.toLowerCase() ?? ""] ?? "application/octet-stream") : type;

/** In pieces, since the browser's own takes whole files and TLS. */
async function hashOf(file: File): Promise<string> {
  const hash = sha256.create();
  for (let at = 0; at < file.size; at += 1_048_576) hash.update(new Uint8Array(await file.slice(at, at + 1_048_576).arrayBuffer()));
  return [...hash.digest()].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sentenceOf(answer: string): string | undefined {
  try {
    return (JSON.parse(answer) as { error?: { message?: string } }).error?.message;
  } catch {
    return undefined;
  }
}

function put(url: string, headers: readonly { name: string; value: string }[], file: File, tell: (share: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    for (const { name, value } of headers) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded, total }) => tell(loaded / total));
    request.addEventListener("load", () =>
      request.status < 300 ? resolve() : reject(new Error(sentenceOf(request.responseText) ?? `The file was refused (${request.status}).`)),
    );
    request.addEventListener("error", () => reject(new Error("The connection was lost while the file was sent. Choose it again.")));
    request.send(file);
  });
}

/**
 * Sends a file to where the server wants it. @param tell hears how much of it is there, from 0 to 1
 * @throws {Error} with the sentence of whoever refused it
 */
export async function upload(client: Client, file: File, purpose: UploadPurpose, tell: (share: number) => void): Promise<{ readonly id: string }> {
  const input = { purpose, fileName: file.name, contentType: typeOf(file), byteSize: file.size, sha256: await hashOf(file) };
  const { data, error } = await client.mutation(CreateUploadDocument, { input }).toPromise();
  const target = data?.sent?.upload;
  if (target == null) throw new Error(data?.sent?.userErrors.map(({ message }) => message).join(" ") ?? error?.message ?? "The server gave no answer.");
  await put(target.url, target.headers, file, tell);
  return target;
}
