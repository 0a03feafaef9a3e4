// Environment variables of requests to models: how long an upstream is waited for, how often it is asked, and what clients may send.
import { defaultRelayLimits } from "../../actors/relay/limits.ts";
import { defaultV1Limits } from "../../gateway/v1-ports.ts";
import type { Variable } from "./variable.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const mib = 1_024 * 1_024;

export const relayVariables = {
  LLM_FIRST_TOKEN_MS: {
    text: "A model that has sent nothing of its answer for this time is given up (504). Models that think take minutes.",
    unit: "ms",
    default: String(defaultRelayLimits.firstTokenMs),
    min: 100,
    max: hourMs,
  },
  LLM_STALL_MS: {
    text: "A model that sends nothing for this time in the middle of its answer is given up.",
    unit: "ms",
    default: String(defaultRelayLimits.stallMs),
    min: 100,
    max: hourMs,
  },
  LLM_KEEPALIVE_MS: {
    text: "A streamed answer on which nothing went out for this time gets a comment, so that no proxy takes it for dead.",
    unit: "ms",
    default: String(defaultV1Limits.keepAliveMs),
    min: 50,
    max: 10 * minuteMs,
  },
  LLM_WRITE_STALL_MS: {
    text: "A client that takes nothing of its stream for this time counts as gone.",
    unit: "ms",
    default: String(defaultV1Limits.writeStallMs),
    min: 100,
    max: hourMs,
  },
  MAX_LLM_ATTEMPTS: {
    text: "Requests to upstreams for one request of a client; then the last failure is answered.",
    unit: "requests",
    default: String(defaultRelayLimits.maxAttempts),
    min: 1,
    max: 10,
  },
  MAX_LLM_BODY_BYTES: {
    text: "Size of a request body at /v1, pictures included. A larger one is refused (413), before it is sent where its size is announced.",
    unit: "bytes",
    default: String(defaultV1Limits.maxBodyBytes),
    min: 64 * 1_024,
    max: 256 * mib,
  },
} as const satisfies Record<string, Variable>;
