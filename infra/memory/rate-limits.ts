// Token buckets of one process.
import type { Clock } from "../../actors/runtime/ports.ts";
import { BoundedMap } from "../../actors/shared/bounded-map.ts";
import type { RateLimit, RateLimits, Taken } from "../../gateway/ports.ts";

/** For benchmarks: in production the server refuses to start without rate limits. */
export const noRateLimits: RateLimits = {
  take: () => ({ ok: true }),
  look: () => ({ ok: true }),
  takeShared: async () => ({ ok: true }),
  giveBack: () => {},
};

interface Bucket {
  tokens: number;
  filledMs: number;
}

/** Beyond `maxBuckets` the bucket unused longest is dropped, and its key starts with a full bucket again. */
export function createMemoryRateLimits(clock: Pick<Clock, "monotonicMs">, { maxBuckets = 200_000 } = {}): RateLimits {
  /** In order of use, longest unused first. */
  const buckets = new BoundedMap<string, Bucket>(maxBuckets);

  const open = (limit: RateLimit, name: string): Bucket => {
    const nowMs = clock.monotonicMs();
    const bucket = buckets.get(name);
    if (!bucket) return { tokens: limit.burst, filledMs: nowMs };
    const gained = ((nowMs - bucket.filledMs) * limit.perMinute) / 60_000;
    bucket.tokens = Math.min(limit.burst, bucket.tokens + gained);
    bucket.filledMs = nowMs;
    return bucket;
  };
  const takenOf = (limit: RateLimit, { tokens }: Bucket, cost: number): Taken =>
    tokens >= cost
      ? { ok: true }
      : { ok: false, retryAfterMs: Math.ceil(((cost - tokens) * 60_000) / limit.perMinute) };
  const take = (limit: RateLimit, key: string, cost = 1): Taken => {
    const name = `${limit.name}\n${key}`;
    const bucket = open(limit, name);
    buckets.renew(name, bucket);
    const taken = takenOf(limit, bucket, cost);
    if (taken.ok) bucket.tokens -= cost;
    return taken;
  };
  // One process has one gateway, so a shared limit is a local one.
  const look = (limit: RateLimit, key: string) => takenOf(limit, open(limit, `${limit.name}\n${key}`), 1);
  const giveBack = (limit: RateLimit, key: string): void => {
    const bucket = open(limit, `${limit.name}\n${key}`);
    bucket.tokens = Math.min(limit.burst, bucket.tokens + 1);
  };
  return { take, look, takeShared: async (limit, key, cost) => take(limit, key, cost), giveBack };
}
