// Whose address a request has. Behind proxies the socket's is the last proxy's, the same for everybody.
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/**
 * What the outermost of so many trusted proxies saw. Each appends to X-Forwarded-For: what stands further left is the
 * client's own word, and never taken.
 */
export function addressOf({ socket, headers }: IncomingMessage, trustedProxies: number): string {
  const seen = socket.remoteAddress ?? "";
  if (trustedProxies === 0) return seen;
  // Node joins repeated headers of this name.
  const told = String(headers["x-forwarded-for"] ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const address = told.at(-trustedProxies) ?? told[0] ?? "";
  return isIP(address) === 0 ? seen : address;
}
