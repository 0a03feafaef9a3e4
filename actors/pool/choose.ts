// Chooses the account of a pool that serves a request, from the facts in the pool's last list: no actor is asked.
import { hashText } from "../shared/hash.ts";
import type { Credential } from "./contract.ts";
import { availabilityOf } from "./status.ts";

interface Question {
  capability: string;
  preferred?: string;
  affinity?: string;
  tried?: readonly string[];
}

type Choice =
  | { kind: "serves" | "probe"; credential: Credential }
  | { kind: "cooling"; retryAfterMs: number }
  | { kind: "none" };

/**
 * The preferred account while it serves; else one that is to be probed, as only requests find out who has recovered; else by
 * affinity, or in turn.
 */
export function choose(
  credentials: readonly Credential[],
  { capability, preferred, affinity, tried = [] }: Question,
  turns: Turns,
  nowMs: number,
): Choice {
  const serving: Credential[] = [];
  let probe: Credential | undefined;
  let firstMs = Number.POSITIVE_INFINITY;
  for (const credential of credentials) {
    const availability = availabilityOf(credential, capability, nowMs);
    if (availability.kind === "waits") firstMs = Math.min(firstMs, availability.untilMs);
    if (tried.includes(credential.credentialId)) continue;
    if (availability.kind === "serves") serving.push(credential);
    if (availability.kind === "probe") probe ??= credential;
  }
  const held = serving.find(({ credentialId }) => credentialId === preferred);
  if (held) return { kind: "serves", credential: held };
  if (probe) return { kind: "probe", credential: probe };
  const chosen = affinity === undefined ? turns.next(serving) : nearest(serving, affinity);
  if (chosen) return { kind: "serves", credential: chosen };
  return Number.isFinite(firstMs) ? { kind: "cooling", retryAfterMs: firstMs - nowMs } : { kind: "none" };
}

/**
 * Rendezvous hashing with weights: each account is the nearest of its share of all texts, and when an account is away only
 * its own texts move.
 */
function nearest(credentials: readonly Credential[], affinity: string): Credential | undefined {
  let best: Credential | undefined;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const credential of credentials) {
    const unit = (hashText(`${credential.credentialId} ${affinity}`) + 1) / (2 ** 53 + 1);
    const score = credential.weight / -Math.log(unit);
    if (score > bestScore) [best, bestScore] = [credential, score];
  }
  return best;
}

/** Smooth weighted round robin: weights 3 and 1 give a a b a, and not a a a b. */
export class Turns {
  #credit = new Map<string, number>();

  next(credentials: readonly Credential[]): Credential | undefined {
    const credit = new Map<string, number>();
    let total = 0;
    let chosen: Credential | undefined;
    for (const credential of credentials) {
      const { credentialId, weight } = credential;
      total += weight;
      credit.set(credentialId, (this.#credit.get(credentialId) ?? 0) + weight);
      if (!chosen || (credit.get(credentialId) ?? 0) > (credit.get(chosen.credentialId) ?? 0)) chosen = credential;
    }
    if (!chosen) return undefined;
    credit.set(chosen.credentialId, (credit.get(chosen.credentialId) ?? 0) - total);
    this.#credit = credit;
    return chosen;
  }
}
