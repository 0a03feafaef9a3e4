import type { Clock } from "../../actors/runtime/ports.ts";
import type { GatewayDeps, Lease } from "../ports.ts";

/** A lease that lapsed is mostly back soon: a request waits so long before it is refused. */
export const leaseWaitMs = 2_000;
const lookMs = 50;
/** Requests of this process that wait for it; more are refused at once. */
const maxWaiting = 1_000;
let waiting = 0;

/** Whether the host's lease is held, now or soon (J5): without it nothing may be read or told. */
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

/** Others have closed this boot (J5): nobody can be told anything any more, and the sooner all is dropped the better. */
export function isClosedByOthers({ lease, identity }: Pick<GatewayDeps, "lease" | "identity">): boolean {
  return lease.isClosed(identity.boot);
}
