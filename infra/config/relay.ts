import { defaultRelayLimits, type RelayLimits } from "../../actors/relay/limits.ts";
import type { V1Limits } from "../../gateway/v1-ports.ts";
import type { ConfigReader } from "./reader.ts";

export interface RelayConfig {
  limits: RelayLimits;
  v1: V1Limits;
}

export function readRelay(read: ConfigReader): RelayConfig {
  return {
    limits: {
      ...defaultRelayLimits,
      maxAttempts: read.number("MAX_LLM_ATTEMPTS"),
      firstTokenMs: read.number("LLM_FIRST_TOKEN_MS"),
      stallMs: read.number("LLM_STALL_MS"),
    },
    v1: {
      maxBodyBytes: read.number("MAX_LLM_BODY_BYTES"),
      keepAliveMs: read.number("LLM_KEEPALIVE_MS"),
      writeStallMs: read.number("LLM_WRITE_STALL_MS"),
    },
  };
}
