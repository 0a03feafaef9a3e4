// The limits of the gateway as variables: `maxBodyBytes` is MAX_BODY_BYTES, its default stands in gateway/limits.ts.
import { defaultGatewayLimits, type GatewayLimits } from "../../gateway/limits.ts";
import type { Variable } from "./variable.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const kib = 1_024;
const mib = 1_024 * kib;

// A limit that is missing here does not compile.
const limitTexts = {
  maxConnections: {
    text: "Connections per host; more are refused (4429).",
    unit: "connections",
    min: 1,
    max: 1_000_000,
  },
  maxConnectionsPerUser: { text: "Connections per user.", unit: "connections", min: 1, max: 1_000 },
  maxConnectionsPerAddress: {
    text: "TCP connections per client address; more are dropped. Not counted with TRUSTED_PROXIES, where the proxy limits.",
    unit: "connections",
    min: 1,
    max: 1_000_000,
  },
  maxBodyBytes: { text: "Larger request bodies are refused (413).", unit: "bytes", min: kib, max: 16 * mib },
  maxFrameBytes: { text: "Larger WebSocket frames close the socket (1009).", unit: "bytes", min: kib, max: mib },
  maxJsonDepth: { text: "Deeper JSON is refused.", unit: "levels", min: 4, max: 64 },
  maxMalformedFrames: {
    text: "Malformed frames until the socket is closed (4400).",
    unit: "frames",
    min: 1,
    max: 1_000,
  },
  maxOutboundBytes: {
    text: "Bytes waiting for a slow reader; more close the socket (4008).",
    unit: "bytes",
    min: 64 * kib,
    max: 64 * mib,
  },
  maxUnacked: {
    text: "Unacknowledged messages of a socket; more close it (4008).",
    unit: "messages",
    min: 10,
    max: 100_000,
  },
  maxSendsInFlight: { text: "Sends of a socket that wait for their answer.", unit: "sends", min: 1, max: 10_000 },
  maxPushAtConnect: {
    text: "Messages pushed at connect; beyond, the device syncs.",
    unit: "messages",
    min: 0,
    max: 10_000,
  },
  maxPageBytes: { text: "Size of a page or SYNC_RESULT.", unit: "bytes", min: 64 * kib, max: 8 * mib },
  maxPageMessages: { text: "Messages of a page.", unit: "messages", min: 1, max: 1_000 },
  maxPresenceSubscriptions: { text: "Users whose presence a socket watches.", unit: "users", min: 1, max: 10_000 },
  authTimeoutMs: { text: "A socket that has not authenticated is closed (4401).", unit: "ms", min: 100, max: minuteMs },
  silenceMs: { text: "Silence that closes a socket (4408).", unit: "ms", min: 1_000, max: hourMs },
  heartbeatMs: { text: "Heartbeat that clients are asked for.", unit: "ms", min: 500, max: hourMs },
  resendAfterMs: {
    text: "Unacknowledged messages are sent again so long after the first sending, comma-separated.",
    unit: "ms",
    min: 100,
    max: 10 * minuteMs,
  },
  sendDeadlineMs: { text: "A send is answered within it, retries included.", unit: "ms", min: 1_000, max: minuteMs },
  callDeadlineMs: { text: "Any other request is answered within it.", unit: "ms", min: 1_000, max: minuteMs },
  readMarkEveryMs: { text: "Read marks of a conversation are gathered so long.", unit: "ms", min: 0, max: 10_000 },
  syncEveryMs: {
    text: "Every connected user is compared with the heads so often.",
    unit: "ms",
    min: 1_000,
    max: hourMs,
  },
} as const satisfies Record<keyof GatewayLimits, Omit<Variable, "default">>;

type LimitVariable = Variable & { readonly limit: keyof GatewayLimits };

export const limitVariables: Readonly<Record<string, LimitVariable>> = Object.fromEntries(
  Object.entries(limitTexts).map(([name, row]) => {
    const limit = name as keyof GatewayLimits;
    return [upperSnakeCase(name), { ...row, limit, default: String(defaultGatewayLimits[limit]) }];
  }),
);

function upperSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
