// Token buckets in process.
import type { Clock } from "../../actors/runtime/ports.ts";
import type { RateLimit, RateLimits, Taken } from "../../gateway/ports.ts";

/** For benchmarks: production refuses to start with it. */
export const noRateLimits: RateLimits = {
  take: () => ({ ok: true }),
  takeShared: async () => ({ ok: true }),
};

interface Bucket {
  tokens: number;
  filledMs: number;
}

/** Beyond `maxBuckets` the longest unused one goes, and its key starts with a full bucket again. */
export function createMemoryRateLimits(clock: Pick<Clock, "monotonicMs">, { maxBuckets = 200_000 } = {}): RateLimits {
  /** In order of use, longest unused first. */
  const buckets = new Map<string, Bucket>();

  const open = (limit: RateLimit, name: string): Bucket => {
    const nowMs = clock.monotonicMs();
    const bucket = buckets.get(name);
    if (!bucket) return { tokens: limit.burst, filledMs: nowMs };
    const gained = ((nowMs - bucket.filledMs) * limit.perMinute) / 60_000;
    bucket.tokens = Math.min(limit.burst, bucket.tokens + gained);
    bucket.filledMs = nowMs;
    return bucket;
  };
  const take = (limit: RateLimit, key: string, cost = 1): Taken => {
    const name = `${limit.name}\n${key}`;
    const bucket = open(limit, name);
    buckets.delete(name);
    buckets.set(name, bucket);
    if (buckets.size > maxBuckets) buckets.delete(buckets.keys().next().value!);
    if (bucket.tokens >= cost) {
      bucket.tokens -= cost;
      return { ok: true };
    }
    return { ok: false, retryAfterMs: Math.ceil(((cost - bucket.tokens) * 60_000) / limit.perMinute) };
  };
  // One process is all gateways there are.
  return { take, takeShared: async (limit, key, cost) => take(limit, key, cost) };
}
