// Who pays when it breaks. A payer pays for the answer that reached the client, as far as it did; what an upstream was asked
// beside it is the house's loss, and stands in the request's row as such.
import { noUsage, type Usage } from "../llm/usage.ts";
import type { Delivered } from "./contract.ts";

interface Bill {
  /** What the payer pays for: the last usage that the upstream reported, else what was counted here. */
  billed: Usage;
  /** What nobody pays for. */
  lost: Usage;
}

/** A reported usage of zero is zero: it is not replaced by a count. */
export function bill(delivered: Delivered, usage: Usage): Bill {
  return delivered === "nothing" ? { billed: noUsage, lost: usage } : { billed: usage, lost: noUsage };
}
