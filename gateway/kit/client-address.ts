// The address of a client. Behind proxies the socket's address is the last proxy's, the same for all clients.
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/**
 * The address that the outermost of so many trusted proxies saw. Each proxy appends to X-Forwarded-For, so entries further
 * left are the client's own, and never used.
 */
export function addressOf({ socket, headers }: IncomingMessage, trustedProxies: number): string {
  const seen = socket.remoteAddress ?? "";
  if (trustedProxies === 0) return seen;
  // Node joins repeated headers of this name.
  const forwarded = String(headers["x-forwarded-for"] ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const address = forwarded.at(-trustedProxies) ?? forwarded[0] ?? "";
  return isIP(address) === 0 ? seen : address;
}

/**
 * What limits are counted by: the address, or of IPv6 its network of 64 bits, because one client has as many addresses of
 * its network as it wants.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(":")) return mapped ?? address;
  const [left = "", right] = address.split("::");
  const groups = left === "" ? [] : left.split(":");
  const missing = right === undefined ? 0 : 8 - groups.length - (right === "" ? 0 : right.split(":").length);
  return [...groups, ...Array<string>(Math.max(0, missing)).fill("0")].slice(0, 4).join(":");
}
