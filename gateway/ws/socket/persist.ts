// Actors may be away for a while: a host restarts, a shard moves, a mailbox is full. Sockets outlive that: what asks for
// them asks again, with pauses.
import { RuntimeError } from "../../../actors/runtime/errors.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { Edge } from "../edge.ts";

const pauseMsMin = 50;
const pauseMsMax = 1_000;

/** Nothing is wrong with the question: it may be answered later. */
export function isAway(thrown: unknown): boolean {
  if (thrown instanceof DomainError) return thrown.error === "common.unavailable";
  if (!(thrown instanceof RuntimeError)) return false;
  return thrown.kind !== "poisoned" && thrown.kind !== "unknown_method" && thrown.kind !== "too_large";
}

/** Repeats a harmless call until `untilMs` of the wall clock, or until nobody wants it any more; then throws its error. */
export async function persist<T>(
  { deps }: Edge,
  { untilMs, isWanted }: { untilMs: number; isWanted(): boolean },
  call: () => Promise<T>,
): Promise<T> {
  for (let pauseMs = pauseMsMin; ; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
    try {
      return await call();
    } catch (thrown) {
      if (!isAway(thrown) || !isWanted() || deps.clock.nowMs() >= untilMs) throw thrown;
    }
    // Spread: those who wait for the same host do not come back together.
    const waitMs = pauseMs * (0.5 + deps.random.unit() / 2);
    await new Promise<void>((resolve) => deps.clock.after(waitMs, resolve));
  }
}
