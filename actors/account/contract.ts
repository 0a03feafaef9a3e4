// The ledger of one payer: hold before an upstream is asked, settle once when the request ended. Key: the user's id, or
// `system` for the budget of the whole system. Amounts are integers of pico-dollars: a price per million tokens has six decimals at
// most, so that a price times a number of tokens is a whole number.
import type { Payer, Surface } from "../llm/contract.ts";
import type { EndReason, Usage } from "../llm/usage.ts";
import { contract } from "../runtime/contract.ts";

/** 1e-12 dollars. A safe integer holds 9 000 dollars of one request. */
export type PicoDollars = number;

export interface Attempt {
  provider: string;
  credentialId?: string;
  status: number;
  reason: EndReason;
  ms: number;
  /** The upstream may have done the work, and nobody knows. */
  isUnknown?: true;
}

export interface Hold {
  requestId: string;
  payer: Payer;
  surface: Surface;
  endpoint: string;
  model: string;
  conversationId?: string;
  /** The most that the request can cost: prompt and the largest answer. */
  amount: PicoDollars;
  /** The most tokens it can use, for limits by tokens. */
  tokens: number;
  /** The price list's entry of this moment; absent: unpriced. */
  price?: Price;
}

/** Pico-dollars per token of each class. */
export interface Price {
  name: string;
  input: PicoDollars;
  cachedInput: PicoDollars;
  cacheWrite: PicoDollars;
  output: PicoDollars;
  image?: PicoDollars;
}

export interface Settle {
  requestId: string;
  usage: Usage;
  reason: EndReason;
  /** What the client got. */
  status: number;
  error?: string;
  attempts: readonly Attempt[];
  firstByteMs?: number;
  ms: number;
}

interface AccountCommands {
  /** Throws llm.budget_spent, llm.rate_limited (with retryAfterMs), llm.key_spent. The same request again: no second hold. */
  hold(input: Hold): { cost: PicoDollars };
  /** The first settle counts; a repeat is answered as the first. An unknown request is settled with what it says. */
  settle(input: Settle): { cost: PicoDollars };
  /** Budgets per day and month in the user's time zone; undefined: unlimited. */
  setBudget(input: { dayLimit?: PicoDollars; monthLimit?: PicoDollars; timeZone?: string }): null;
}
interface AccountQueries {
  budget(input: Record<string, never>): {
    day: { used: PicoDollars; held: PicoDollars; limit?: PicoDollars; resetsAtMs: number };
    month: { used: PicoDollars; held: PicoDollars; limit?: PicoDollars; resetsAtMs: number };
    openHolds: number;
  };
}
export const Account = contract<AccountCommands, AccountQueries>("account");
