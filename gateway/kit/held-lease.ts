import type { Clock } from "../../actors/runtime/ports.ts";
import type { GatewayDeps, Lease } from "../ports.ts";

/** ms that a request waits for a lapsed lease, which mostly returns soon; then the request is refused. */
export const leaseWaitMs = 2_000;
const lookMs = 50;
/** Requests of this process that wait for the lease; more are refused at once. */
const maxWaiting = 1_000;
let waiting = 0;

/** Whether the host's lease is held, now or soon (J5): without the lease nothing may be read or answered. */
export async function isHeldSoon({ lease, clock }: { lease: Lease; clock: Clock }): Promise<boolean> {
  if (lease.isHeld()) return true;
  if (waiting >= maxWaiting) return false;
  const endMs = clock.monotonicMs() + leaseWaitMs;
  waiting += 1;
  while (!lease.isHeld() && clock.monotonicMs() < endMs) {
    await new Promise<void>((resolve) => clock.after(lookMs, resolve));
  }
  waiting -= 1;
  return lease.isHeld();
}

/** Other hosts have closed this boot (J5): no answer may leave any more, so running work is dropped. */
export function isClosedByOthers({ lease, identity }: Pick<GatewayDeps, "lease" | "identity">): boolean {
  return lease.isClosed(identity.boot);
}
