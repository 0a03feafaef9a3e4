// The store of verification codes in memory, for one process. A restart loses the codes, and users request new ones: codes are
// no changes in the sense of G1. With `maxTargets` targets stored, sending answers common.unavailable.
import type { Clock } from "../../actors/runtime/ports.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { CodePurpose } from "../../gateway/ports.ts";
import type { CodeRules, CodeStore } from "./store.ts";

interface Target {
  sentAtMs: number[];
  codes: Map<CodePurpose, { hash: string; expiresAtMs: number; triesLeft: number }>;
}

export function createMemoryCodeStore(
  clock: Pick<Clock, "nowMs">,
  { maxTargets = 100_000 }: { maxTargets?: number } = {},
): CodeStore {
  /** Ordered by the time of the last sending. */
  const targets = new Map<string, Target>();

  /** Removes old targets; the first target that must stay ends the loop, because targets are ordered. */
  const removeOld = (nowMs: number, windowMs: number): void => {
    for (const [target, { sentAtMs }] of targets) {
      if (nowMs - (sentAtMs.at(-1) ?? 0) < windowMs) return;
      targets.delete(target);
    }
  };
  const getTarget = (target: string, nowMs: number, windowMs: number): Target => {
    const known = targets.get(target);
    if (known) return known;
    if (targets.size >= maxTargets) {
      removeOld(nowMs, windowMs);
      if (targets.size >= maxTargets) throw new DomainError("common.unavailable");
    }
    return { sentAtMs: [], codes: new Map() };
  };

  return {
    async keep({ target, purpose, hash }, rules) {
      const nowMs = clock.nowMs();
      const known = getTarget(target, nowMs, rules.windowMs);
      const waitMs = waitFor(known, nowMs, rules);
      if (waitMs > 0) return waitMs;
      known.sentAtMs.push(nowMs);
      known.codes.set(purpose, { hash, expiresAtMs: nowMs + rules.lifeMs, triesLeft: rules.maxTries });
      targets.delete(target); // moves the target to the end of the order
      targets.set(target, known);
      return 0;
    },
    async drop(target, purpose, hash) {
      const codes = targets.get(target)?.codes;
      if (hash === undefined || codes?.get(purpose)?.hash === hash) codes?.delete(purpose);
    },
    async answer({ target, purpose, hash }) {
      const sent = targets.get(target)?.codes.get(purpose);
      if (!sent) return "wrong";
      if (sent.expiresAtMs <= clock.nowMs()) return "expired";
      sent.triesLeft -= 1;
      const isRight = sent.hash === hash;
      // A code that was used, or guessed wrong too often, counts as expired.
      if (isRight || sent.triesLeft === 0) sent.expiresAtMs = Number.NEGATIVE_INFINITY;
      return isRight ? "right" : "wrong";
    },
  };
}

function waitFor(target: Target, nowMs: number, { pauseMs, maxPerWindow, windowMs }: CodeRules): number {
  target.sentAtMs = target.sentAtMs.filter((atMs) => nowMs - atMs < windowMs);
  const last = target.sentAtMs.at(-1);
  if (last === undefined) return 0;
  const [first = last] = target.sentAtMs;
  const windowWaitMs = target.sentAtMs.length >= maxPerWindow ? first + windowMs - nowMs : 0;
  return Math.max(0, last + pauseMs - nowMs, windowWaitMs);
}
