// The ledger as callers use it: the account of the payer and, where the system has a budget of its own, that of the system.
import type { Actors } from "../runtime/actors.ts";
import type { CallOptions } from "../runtime/contract.ts";
import { Account, type Held, type Hold, type Settle, systemAccount } from "./contract.ts";
import type { PicoDollars } from "./price.ts";

export interface Ledger {
  /** Before an upstream is asked. Throws what `hold` of an account throws. */
  hold(input: Omit<Hold, "boot">, call?: CallOptions): Promise<Held>;
  /** After a hold, when no upstream was asked. */
  release(userId: string, requestId: string, call?: CallOptions): Promise<void>;
  settle(userId: string, input: Settle, call?: CallOptions): Promise<{ cost: PicoDollars }>;
}

export function createLedger({
  actors,
  boot,
  hasSystemBudget,
}: {
  actors: Actors;
  /** Of this process: requests that die with it are settled by their accounts. */
  boot: string;
  hasSystemBudget: boolean;
}): Ledger {
  const accounts = (userId: string) => (hasSystemBudget ? [userId, systemAccount] : [userId]);
  return {
    async hold(input, call) {
      const hold = { ...input, boot };
      const { userId } = input.payer;
      const held = await actors.get(Account, userId).hold(hold, call);
      if (!hasSystemBudget) return held;
      try {
        const { keyLimits: _, ...ofSystem } = hold;
        return shorter(held, await actors.get(Account, systemAccount).hold(ofSystem, call));
      } catch (error) {
        await actors.get(Account, userId).release({ requestId: input.requestId }, call);
        throw error;
      }
    },

    async release(userId, requestId, call) {
      await Promise.all(accounts(userId).map((key) => actors.get(Account, key).release({ requestId }, call)));
    },

    async settle(userId, input, call) {
      const [settled] = await Promise.all(accounts(userId).map((key) => actors.get(Account, key).settle(input, call)));
      return settled!;
    },
  };
}

/** Both accounts hold: the answer must fit into either. */
function shorter(a: Held, b: Held): Held {
  const longest = Math.min(a.maxOutputTokens ?? Infinity, b.maxOutputTokens ?? Infinity);
  return longest === Infinity ? a : { amount: Math.min(a.amount, b.amount), maxOutputTokens: longest };
}
