// An actor may be unavailable for a while: a host restarts, a shard moves, a mailbox is full. Sockets outlive that, so
// their calls are repeated.
import { RuntimeError } from "../../../actors/runtime/errors.ts";
import type { Clock, Random } from "../../../actors/runtime/ports.ts";
import { Backoff } from "../../../actors/shared/backoff.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { sleep } from "../../../actors/shared/sleep.ts";

const pauseMsMin = 50;
const pauseMsMax = 1_000;

/** The call may succeed later. */
export function isAway(thrown: unknown): boolean {
  if (thrown instanceof DomainError) return thrown.error === "common.unavailable";
  if (!(thrown instanceof RuntimeError)) return false;
  return thrown.kind !== "poisoned" && thrown.kind !== "unknown_method" && thrown.kind !== "too_large";
}

/** Repeats an idempotent call until `untilMs` of the wall clock, or until it is not wanted any more; then throws its error. */
export async function persist<T>(
  { clock, random }: { clock: Pick<Clock, "after" | "nowMs">; random: Pick<Random, "unit"> },
  { untilMs, isWanted }: { untilMs: number; isWanted(): boolean },
  call: () => Promise<T>,
): Promise<T> {
  const backoff = new Backoff({ minMs: pauseMsMin, maxMs: pauseMsMax, unit: () => random.unit() });
  for (;;) {
    try {
      return await call();
    } catch (thrown) {
      if (!isAway(thrown) || !isWanted() || clock.nowMs() >= untilMs) throw thrown;
    }
    await sleep(clock, backoff.next());
  }
}
