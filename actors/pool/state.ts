// The state of a pool, and the events that change it.
import type { RecordMeta } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import type { Cooling, Credential, ImportedAccount, RefreshCause } from "./contract.ts";
import { wholeAccount } from "./contract.ts";
import { coolingsOf } from "./status.ts";

export interface Account extends Omit<Credential, "hasRefreshToken" | "refreshUntilMs" | "cooling"> {
  identity: string;
  sealedAccessToken: string;
  sealedRefreshToken?: string;
  refresh?: { refreshId: string; cause: RefreshCause; untilMs: number };
  /** The timer asked for a refresh, and asks again then. */
  nextAskMs?: number;
  cooling: Record<string, Cooling>;
}

export interface PoolState {
  /** Rises with every event. */
  version: number;
  accounts: Map<string, Account>;
}

type Change =
  | { type: "added"; weight: number; account: ImportedAccount }
  /** Newer tokens of a known account: whatever kept the old ones from serving is over. */
  | { type: "replaced"; account: ImportedAccount }
  | { type: "changed"; isActive?: boolean; weight?: number; name?: string }
  | { type: "removed" }
  | { type: "cooled"; capability: string; cooling: Cooling }
  /** `isFirst`: of a new window. */
  | { type: "failed"; isFirst: boolean }
  | { type: "worked"; capability: string }
  | { type: "probed"; capability: string; untilMs: number }
  | { type: "refreshAsked"; nextMs: number }
  | { type: "refreshBegun"; refreshId: string; cause: RefreshCause; untilMs: number }
  | {
      type: "renewed";
      sealedAccessToken: string;
      sealedRefreshToken?: string;
      expiresAtMs?: number;
      isUnproven: boolean;
    }
  | { type: "refreshFailed"; reason: string; tries: number; retryAtMs?: number };
export type PoolEvent = Change & { credentialId: string };
type ByType<T extends Change["type"]> = Extract<PoolEvent, { type: T }>;

export const createPoolState = (): PoolState => ({ version: 0, accounts: new Map() });

export function findAccount(state: PoolState, credentialId: string): Account {
  const account = state.accounts.get(credentialId);
  if (!account) throw new DomainError("llm.credential_not_found");
  return account;
}

export function applyPoolEvent(state: PoolState, event: PoolEvent, meta: RecordMeta): void {
  state.version += 1;
  if (event.type === "added") {
    state.accounts.set(event.credentialId, newAccount(event, meta.atMs));
    return;
  }
  const account = state.accounts.get(event.credentialId);
  if (!account) return;
  if (event.type === "removed") state.accounts.delete(event.credentialId);
  else (appliers[event.type] as (account: Account, event: PoolEvent, meta: RecordMeta) => void)(account, event, meta);
}

function newAccount({ credentialId, weight, account }: ByType<"added">, atMs: number): Account {
  return {
    ...account,
    credentialId,
    weight,
    isActive: true,
    createdAtMs: atMs,
    tokenVersion: 1,
    obtainedAtMs: atMs,
    isUnproven: false,
    cooling: {},
  };
}

const appliers: {
  [T in Exclude<Change["type"], "added" | "removed">]: (account: Account, event: ByType<T>, meta: RecordMeta) => void;
} = {
  replaced(account, event, { atMs }) {
    forgive(account);
    delete account.sealedRefreshToken;
    delete account.expiresAtMs;
    delete account.lastRefreshAtMs;
    delete account.refresh;
    Object.assign(account, event.account);
    account.tokenVersion += 1;
    account.obtainedAtMs = atMs;
  },
  changed(account, { isActive, weight, name }) {
    if (isActive === true) forgive(account);
    if (isActive !== undefined) account.isActive = isActive;
    if (weight !== undefined) account.weight = weight;
    if (name !== undefined) account.name = name;
  },
  cooled(account, { capability, cooling }) {
    account.cooling[capability] = cooling;
    delete account.errors;
  },
  failed(account, { isFirst }, { atMs }) {
    const { count, firstAtMs } = account.errors ?? { count: 0, firstAtMs: atMs };
    account.errors = isFirst ? { count: 1, firstAtMs: atMs } : { count: count + 1, firstAtMs };
  },
  worked(account, { capability }, { atMs }) {
    account.isUnproven = false;
    delete account.errors;
    for (const name of [wholeAccount, capability]) {
      const cooling = account.cooling[name];
      if (cooling && cooling.untilMs <= atMs) delete account.cooling[name];
    }
  },
  probed(account, { capability, untilMs }) {
    for (const each of coolingsOf(account.cooling, capability)) each.probeUntilMs = untilMs;
  },
  refreshAsked(account, { nextMs }) {
    account.nextAskMs = nextMs;
  },
  refreshBegun(account, { refreshId, cause, untilMs }) {
    account.refresh = { refreshId, cause, untilMs };
  },
  renewed(account, { sealedAccessToken, sealedRefreshToken, expiresAtMs, isUnproven }, { atMs }) {
    // A limit by number of requests is the account's, whatever token it has.
    if (account.cooling[wholeAccount]?.seen === "unauthorized") delete account.cooling[wholeAccount];
    delete account.refreshFailure;
    delete account.nextAskMs;
    delete account.refresh;
    delete account.expiresAtMs;
    account.sealedAccessToken = sealedAccessToken;
    if (sealedRefreshToken !== undefined) account.sealedRefreshToken = sealedRefreshToken;
    if (expiresAtMs !== undefined) account.expiresAtMs = expiresAtMs;
    account.isUnproven = isUnproven;
    account.tokenVersion += 1;
    account.obtainedAtMs = atMs;
    account.lastRefreshAtMs = atMs;
  },
  refreshFailed(account, { reason, tries, retryAtMs }) {
    delete account.refresh;
    delete account.nextAskMs;
    account.refreshFailure = { reason, tries };
    if (retryAtMs !== undefined) account.refreshFailure.retryAtMs = retryAtMs;
  },
};

/** Forgets why the account did not serve, or was about not to. */
function forgive(account: Account): void {
  account.cooling = {};
  account.isUnproven = false;
  delete account.errors;
  delete account.refreshFailure;
  delete account.nextAskMs;
}
