// Settled requests, and sums of them: what the log, the dashboard and the usage of a user are made of.
import type { Surface } from "../llm/contract.ts";
import type { EndReason, Usage } from "../llm/usage.ts";
import type { UserId } from "../shared/ids.ts";
import type { PicoDollars } from "./price.ts";

export interface Attempt {
  provider: string;
  credentialId?: string;
  status: number;
  reason: EndReason;
  ms: number;
  /** It is unknown whether the upstream did the work. */
  isUnknown?: true;
  /**
   * What this try used before another one followed it. The payer is not billed for it, and the row's `lostCost` includes its
   * price. What the last try used is the settle's `usage`.
   */
  lost?: Usage;
  /** As in a settle: which price of the hold is that of `lost`. */
  price?: string | null;
}

/** One settled request, as the log and the usage of its payer show it. */
export interface RequestRow {
  /** A stamp: rises with the time of the settle. */
  readonly id: number;
  readonly atMs: number;
  readonly requestId: string;
  readonly userId: UserId;
  readonly keyId?: string;
  readonly credentialId?: string;
  readonly provider?: string;
  readonly conversationId?: string;
  readonly model: string;
  readonly surface: Surface;
  readonly endpoint: string;
  readonly status: number;
  readonly reason: EndReason;
  readonly error?: string;
  /** What is billed. */
  readonly usage: Usage;
  readonly cost: PicoDollars;
  /** The entry of the price list; absent: unpriced. */
  readonly price?: string;
  /** The price of what the upstreams did and the payer is not billed for. */
  readonly lostCost?: PicoDollars;
  readonly attempts: readonly Attempt[];
  readonly firstByteMs?: number;
  readonly ms: number;
}

/** Sums of settled requests. Money is a bigint: sums of many accounts are larger than a safe integer. */
export interface UsageTotal {
  readonly requests: number;
  readonly failed: number;
  readonly unpriced: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly answerTokens: number;
  readonly images: number;
  readonly ms: number;
  readonly cost: bigint;
  readonly lostCost: bigint;
}

/** Sums of one payer in one period by (model, key, credential). */
export interface UsageCell {
  period: number;
  model: string;
  keyId: string;
  credentialId: string;
  /** JSON of a Cell. */
  sums: string;
}
