// Which accounts a pool has.
import type { Turn } from "../runtime/contract.ts";
import { invalidField } from "../shared/errors.ts";
import type { Credential, ImportedAccount } from "./contract.ts";
import { maxWeight, minWeight, type PoolRules } from "./rules.ts";
import { type Account, findAccount, type PoolEvent, type PoolState } from "./state.ts";

type PoolTurn = Turn<PoolState, PoolEvent>;

export function createAccountCommands(rules: PoolRules) {
  return {
    add(turn: PoolTurn, { accounts }: { accounts: readonly ImportedAccount[] }) {
      const known = new Map([...turn.state.accounts.values()].map((account) => [account.identity, account]));
      let left = rules.maxAccounts - turn.state.accounts.size;
      let charsLeft = rules.maxTokenChars - sum([...turn.state.accounts.values()].map(tokenChars));
      const credentialIds = newestOfEach(accounts).map(([identity, account]) => {
        const existing = known.get(identity);
        if (existing && !isNewer(account, existing)) return [identity, existing.credentialId] as const;
        charsLeft -= tokenChars(account) - (existing ? tokenChars(existing) : 0);
        if (charsLeft < 0 || (!existing && left <= 0)) return [identity, undefined] as const;
        if (existing) turn.emit({ type: "replaced", credentialId: existing.credentialId, account });
        else left -= 1;
        const credentialId = existing?.credentialId ?? String(turn.stamp());
        if (!existing) turn.emit({ type: "added", credentialId, weight: minWeight, account });
        return [identity, credentialId] as const;
      });
      const byIdentity = new Map(credentialIds);
      return { credentialIds: accounts.map(({ identity }) => byIdentity.get(identity)) };
    },

    change(turn: PoolTurn, { credentialId, ...patch }: { credentialId: string } & Patch): null {
      findAccount(turn.state, credentialId);
      const { weight } = patch;
      if (weight !== undefined && !(Number.isInteger(weight) && weight >= minWeight && weight <= maxWeight)) {
        throw invalidField("weight", `an integer from ${minWeight} to ${maxWeight}`);
      }
      turn.emit({ type: "changed", credentialId, ...patch });
      return null;
    },

    remove(turn: PoolTurn, { credentialId }: { credentialId: string }): null {
      findAccount(turn.state, credentialId);
      turn.emit({ type: "removed", credentialId });
      return null;
    },
  };
}

type Patch = { isActive?: boolean; weight?: number; name?: string };

/** Of one import: the newest account of each identity, in the order of the import. */
function newestOfEach(accounts: readonly ImportedAccount[]): [string, ImportedAccount][] {
  const newest = new Map<string, ImportedAccount>();
  for (const account of accounts) {
    const other = newest.get(account.identity);
    if (!other || isYounger(account, other)) newest.set(account.identity, account);
  }
  return [...newest];
}

/** An account that cannot serve any more gives way to anything else. */
function isNewer(account: ImportedAccount, existing: Account): boolean {
  if (existing.refreshFailure) return true;
  return isYounger(account, existing);
}

type Dates = Pick<Credential, "expiresAtMs" | "lastRefreshAtMs">;

/** By the time of the last refresh where both have one, else by the date of the token; of two alike the later one counts. */
function isYounger(account: Dates, other: Dates): boolean {
  if (account.lastRefreshAtMs !== undefined && other.lastRefreshAtMs !== undefined) {
    if (account.lastRefreshAtMs !== other.lastRefreshAtMs) return account.lastRefreshAtMs > other.lastRefreshAtMs;
  }
  return (account.expiresAtMs ?? 0) >= (other.expiresAtMs ?? 0);
}

function tokenChars({ sealedAccessToken, sealedRefreshToken = "" }: ImportedAccount | Account): number {
  return sealedAccessToken.length + sealedRefreshToken.length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
