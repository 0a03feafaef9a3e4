// What requests saw of an account, and what the pool makes of it.
import type { Seen } from "../llm/contract.ts";
import type { Turn } from "../runtime/contract.ts";
import { type Cooling, wholeAccount } from "./contract.ts";
import type { PoolRules } from "./rules.ts";
import type { Account, PoolEvent, PoolState } from "./state.ts";
import { coolingsOf } from "./status.ts";

/** A wait that ends so little later than the known one is not written again: parallel requests see the same limit. */
const sameWaitMs = 1_000;

interface Report {
  credentialId: string;
  tokenVersion: number;
  kind: Seen;
  capability: string;
  retryAfterMs?: number;
}

export function createHealthCommands(rules: PoolRules) {
  return {
    report(turn: Turn<PoolState, PoolEvent>, report: Report): null {
      const account = turn.state.accounts.get(report.credentialId);
      const event = account && eventOf(account, report, turn.nowMs, rules);
      if (event) turn.emit({ ...event, credentialId: report.credentialId });
      return null;
    },

    probe(
      turn: Turn<PoolState, PoolEvent>,
      { credentialId, capability }: { credentialId: string; capability: string },
    ) {
      const account = turn.state.accounts.get(credentialId);
      const coolings = account?.isActive ? coolingsOf(account.cooling, capability) : [];
      const isBusy = coolings.some(({ untilMs, probeUntilMs = 0 }) => Math.max(untilMs, probeUntilMs) > turn.nowMs);
      if (coolings.length === 0 || isBusy) return { isGranted: false };
      turn.emit({ type: "probed", credentialId, capability, untilMs: turn.nowMs + rules.probeMs });
      return { isGranted: true };
    },
  };
}

type Outcome =
  | { type: "worked"; capability: string }
  | { type: "failed"; isFirst: boolean }
  | { type: "cooled"; capability: string; cooling: Cooling };

function eventOf(account: Account, report: Report, nowMs: number, rules: PoolRules): Outcome | undefined {
  const { kind, capability } = report;
  const isCurrent = report.tokenVersion === account.tokenVersion;
  switch (kind) {
    case "ok":
      return isCurrent && hasRecovered(account, capability, nowMs) ? { type: "worked", capability } : undefined;
    case "unauthorized":
      return isCurrent ? cool(account, report, wholeAccount, nowMs, rules) : undefined;
    case "rate_limited":
      return cool(account, report, wholeAccount, nowMs, rules);
    case "forbidden":
      return cool(account, report, capability, nowMs, rules);
    case "server_error":
    case "unreachable":
      return countError(account, report, nowMs, rules);
  }
}

function hasRecovered({ isUnproven, errors, cooling }: Account, capability: string, nowMs: number): boolean {
  return isUnproven || errors !== undefined || coolingsOf(cooling, capability).some(({ untilMs }) => untilMs <= nowMs);
}

/** A single error cools nothing; one during a probe shows that the account has not recovered. */
function countError(account: Account, report: Report, nowMs: number, rules: PoolRules): Outcome | undefined {
  if (account.cooling[wholeAccount]) return cool(account, report, wholeAccount, nowMs, rules);
  const { errors } = account;
  const isFirst = errors === undefined || errors.firstAtMs + rules.errorWindowMs <= nowMs;
  const count = isFirst ? 1 : errors.count + 1;
  if (count < rules.errorsToCool) return { type: "failed", isFirst };
  return cool(account, report, wholeAccount, nowMs, rules);
}

function cool(
  account: Account,
  { kind, retryAfterMs }: Report,
  capability: string,
  nowMs: number,
  rules: PoolRules,
): Outcome | undefined {
  if (kind === "ok") return undefined;
  const known = account.cooling[capability];
  const strikes = known?.seen === kind && known.untilMs <= nowMs ? known.strikes + 1 : 0;
  // An upstream that names no time, and has no limit that ends by itself, is asked more and more rarely.
  const ownMs =
    kind === "unauthorized" || kind === "forbidden" ? rules.coolDownMs * 2 ** Math.min(strikes, 20) : rules.coolDownMs;
  const untilMs = nowMs + Math.min(retryAfterMs ?? ownMs, rules.maxCoolDownMs);
  if (known && known.untilMs > nowMs && untilMs < known.untilMs + sameWaitMs) return undefined;
  return { type: "cooled", capability, cooling: { untilMs, seen: kind, strikes } };
}
