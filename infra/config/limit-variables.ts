// The limits of the gateway as environment variables: `maxBodyBytes` is set by MAX_BODY_BYTES; its default is in
// gateway/limits.ts.
import { defaultGatewayLimits, type GatewayLimits } from "../../gateway/limits.ts";
import type { Variable } from "./variable.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const kib = 1_024;
const mib = 1_024 * kib;

// Every limit of the gateway must have an entry: the type makes the compiler report a missing one.
const limitTexts = {
  maxConnections: {
    text: "WebSocket connections of a host. More are refused (4429).",
    unit: "connections",
    min: 1,
    max: 1_000_000,
  },
  maxConnectionsPerUser: {
    text: "WebSocket connections of a user on a host. More are refused (4429).",
    unit: "connections",
    min: 1,
    max: 1_000,
  },
  maxConnectionsPerAddress: {
    text: "TCP connections of a client address. More are dropped. Not applied with TRUSTED_PROXIES above 0: there the proxy must limit connections.",
    unit: "connections",
    min: 1,
    max: 1_000_000,
  },
  maxBodyBytes: {
    text: "Size of a request body. A larger one is refused (413).",
    unit: "bytes",
    min: kib,
    max: 16 * mib,
  },
  maxFrameBytes: {
    text: "Size of a WebSocket frame. A larger one closes the socket (1009).",
    unit: "bytes",
    min: kib,
    max: mib,
  },
  maxJsonDepth: {
    text: "Nesting of JSON in bodies and frames. Deeper JSON is refused.",
    unit: "levels",
    min: 4,
    max: 64,
  },
  maxMalformedFrames: {
    text: "Malformed frames of a socket. One more closes the socket (4400).",
    unit: "frames",
    min: 1,
    max: 1_000,
  },
  maxOutboundBytes: {
    text: "Bytes that wait to be sent on a socket. More close the socket (4008).",
    unit: "bytes",
    min: 64 * kib,
    max: 64 * mib,
  },
  maxUnacked: {
    text: "Unacknowledged messages of a socket. More close the socket (4008).",
    unit: "messages",
    min: 10,
    max: 100_000,
  },
  maxSendsInFlight: {
    text: "Sends of a socket that wait for their answer. More are refused (000009).",
    unit: "sends",
    min: 1,
    max: 10_000,
  },
  maxPushAtConnect: {
    text: "Missed messages that are pushed when a device connects. A device that missed more has to sync.",
    unit: "messages",
    min: 0,
    max: 10_000,
  },
  maxPageBytes: { text: "Size of a page or of a SYNC_RESULT.", unit: "bytes", min: 64 * kib, max: 8 * mib },
  maxPageMessages: { text: "Messages in a page.", unit: "messages", min: 1, max: 1_000 },
  maxMembersRead: {
    text: "A search for members by name asks a group of up to so many members itself. In larger groups it looks in rows, which are a moment behind.",
    unit: "members",
    min: 1,
    max: 10_000,
  },
  maxPresenceSubscriptions: {
    text: "Presence subscriptions of a socket. More are refused (000009).",
    unit: "users",
    min: 1,
    max: 10_000,
  },
  authTimeoutMs: {
    text: "A socket that has not authenticated within this time is closed (4401).",
    unit: "ms",
    min: 100,
    max: minuteMs,
  },
  silenceMs: {
    text: "A socket that has sent nothing for this time is closed (4408).",
    unit: "ms",
    min: 1_000,
    max: hourMs,
  },
  heartbeatMs: { text: "Interval at which clients are asked to send heartbeats.", unit: "ms", min: 500, max: hourMs },
  resendAfterMs: {
    text: "Times after the first sending at which an unacknowledged message is sent again, comma-separated.",
    unit: "ms",
    min: 100,
    max: 10 * minuteMs,
  },
  answerStallMs: {
    text: "A client that takes nothing of its HTTP answer for this long is disconnected. Longer than any deadline.",
    unit: "ms",
    min: minuteMs + 1_000,
    max: 10 * minuteMs,
  },
  sendDeadlineMs: {
    text: "A send is answered within this time, retries included.",
    unit: "ms",
    min: 1_000,
    max: minuteMs,
  },
  callDeadlineMs: { text: "Every other request is answered within this time.", unit: "ms", min: 1_000, max: minuteMs },
  readMarkEveryMs: {
    text: "Read marks of a conversation are collected for this time and written once.",
    unit: "ms",
    min: 0,
    max: 10_000,
  },
  syncEveryMs: {
    text: "Interval at which the versions of every connected user's conversations are compared with the heads, to find lost notifications.",
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
