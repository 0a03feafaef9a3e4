// What the payer is billed for when an answer breaks off: the part of the answer that reached the client. The operator bears the
// cost of everything else that the upstreams did, and the request's row shows that cost as `lostCost`.
import { noUsage, type Usage } from "../llm/usage.ts";
import type { Delivered } from "./contract.ts";

interface Bill {
  /** What the payer pays for: the last usage that the upstream reported, else what was counted here. */
  billed: Usage;
  /** What the operator pays for, and no payer. */
  lost: Usage;
}

/** A reported usage of zero is zero: it is not replaced by a count. */
export function bill(delivered: Delivered, usage: Usage): Bill {
  return delivered === "nothing" ? { billed: noUsage, lost: usage } : { billed: usage, lost: noUsage };
}
