// One refresh of an account at a time, over all hosts: refresh tokens are good for one use. A host asks for leave, asks the token
// endpoint, and reports the result. The leave ends by itself, in case the host died.
import type { Turn } from "../runtime/contract.ts";
import type { RefreshCause, RefreshLeave, RefreshResult } from "./contract.ts";
import type { PoolRules } from "./rules.ts";
import { type Account, findAccount, type PoolEvent, type PoolState } from "./state.ts";

type PoolTurn = Turn<PoolState, PoolEvent>;

/** An account whose refresh is due by date, for a host that can ask the token endpoint. */
export interface DueRefresh {
  credentialId: string;
  tokenVersion: number;
}

/** Of one turn; the others follow in the next. */
const maxAskedAtOnce = 50;

export function createRefreshCommands(rules: PoolRules) {
  return {
    beginRefresh(
      turn: PoolTurn,
      { credentialId, tokenVersion, cause }: { credentialId: string; tokenVersion: number; cause: RefreshCause },
    ): RefreshLeave {
      const account = findAccount(turn.state, credentialId);
      const { sealedRefreshToken, refresh } = account;
      if (tokenVersion !== account.tokenVersion) return { kind: "newer" };
      if (refresh && refresh.untilMs > turn.nowMs) return { kind: "running", untilMs: refresh.untilMs };
      if (sealedRefreshToken === undefined) return { kind: "refused", reason: "There is no refresh token." };
      const refusal = refusalOf(account, cause, turn.nowMs);
      if (refusal) return refusal;
      // The version in it shows whether a late result is newer than what the account has.
      const refreshId = `${account.tokenVersion}-${turn.stamp()}`;
      turn.emit({ type: "refreshBegun", credentialId, refreshId, cause, untilMs: turn.nowMs + rules.refreshMs });
      return { kind: "begun", refreshId, sealedRefreshToken };
    },

    endRefresh(
      turn: PoolTurn,
      { credentialId, refreshId, result }: { credentialId: string; refreshId: string; result: RefreshResult },
    ): null {
      const account = findAccount(turn.state, credentialId);
      const isCurrent = account.refresh?.refreshId === refreshId;
      if (result.kind === "renewed") {
        // The old token is spent. What a late host got for it is the only one that works, unless there is a newer one.
        if (!refreshId.startsWith(`${account.tokenVersion}-`)) return null;
        const { kind: _, ...tokens } = result;
        const isUnproven = isCurrent && account.refresh?.cause === "refused";
        turn.emit({ type: "renewed", credentialId, ...tokens, isUnproven });
      } else if (isCurrent) {
        turn.emit({ ...failureOf(account, result, turn.nowMs, rules), credentialId });
      }
      return null;
    },
  };
}

function refusalOf(account: Account, cause: RefreshCause, nowMs: number): RefreshLeave | undefined {
  if (cause === "manual") return undefined;
  const { refreshFailure, isUnproven } = account;
  if (cause === "refused" && isUnproven) {
    return { kind: "refused", reason: "The upstream refuses the refreshed token, too." };
  }
  if (!refreshFailure) return undefined;
  const { reason, retryAtMs } = refreshFailure;
  if (retryAtMs === undefined) return { kind: "refused", reason };
  return retryAtMs > nowMs ? { kind: "refused", reason, retryAtMs } : undefined;
}

function failureOf(
  { refreshFailure }: Account,
  { kind, reason }: Exclude<RefreshResult, { kind: "renewed" }>,
  nowMs: number,
  { refreshRetryMs, maxCoolDownMs }: PoolRules,
) {
  const tries = (refreshFailure?.tries ?? 0) + 1;
  const failure = { type: "refreshFailed", reason, tries } as const;
  if (kind === "refused") return failure;
  return { ...failure, retryAtMs: nowMs + Math.min(refreshRetryMs * 2 ** Math.min(tries - 1, 20), maxCoolDownMs) };
}

/** When the token is to be refreshed before it expires. One that was imported expired is refreshed when it is used. */
function refreshDueMs(account: Account, { refreshAheadMs }: PoolRules): number | undefined {
  const { isActive, sealedRefreshToken, expiresAtMs, obtainedAtMs, refreshFailure, nextAskMs = 0 } = account;
  if (!isActive || sealedRefreshToken === undefined) return undefined;
  if (expiresAtMs === undefined || expiresAtMs <= obtainedAtMs) return undefined;
  if (refreshFailure && refreshFailure.retryAtMs === undefined) return undefined;
  const aheadMs = Math.min(refreshAheadMs, (expiresAtMs - obtainedAtMs) / 5);
  return Math.max(expiresAtMs - aheadMs, refreshFailure?.retryAtMs ?? 0, nextAskMs);
}

/** The timer of a pool: `ask` gets the accounts that are to be refreshed now. It may lose them: they are asked for again. */
export function createRefreshTimer(rules: PoolRules, ask: (pool: string, due: readonly DueRefresh[]) => void) {
  return {
    due(state: PoolState): number | undefined {
      let earliestMs: number | undefined;
      for (const account of state.accounts.values()) {
        const dueMs = refreshDueMs(account, rules);
        if (dueMs !== undefined && dueMs < (earliestMs ?? Number.POSITIVE_INFINITY)) earliestMs = dueMs;
      }
      return earliestMs;
    },

    onDue(turn: PoolTurn): void {
      const due = [...turn.state.accounts.values()]
        .filter((account) => (refreshDueMs(account, rules) ?? Number.POSITIVE_INFINITY) <= turn.nowMs)
        .slice(0, maxAskedAtOnce);
      for (const { credentialId } of due) {
        turn.emit({ type: "refreshAsked", credentialId, nextMs: turn.nowMs + rules.refreshMs });
      }
      ask(
        turn.key,
        due.map(({ credentialId, tokenVersion }) => ({ credentialId, tokenVersion })),
      );
    },
  };
}
