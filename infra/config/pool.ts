// Reads the settings of the pool of accounts.
import { defaultPoolRules, type PoolRules } from "../../actors/pool/rules.ts";
import type { ConfigReader } from "./reader.ts";

export interface PoolConfig {
  rules: PoolRules;
  /** Without a slash at its end. Undefined: the pool serves nothing. */
  upstreamUrl?: string;
  /** Undefined: tokens are not refreshed. */
  tokenUrl?: string;
  clientId?: string;
}

export function readPool(read: ConfigReader): PoolConfig {
  return {
    rules: {
      ...defaultPoolRules,
      coolDownMs: read.number("LLM_COOLDOWN_MS"),
      maxCoolDownMs: read.number("MAX_LLM_COOLDOWN_MS"),
    },
    upstreamUrl: read.baseUrl("POOL_UPSTREAM_URL"),
    tokenUrl: read.url("POOL_TOKEN_URL", ["https:", "http:"]),
    clientId: read.optional("POOL_CLIENT_ID"),
  };
}
