// What a host counts of its requests to models.
import { tokensOf } from "../llm/usage.ts";
import type { RelayEnd } from "./contract.ts";

/** Plain numbers since the start of the process. */
export interface RelayStats {
  requests: number;
  answered: number;
  failed: number;
  left: number;
  attempts: number;
  tokens: number;
  unsettled: number;
}

export function createRelayStats(): RelayStats {
  return { requests: 0, answered: 0, failed: 0, left: 0, attempts: 0, tokens: 0, unsettled: 0 };
}

/** `end` is absent when the relay itself failed. */
export function countEnd(stats: RelayStats, end: RelayEnd | undefined): void {
  if (end?.kind === "complete") stats.answered += 1;
  else if (end?.kind === "left") stats.left += 1;
  else stats.failed += 1;
  stats.attempts += end?.attempts ?? 0;
  stats.tokens += end ? tokensOf(end.usage) : 0;
}
