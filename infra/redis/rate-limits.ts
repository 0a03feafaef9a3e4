// Token buckets that all gateways share. A script charges a shared bucket in one step, by Redis's clock.
// rate-limits/local: while Redis is away each gateway enforces the limit by itself. What Redis grants is charged to the local
//     bucket as well, so that the local bucket is not full when Redis goes away.
// Keys are hashed, because they contain mail addresses, phone numbers and accounts.
import { createHash } from "node:crypto";
import type { Log, RateLimit, RateLimits } from "../../gateway/ports.ts";
import type { RedisLink } from "./client.ts";
import { createScript } from "./script.ts";

// KEYS: bucket. ARGV: burst, tokens per minute, cost (below 0: given back, up to the burst). Returns ms to wait; 0 means taken. A
// bucket expires when it is full.
const take = `
local burst, perMinute, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'atMs')
local tokens = burst
if kept[1] then
  local passedMs = math.max(0, nowMs - tonumber(kept[2]))
  tokens = math.min(burst, tonumber(kept[1]) + passedMs * perMinute / 60000)
end
local waitMs = 0
if tokens >= cost then tokens = math.min(burst, tokens - cost) else waitMs = math.ceil((cost - tokens) * 60000 / perMinute) end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'atMs', nowMs)
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) * 60000 / perMinute) + 1000)
return waitMs`;

export function createRedisRateLimits(deps: { link: RedisLink; local: RateLimits; log: Log }): RateLimits {
  const { link, local, log } = deps;
  const takeFrom = createScript(link.client, take);
  let hasLogged = false;
  link.onChange((state) => {
    if (state === "up") hasLogged = false;
  });

  const bucketOf = (limit: RateLimit, key: string) => `${link.prefix}limit:${limit.name}:${hashOf(key)}`;

  return {
    take: (limit, key, cost) => local.take(limit, key, cost),
    look: (limit, key) => local.look(limit, key),
    async takeShared(limit, key, cost = 1) {
      let waitMs: number;
      try {
        waitMs = Number(await takeFrom([bucketOf(limit, key)], [limit.burst, limit.perMinute, cost]));
      } catch (error) {
        if (!hasLogged)
          log.warn("redis: rate limits count per gateway until Redis is back", { limit: limit.name, error });
        hasLogged = true;
        return local.take(limit, key, cost); // rate-limits/local
      }
      if (waitMs > 0) return { ok: false, retryAfterMs: waitMs };
      local.take(limit, key, cost); // rate-limits/local
      return { ok: true };
    },
    giveBack(limit, key) {
      local.giveBack(limit, key);
      // While Redis is away its bucket is not charged either.
      if (limit.isShared) takeFrom([bucketOf(limit, key)], [limit.burst, limit.perMinute, -1]).catch(() => {});
    },
  };
}

function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("base64url").slice(0, 22);
}
