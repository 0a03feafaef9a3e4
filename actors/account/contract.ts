// The ledger of one payer: a hold before an upstream is asked, one settle when the request ended. Key: the user's id, or `system`
// for the budget of the whole system. Callers use `createLedger` (ledger.ts), which keeps both.
// Amounts are integers of pico-dollars: a price per million tokens has six decimals at most, so that a price times a number of
// tokens is a whole number.
import type { ApiKey } from "../keyring/contract.ts";
import type { Payer, Surface } from "../llm/contract.ts";
import type { EndReason, Usage } from "../llm/usage.ts";
import { contract } from "../runtime/contract.ts";
import type { PicoDollars, Price } from "./price.ts";
import type { Attempt, RequestRow } from "./rows.ts";
import type { CellAfter } from "./totals.ts";

export type { Attempt } from "./rows.ts";

export interface Hold {
  requestId: string;
  payer: Payer;
  surface: Surface;
  endpoint: string;
  model: string;
  conversationId?: string;
  /** The most that the request can use: the whole prompt, and the largest answer of every choice. */
  most: Usage;
  /** Answers that the request asks for, each with the same maximum. Default 1. */
  choices?: number;
  /** The client named no maximum: where `most` does not fit into what is left, a shorter answer is held. */
  isFlexible?: true;
  /** The price list's entry of this moment for the target that is asked first; absent: unpriced. */
  price?: Price;
  /** Entries of the other targets that may answer: the dearest of all is held. Their names differ. */
  otherPrices?: readonly Price[];
  /** The limits of the key in `payer`. */
  keyLimits?: ApiKey["limits"];
  /** The process that runs the request. When that process is dead, the account settles the request as host_lost. */
  boot: string;
}

/** How much of the answer reached the client: what billing depends on. */
export type Delivered = "nothing" | "part" | "whole";

export interface Settle {
  requestId: string;
  /** As the upstream reported it, or counted here and marked so. */
  usage: Usage;
  delivered: Delivered;
  reason: EndReason;
  /** What the client got. */
  status: number;
  /** For people, without secrets. */
  error?: string;
  attempts: readonly Attempt[];
  /** The name of the hold's price whose target answered; null: that target has no price. Absent: the first target. */
  price?: string | null;
  firstByteMs?: number;
  ms: number;
}

export interface Held {
  amount: PicoDollars;
  /** No choice must become longer: only less than `most` was left. */
  maxOutputTokens?: number;
}

/** Of one day or month in the account's time zone. */
export interface BudgetUse {
  used: PicoDollars;
  held: PicoDollars;
  limit?: PicoDollars;
  resetsAtMs: number;
}

/** A number, "unlimited", or absent: as configured for everybody. */
export type BudgetLimit = PicoDollars | "unlimited";

interface AccountCommands {
  /**
   * Throws llm.budget_spent, llm.key_spent; llm.rate_limited (with retryAfterMs) also where only holds of requests that run are in
   * the way; common.conflict for a request that was settled. The same request again: no second hold.
   */
  hold(input: Hold): Held;
  /** Ends a hold whose request never reached an upstream: no row, no cost. */
  release(input: { requestId: string }): null;
  /** The first settle counts; a repeat is answered as the first. A request without a hold costs nothing. */
  settle(input: Settle): { cost: PicoDollars };
  /** Replaces all three. Throws common.invalid for an unknown time zone. */
  setBudget(input: { dayLimit?: BudgetLimit; monthLimit?: BudgetLimit; timeZone?: string }): null;
}
interface AccountQueries {
  budget(input: Record<string, never>): { day: BudgetUse; month: BudgetUse; timeZone: string; openHolds: number };
  /** What the views may not hold yet: settled requests, oldest first, and sums of days. */
  recent(input: Record<string, never>): { rows: readonly RequestRow[]; days: readonly CellAfter[] };
  /** What each key has used over its life. */
  keyUse(input: Record<string, never>): { keys: Readonly<Record<string, KeyUse>> };
}
export interface KeyUse {
  requests: number;
  tokens: number;
  lastUsedAtMs: number;
}
export const Account = contract<AccountCommands, AccountQueries>("account");

/** The account of the system's own budget. */
export const systemAccount = "system";
