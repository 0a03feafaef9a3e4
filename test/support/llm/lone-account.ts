// One account without a runtime, and requests as gateways hold and settle them.
import { type AccountRules, createAccount } from "../../../actors/account/account.ts";
import type { Hold, Settle } from "../../../actors/account/contract.ts";
import type { Price } from "../../../actors/account/price.ts";
import { createCalendar } from "../../../infra/system/calendar.ts";
import { LoneActor } from "../lone-actor.ts";

export const alice = "7000000000000001";
const gatewayA = "boot-a";

/** A dollar a million tokens for prompts, two for answers. */
export const price: Price = {
  name: "small",
  input: 1_000_000,
  cachedInput: 250_000,
  cacheWrite: 1_250_000,
  output: 2_000_000,
};

const rules: AccountRules = {
  calendar: createCalendar(),
  timeZone: "UTC",
  userBudget: {},
  systemBudget: {},
  isClosed: () => false,
  maxRequestMs: 3_600_000,
};

export function loneAccount(more: Partial<AccountRules> = {}, key = alice, nowMs?: number) {
  return new LoneActor(createAccount({ ...rules, ...more }), key, nowMs);
}

export function holdOf(requestId: string, more: Partial<Hold> = {}): Hold {
  return {
    requestId,
    payer: { userId: alice },
    surface: "v1",
    endpoint: "/v1/chat/completions",
    model: "gpt-small",
    most: { inputTokens: 100, outputTokens: 100 },
    price,
    boot: gatewayA,
    ...more,
  };
}

export function settleOf(requestId: string, more: Partial<Settle> = {}): Settle {
  return {
    requestId,
    usage: { inputTokens: 100, outputTokens: 50 },
    delivered: "whole",
    reason: "stop",
    status: 200,
    attempts: [{ provider: "openai", credentialId: "3", status: 200, reason: "stop", ms: 20 }],
    ms: 21,
    ...more,
  };
}
