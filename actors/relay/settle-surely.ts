import type { Settle } from "../account/contract.ts";
import type { Ledger } from "../account/ledger.ts";
import type { Clock } from "../runtime/ports.ts";
import { Backoff } from "../shared/backoff.ts";
import { DomainError } from "../shared/errors.ts";
import { sleep } from "../shared/sleep.ts";

/** Then the account itself settles the request, when this host is gone. */
const maxTries = 12;

/** Settles, again after failures: the first settle counts, so a repeat does no harm. Never rejects. */
export async function settleSurely(
  {
    ledger,
    clock,
    reportError,
  }: { ledger: Ledger; clock: Clock; reportError: (message: string, cause: unknown) => void },
  userId: string,
  settle: Settle,
): Promise<void> {
  const backoff = new Backoff({ minMs: 100, maxMs: 10_000 });
  for (let tries = 1; ; tries += 1) {
    try {
      await ledger.settle(userId, settle);
      return;
    } catch (error) {
      if (tries === maxTries || error instanceof DomainError) return reportError("relay: request not settled", error);
      await sleep(clock, backoff.next());
    }
  }
}
