// Reads the upgrade request: the token, and what the client asks for.
import type { IncomingMessage } from "node:http";
import { acceptedLanguage, type Language } from "../../kit/languages.ts";

/** What a client asks for in the URL of the upgrade. */
export interface Wishes {
  /** `sync=client`: nothing is pushed at connect, the client pulls by SYNC. */
  readonly pullsItself: boolean;
  /** The newest cursor it holds. */
  readonly cursor: number | undefined;
  /** Of Accept-Language. */
  readonly language: Language;
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
    wishes: wishesOf(query.get("sync"), query.get("cursor"), acceptedLanguage(headers["accept-language"])),
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

function wishesOf(sync: string | null, cursor: string | null, language: Language): Wishes {
  if (sync === null && cursor === null) return plainWishes[language];
  const number = Number(cursor ?? 0);
  const isCursor = Number.isSafeInteger(number) && number > 0;
  return { pullsItself: sync === "client", cursor: isCursor ? number : undefined, language };
}

/** Shared by all connections without wishes. */
const plainWishes: Readonly<Record<Language, Wishes>> = {
  en: { pullsItself: false, cursor: undefined, language: "en" },
  zh: { pullsItself: false, cursor: undefined, language: "zh" },
};
