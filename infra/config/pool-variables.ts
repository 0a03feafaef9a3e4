// Environment variables of the pool of accounts that serves the pass-through.
import { defaultPoolRules } from "../../actors/pool/rules.ts";
import type { Variable } from "./variable.ts";

export const poolVariables = {
  POOL_UPSTREAM_URL: {
    text: "OpenAI-compatible address, ending in /v1, that the accounts of the pool are for. Their tokens go nowhere else.",
    unit: "url",
    default: "",
  },
  POOL_TOKEN_URL: {
    text: "Address that refreshes the pool's access tokens: OAuth 2, POST with grant_type=refresh_token. Without it, tokens serve until they expire.",
    unit: "url",
    default: "",
  },
  POOL_CLIENT_ID: {
    text: "client_id that POOL_TOKEN_URL asks for. Default: none is sent.",
    unit: "text",
    default: "",
  },
  LLM_COOLDOWN_MS: {
    text: "An account that its upstream limits without naming a time serves again after this.",
    unit: "ms",
    default: String(defaultPoolRules.coolDownMs),
    min: 1,
    max: 86_400_000,
  },
  MAX_LLM_COOLDOWN_MS: {
    text: "A longer wait that an upstream names is cut to this: then one request finds out whether the account serves again.",
    unit: "ms",
    default: String(defaultPoolRules.maxCoolDownMs),
    min: 1,
    max: 86_400_000,
  },
} as const satisfies Record<string, Variable>;
