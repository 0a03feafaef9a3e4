// Verification codes in memory. They are not a change in the sense of G1: a restart forgets them, and people ask again.
// V1: a code is kept as a hash only, lives 5 minutes, is gone after 5 wrong tries, and works once.
// V2: a target is sent one code a minute and five an hour, whatever the purpose; the count includes failed sendings.
// V3: memory is bounded: with `maxTargets` targets remembered, sending answers common.unavailable.
import { createHmac, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../actors/runtime/ports.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { CodePurpose, Log, VerificationCodes } from "../../gateway/ports.ts";
import type { CodeSender } from "./sender.ts";

const codeLifeMs = 5 * 60_000;
const maxTries = 5;
const pauseMs = 60_000;
const maxPerHour = 5;
const hourMs = 60 * 60_000;
const maxTargets = 100_000;

interface Target {
  sentAtMs: number[];
  codes: Map<CodePurpose, { hash: Buffer; expiresAtMs: number; triesLeft: number }>;
}

export function createCodes(deps: {
  sender: CodeSender;
  clock: Clock;
  log: Log;
  /** Accepted for every target besides the one that was sent. Never in production. */
  devCode?: string;
  /** Benchmarks only: V2 is off. */
  unlimited?: boolean;
}): VerificationCodes {
  const key = randomBytes(32); // six digits alone are guessed from any hash
  const targets = new Map<string, Target>();

  return {
    async send({ target, purpose }) {
      const nowMs = deps.clock.nowMs();
      const known = getTarget(normalize(target), nowMs);
      const waitMs = deps.unlimited ? 0 : waitFor(known, nowMs);
      if (waitMs > 0) throw new DomainError("common.too_many", { details: { retryAfterMs: waitMs } });
      known.sentAtMs.push(nowMs);
      const code = String(randomInt(1_000_000)).padStart(6, "0");
      const made = { hash: hashOf(code), expiresAtMs: nowMs + codeLifeMs, triesLeft: maxTries };
      known.codes.set(purpose, made);
      try {
        await deps.sender.send({ target, purpose, code, expiresInMs: codeLifeMs });
      } catch (error) {
        if (known.codes.get(purpose) === made) known.codes.delete(purpose);
        if (error instanceof DomainError) throw error;
        deps.log.error("a verification code could not be sent", { channel: deps.sender.name, purpose, error });
        throw new DomainError("common.unavailable", { cause: error });
      }
      return { expiresInMs: codeLifeMs };
    },

    async verify({ target, purpose, code }) {
      const nowMs = deps.clock.nowMs();
      const known = targets.get(normalize(target));
      const sent = known?.codes.get(purpose);
      if (deps.devCode !== undefined && code === deps.devCode) {
        known?.codes.delete(purpose);
        return;
      }
      if (!known || !sent || sent.expiresAtMs <= nowMs) {
        known?.codes.delete(purpose);
        throw new DomainError("auth.code_expired");
      }
      const isRight = timingSafeEqual(hashOf(code), sent.hash);
      sent.triesLeft -= 1;
      if (isRight || sent.triesLeft === 0) known.codes.delete(purpose);
      if (!isRight) throw new DomainError("auth.code_wrong");
    },
  };

  function getTarget(target: string, nowMs: number): Target {
    const known = targets.get(target);
    if (known) {
      targets.delete(target); // and put at the end again: the order is that of the last sending
      targets.set(target, known);
      return known;
    }
    if (targets.size >= maxTargets) {
      forgetOld(nowMs);
      if (targets.size >= maxTargets) throw new DomainError("common.unavailable"); // V3
    }
    const made: Target = { sentAtMs: [], codes: new Map() };
    targets.set(target, made);
    return made;
  }

  /** Oldest first: targets stand in the order of their last sending, so the first that must stay ends the walk. */
  function forgetOld(nowMs: number): void {
    for (const [target, { sentAtMs }] of targets) {
      if (nowMs - (sentAtMs.at(-1) ?? 0) < hourMs) return;
      targets.delete(target);
    }
  }

  function hashOf(code: string): Buffer {
    return createHmac("sha256", key).update(code).digest();
  }
}

/** V2: ms until the next sending is allowed. */
function waitFor(target: Target, nowMs: number): number {
  target.sentAtMs = target.sentAtMs.filter((atMs) => nowMs - atMs < hourMs);
  const last = target.sentAtMs.at(-1);
  if (last === undefined) return 0;
  const [first = last] = target.sentAtMs;
  const hourWaitMs = target.sentAtMs.length >= maxPerHour ? first + hourMs - nowMs : 0;
  return Math.max(0, last + pauseMs - nowMs, hourWaitMs);
}

function normalize(target: string): string {
  return target.trim().toLowerCase();
}
