// What the upgrade request says: where the token is, and what the client wishes.
import type { IncomingMessage } from "node:http";
import type { Wishes } from "./connection.ts";

/** `new WebSocket(url, ["parley", token])`: the second one is the token, and is never echoed. */
export const protocolName = "parley";

/** From the URL or the subprotocol header; undefined: the first frame brings it. */
export function tokenOf(request: IncomingMessage): string | undefined {
  const token = queryOf(request).get("token");
  if (token) return token;
  const offered = request.headers["sec-websocket-protocol"]?.split(",").map((each) => each.trim()) ?? [];
  return offered[0] === protocolName ? offered[1] : undefined;
}

export function wishesOf(request: IncomingMessage): Wishes {
  const query = queryOf(request);
  const cursor = Number(query.get("cursor") ?? "0");
  const isPlain = !query.has("sync") && cursor === 0;
  if (isPlain) return plainWishes;
  return {
    pullsItself: query.get("sync") === "client",
    cursor: Number.isSafeInteger(cursor) && cursor > 0 ? cursor : undefined,
  };
}

export function selectProtocol(protocols: Set<string>): string | false {
  return protocols.has(protocolName) ? protocolName : false;
}

/** Shared by all who wish nothing special. */
const plainWishes: Wishes = { pullsItself: false, cursor: undefined };

function queryOf({ url = "" }: IncomingMessage): URLSearchParams {
  const start = url.indexOf("?");
  return new URLSearchParams(start < 0 ? "" : url.slice(start + 1));
}
