import type { Clock } from "../../actors/runtime/ports.ts";
import type { RateLimits } from "../../gateway/ports.ts";

interface Bucket {
  tokens: number;
  filledMs: number;
}
/** Buckets kept; beyond it the longest unused is forgotten, that is, full again. */
const maxBuckets = 100_000;

/** Token buckets: `burst` at once, refilled by `perMinute`. */
export function createMemoryRateLimits(clock: Clock): RateLimits {
  const buckets = new Map<string, Bucket>();
  return {
    take({ name, burst, perMinute }, key, cost = 1) {
      const id = `${name}/${key}`;
      const nowMs = clock.monotonicMs();
      const perMs = perMinute / 60_000;
      const known = buckets.get(id);
      const tokens = known ? Math.min(burst, known.tokens + (nowMs - known.filledMs) * perMs) : burst;
      const isEnough = tokens >= cost;
      buckets.delete(id);
      buckets.set(id, { tokens: isEnough ? tokens - cost : tokens, filledMs: nowMs });
      const [longestUnused] = buckets.keys();
      if (buckets.size > maxBuckets && longestUnused !== undefined) buckets.delete(longestUnused);
      return isEnough ? { ok: true } : { ok: false, retryAfterMs: Math.ceil((cost - tokens) / perMs) };
    },
  };
}

/** RATE_LIMITS=off, for benchmarks. */
export const noRateLimits: RateLimits = { take: () => ({ ok: true }) };
