// Who pays when it breaks. A payer pays for the answer that reached the client, as far as it did; what an upstream was asked
// beside it is the house's loss, and stands in the request's row as such.
import { noUsage, type Usage } from "../llm/usage.ts";
import type { Delivered } from "./contract.ts";

/** When a request ended: before the upstream's status, before the first piece of the answer, after it, after its finish reason. */
export const moments = ["before_headers", "before_content", "after_content", "after_finish"] as const;
export type Moment = (typeof moments)[number];

/**
 * The same for every end: the client left, a user stopped it, the connection was cut or stalled, the upstream sent an error. Pieces
 * of reasoning and of tool calls are content, too; the text of an error is none.
 */
export const deliveredAt: Readonly<Record<Moment, Delivered>> = {
  before_headers: "nothing",
  before_content: "nothing",
  after_content: "part",
  after_finish: "whole",
};

export interface Bill {
  /** What the payer pays for: the last usage that the upstream reported, else what was counted here. */
  billed: Usage;
  /** What nobody pays for. */
  lost: Usage;
}

/** A reported usage of zero is zero: it is not replaced by a count. */
export function bill(delivered: Delivered, usage: Usage): Bill {
  return delivered === "nothing" ? { billed: noUsage, lost: usage } : { billed: usage, lost: noUsage };
}
