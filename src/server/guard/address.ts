import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

/** @param list addresses, and ranges as address/prefix */
export function proxyList(list: readonly string[]): BlockList {
  const proxies = new BlockList();
  for (const entry of list) {
    const [address = "", prefix] = entry.split("/");
    if (prefix === undefined) proxies.addAddress(address, familyOf(address));
    else proxies.addSubnet(address, Number(prefix), familyOf(address));
  }
  return proxies;
}

/**
 * The address that a request comes from: the peer's own, or, where that is a trusted proxy, what the proxy says in `X-Forwarded-For`. That list
 * is read from its end, where the nearest proxy wrote, and only as far as every writer is trusted: the rest is hearsay.
 */
export function addressOf(request: IncomingMessage, proxies: BlockList): string {
  const forwarded = request.headers["x-forwarded-for"];
  const hearsay = (Array.isArray(forwarded) ? forwarded.join(",") : (forwarded ?? "")).split(",").map((entry) => plain(entry.trim()));
  let address = plain(request.socket.remoteAddress ?? "");
  while (isIP(address) !== 0 && proxies.check(address, familyOf(address))) {
    const before = hearsay.pop() ?? "";
    if (isIP(before) === 0) break;
    address = before;
  }
  return address;
}

/** What limits count by: one household or server has a whole /64 of IPv6 addresses. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = [], tail = []] = address.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

/** Dual-stack sockets show IPv4 peers in IPv6 clothes. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");
const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");
