// The ledger as callers use it: the account of the payer and, where the system has a budget of its own, that of the system.
import type { Actors } from "../runtime/actors.ts";
import type { CallOptions } from "../runtime/contract.ts";
import { RuntimeError } from "../runtime/errors.ts";
import type { Clock } from "../runtime/ports.ts";
import { DomainError } from "../shared/errors.ts";
import { sleep } from "../shared/sleep.ts";
import { Account, type Held, type Hold, type Settle, systemAccount } from "./contract.ts";
import { gatherSettles } from "./gathered.ts";
import type { PicoDollars } from "./price.ts";

export interface Ledger {
  /** Before an upstream is asked. Throws what `hold` of an account throws. */
  hold(input: Omit<Hold, "boot">, call?: CallOptions): Promise<Held>;
  /** After a hold, when no upstream was asked. */
  release(userId: string, requestId: string, call?: CallOptions): Promise<void>;
  /** Goes with the payer's next hold, or after a few ms. */
  settle(userId: string, input: Settle, call?: CallOptions): Promise<{ cost: PicoDollars }>;
}
interface ClosableLedger extends Ledger {
  /** This process ends: no settle waits any more. */
  close(): void;
}

interface LedgerDeps {
  actors: Actors;
  clock: Clock;
  /** Of this process: requests that die with it are settled by their accounts. */
  boot: string;
  hasSystemBudget: boolean;
  reportError(message: string, cause: unknown): void;
}

/** What cannot be delivered for so long is given up: then the request counts as lost when this process ends. */
const patienceMs = 60_000;

/** The first pause before a call is made again at a full mailbox, and the longest one. */
const overloadWaitMs = 10;
const overloadWaitMsMax = 320;
/** A client waits for its hold: after so long the burst is refused. */
const holdPatienceMs = 640;

export function createLedger({ actors, clock, boot, hasSystemBudget, reportError }: LedgerDeps): ClosableLedger {
  const settles = gatherSettles(clock);
  const accountsOf = (userId: string) =>
    (hasSystemBudget ? [userId, systemAccount] : [userId]).map((key) => actors.get(Account, key));
  /** An account must hear the end of a request, also when its shard just moves or a store is away for a while. */
  const patient = (call: CallOptions = {}): CallOptions => ({ ...call, deadlineMs: clock.nowMs() + patienceMs });

  async function release(userId: string, requestId: string, call?: CallOptions): Promise<void> {
    const accounts = accountsOf(userId);
    await Promise.all(
      accounts.map((account) => retried(() => account.release({ requestId }, patient(call)), patienceMs)),
    );
  }

  /** A burst finds the mailbox of an account that is still being read full: nothing was done then. */
  async function retried<T>(call: () => Promise<T>, forMs: number): Promise<T> {
    const untilMs = clock.monotonicMs() + forMs;
    for (let waitMs = overloadWaitMs; ; waitMs = Math.min(waitMs * 2, overloadWaitMsMax)) {
      try {
        return await call();
      } catch (error) {
        const isFull = error instanceof RuntimeError && error.kind === "overloaded";
        if (!isFull || clock.monotonicMs() + waitMs > untilMs) throw error;
        await sleep(clock, waitMs);
      }
    }
  }

  return {
    async hold(input, call) {
      const hold = { ...input, boot };
      const { userId } = input.payer;
      const [own, ofSystem] = accountsOf(userId);
      settles.sendOf(userId);
      try {
        const held = await retried(() => own!.hold(hold, call), holdPatienceMs);
        const { keyLimits: _, ...withoutKey } = hold;
        return ofSystem ? shorter(held, await retried(() => ofSystem.hold(withoutKey, call), holdPatienceMs)) : held;
      } catch (error) {
        // An account that refuses holds nothing. An account that did not answer may hold something: the release is sent, and
        // the caller does not wait for it.
        const isRefusal = error instanceof DomainError;
        if (!isRefusal || ofSystem) {
          const released = release(userId, input.requestId, call).catch((cause: unknown) =>
            reportError(`ledger: the hold of ${input.requestId} is not released`, cause),
          );
          if (isRefusal) await released;
        }
        throw error;
      }
    },

    release,

    settle: (userId, input, call) =>
      settles.add(userId, async () => {
        const settles = accountsOf(userId).map((account) =>
          retried(() => account.settle(input, patient(call)), patienceMs),
        );
        const [own] = await Promise.all(settles);
        return own!;
      }),

    close: () => settles.close(),
  };
}

/** Both accounts hold: the answer must fit into either. */
function shorter(a: Held, b: Held): Held {
  const longest = Math.min(a.maxOutputTokens ?? Infinity, b.maxOutputTokens ?? Infinity);
  return longest === Infinity ? a : { amount: Math.min(a.amount, b.amount), maxOutputTokens: longest };
}
