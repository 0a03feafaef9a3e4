// Reads the upgrade request: the token, and what the client asks for.
import type { IncomingMessage } from "node:http";

/** What a client asks for in the URL of the upgrade. */
export interface Wishes {
  /** `sync=client`: nothing is pushed at connect, the client pulls by SYNC. */
  readonly pullsItself: boolean;
  /** The newest cursor it holds. */
  readonly cursor: number | undefined;
}

/** What a client says about itself beside the token; it must agree with the token. */
export interface DeviceClaim {
  readonly deviceId?: string | undefined;
  readonly platform?: string | undefined;
}

/** `new WebSocket(url, ["parley", token])`: the second name is the token, and the answer never repeats it. */
const protocolName = "parley";

/** `token` from the URL or the subprotocol header; undefined: the first frame brings it. */
export function readUpgrade({ url = "", headers }: IncomingMessage): {
  token: string | undefined;
  wishes: Wishes;
  claim: DeviceClaim;
} {
  const start = url.indexOf("?");
  const query = new URLSearchParams(start < 0 ? "" : url.slice(start + 1));
  return {
    token: query.get("token") || tokenOfProtocols(headers["sec-websocket-protocol"]),
    wishes: wishesOf(query.get("sync"), query.get("cursor")),
    claim: { deviceId: query.get("deviceId") ?? undefined, platform: query.get("platform") ?? undefined },
  };
}

export function selectProtocol(protocols: Set<string>): string | false {
  return protocols.has(protocolName) ? protocolName : false;
}

function tokenOfProtocols(header: string | undefined): string | undefined {
  const [name, token] = header?.split(",").map((each) => each.trim()) ?? [];
  return name === protocolName ? token : undefined;
}

function wishesOf(sync: string | null, cursor: string | null): Wishes {
  if (sync === null && cursor === null) return plainWishes;
  const number = Number(cursor ?? 0);
  return { pullsItself: sync === "client", cursor: Number.isSafeInteger(number) && number > 0 ? number : undefined };
}

/** Shared by all connections without wishes. */
const plainWishes: Wishes = { pullsItself: false, cursor: undefined };
