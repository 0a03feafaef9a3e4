// May a request run, and how much is held for it? Everything is reserved before the upstream is asked, so that no budget is overshot,
// however many requests come at once.
//
// account/refusals: what is used is spent (402). What only running requests hold may come back when they are settled (429).
import { answerTokensOf, promptTokensOf } from "../llm/usage.ts";
import { DomainError } from "../shared/errors.ts";
import type { BudgetLimit, Hold } from "./contract.ts";
import { maxOpenHolds, retryHeldMs } from "./limits.ts";
import type { Turnover } from "./periods.ts";
import { affordableOutputOfAny, largestCostOfAny, type Price } from "./price.ts";
import type { AccountState, KeyState, OpenHold } from "./state.ts";
import { waitFor } from "./window.ts";

export interface DefaultBudget {
  dayLimit?: number;
  monthLimit?: number;
}

interface Admission {
  state: AccountState;
  defaults: DefaultBudget;
  turnover: Turnover | undefined;
  nowMs: number;
}

/** What is held for the request. Throws llm.budget_spent, llm.key_spent or llm.rate_limited. */
export function admit(hold: Hold, { state, defaults, turnover, nowMs }: Admission): OpenHold {
  if (state.holds.size >= maxOpenHolds) throw rateLimited(retryHeldMs);
  const key = hold.payer.keyId === undefined ? undefined : state.keys.get(hold.payer.keyId);
  const minuteTokens = checkRates(hold, key, nowMs);
  const free = Math.min(
    answerWithinQuota(hold, key),
    answerWithin(hold, limitOf(state.budget.dayLimit, defaults.dayLimit), turnover ? 0n : state.usedDay, state.held),
    answerWithin(
      hold,
      limitOf(state.budget.monthLimit, defaults.monthLimit),
      turnover?.isNewMonth ? 0n : state.usedMonth,
      state.held,
    ),
  );
  const { choices = 1 } = hold;
  const isShortened = free < answerTokensOf(hold.most);
  const perChoice = Math.floor(free / choices);
  const answer = perChoice * choices;
  const held = isShortened ? { ...hold.most, outputTokens: answer, audioOutputTokens: 0 } : hold.most;
  const { payer, surface, endpoint, model, conversationId, price, otherPrices, boot } = hold;
  return {
    ...{ payer, surface, endpoint, model, boot, minuteTokens },
    ...(conversationId !== undefined && { conversationId }),
    ...(price && { price }),
    ...(otherPrices && { otherPrices }),
    amount: largestCostOfAny(held, pricesOf(hold)),
    tokens: promptTokensOf(held) + answerTokensOf(held),
    ...(isShortened && { maxOutputTokens: perChoice }),
    atMs: nowMs,
  };
}

export function limitOf(own: BudgetLimit | undefined, byDefault: number | undefined): number | undefined {
  return own === "unlimited" ? undefined : (own ?? byDefault);
}

/** Tokens that the request counts with in its minute: a limit per minute is a rate and no budget, so a guess would only block. */
function checkRates({ keyLimits = {}, most, isFlexible }: Hold, key: KeyState | undefined, nowMs: number): number {
  const { rpm, tpm, parallel } = keyLimits;
  const tokens = promptTokensOf(most) + (isFlexible ? 0 : answerTokensOf(most));
  if (parallel !== undefined && (key?.running ?? 0) >= parallel) throw rateLimited(retryHeldMs);
  const window = key?.window ?? [];
  const waitMs = Math.max(
    rpm === undefined ? 0 : waitFor(window, nowMs, 1, 1, rpm),
    // A request larger than the limit itself takes the whole minute.
    tpm === undefined ? 0 : waitFor(window, nowMs, 2, Math.min(tokens, tpm), tpm),
  );
  if (waitMs > 0 || tpm === 0) throw rateLimited(Math.max(waitMs, retryHeldMs));
  return tokens;
}

/** Tokens of the longest answer that the key's quota leaves. */
function answerWithinQuota({ keyLimits, most, choices = 1, isFlexible }: Hold, key: KeyState | undefined): number {
  const quota = keyLimits?.quotaTokens;
  const wanted = answerTokensOf(most);
  if (quota === undefined) return wanted;
  const left = quota - (key?.tokens ?? 0) - promptTokensOf(most);
  const least = isFlexible ? Math.min(choices, wanted) : wanted;
  if (left < least || quota === 0) throw new DomainError("llm.key_spent");
  const free = left - (key?.heldTokens ?? 0);
  if (free < least) throw rateLimited(retryHeldMs);
  return Math.min(wanted, free);
}

/** The same for a budget of money. */
function answerWithin(hold: Hold, limit: number | undefined, used: bigint, held: bigint): number {
  const { most, choices = 1, isFlexible } = hold;
  const prices = pricesOf(hold);
  const wanted = answerTokensOf(most);
  if (limit === undefined || largestCostOfAny(most, prices) === 0) return wanted;
  const left = BigInt(limit) - used;
  const least = isFlexible ? Math.min(choices, wanted) : wanted;
  if (left <= 0n || affordableOutputOfAny(most, prices, Number(left)) < least)
    throw new DomainError("llm.budget_spent");
  const free = affordableOutputOfAny(most, prices, Number(left - held));
  if (free < least) throw rateLimited(retryHeldMs);
  return Math.min(wanted, free);
}

/** Of every target that may answer. */
export function pricesOf({ price, otherPrices = [] }: Pick<Hold, "price" | "otherPrices">): readonly Price[] {
  return price ? [price, ...otherPrices] : otherPrices;
}

function rateLimited(retryAfterMs: number): DomainError {
  return new DomainError("llm.rate_limited", { details: { retryAfterMs } });
}
