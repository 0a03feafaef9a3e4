import { defineActor } from "../runtime/contract.ts";
import { createAccountCommands } from "./accounts.ts";
import { type Credential, Pool } from "./contract.ts";
import { createHealthCommands } from "./health.ts";
import { createRefreshCommands, createRefreshTimer, type DueRefresh } from "./refreshes.ts";
import { defaultPoolRules, type PoolRules } from "./rules.ts";
import { type Account, applyPoolEvent, createPoolState, findAccount, type PoolState } from "./state.ts";

interface PoolOptions {
  rules?: PoolRules;
  /** Called in a turn, as actors do no work of their own: a host refreshes them, or the timer asks again. */
  ask?: (pool: string, due: readonly DueRefresh[]) => void;
}

export function createPool({ rules = defaultPoolRules, ask = () => {} }: PoolOptions = {}) {
  return defineActor(Pool, {
    initial: createPoolState,
    apply: applyPoolEvent,
    commands: { ...createAccountCommands(rules), ...createHealthCommands(rules), ...createRefreshCommands(rules) },
    queries: {
      list: ({ state: { version, accounts }, nowMs }, { seenVersion }) =>
        version === seenVersion
          ? { version }
          : { version, credentials: [...accounts.values()].map((account) => credentialOf(account, nowMs)) },
      token({ state }, { credentialId }) {
        const { tokenVersion, sealedAccessToken } = findAccount(state, credentialId);
        return { tokenVersion, sealedAccessToken };
      },
    },
    ...createRefreshTimer(rules, ask),
    // Reports repeat what the state already says, and are not asked for again.
    selfIdempotent: ["report"],
    encode: ({ version, accounts }) => ({ version, accounts: [...accounts.values()] }),
    decode(plain): PoolState {
      const { version, accounts } = plain as { version: number; accounts: Account[] };
      return { version, accounts: new Map(accounts.map((account) => [account.credentialId, account])) };
    },
  });
}

function credentialOf(account: Account, nowMs: number): Credential {
  const { identity: _, sealedAccessToken, sealedRefreshToken, refresh, nextAskMs, ...facts } = account;
  const credential: Credential = { ...facts, hasRefreshToken: sealedRefreshToken !== undefined };
  if (refresh && refresh.untilMs > nowMs) credential.refreshUntilMs = refresh.untilMs;
  return credential;
}
