// Presence in Redis. Each user has one hash with a field per connection, `<touched ms> <platform>`, and the field `seen`,
// the time when the user was last seen. A script decides in one step, by Redis's clock, which device is a user's first and
// which the last, so that the decision is exact across gateways. A user who is unchanged for `seenKeptMs` is forgotten.
// presence/expiry: a connection that no gateway touches for `ttlMs` counts as closed. This ends the connections of a gateway
//     that died.
// presence/unknown: another run of Redis may have lost its data. Until every gateway has touched its connections again,
//     `findMany` is refused; otherwise all users would seem to go offline and come back.
// presence/departed: connections that close while Redis is away are remembered, at most `maxDeparted`, and removed when
//     Redis is back. Connections beyond that number expire (presence/expiry).

import type { Clock } from "../../actors/runtime/ports.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { Log, Presence } from "../../gateway/ports.ts";
import type { RedisLink } from "./client.ts";
import { createScript } from "./script.ts";

interface RedisPresenceOptions {
  readonly link: RedisLink;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Log;
  /** Must be longer than the pause between two touches of a gateway. Default 180 s. */
  readonly ttlMs?: number;
  /** Every gateway touches all its connections within this time (presence/unknown). Default 40 s. */
  readonly touchedWithinMs?: number;
  /** Default 90 days. */
  readonly seenKeptMs?: number;
}

const maxDeparted = 20_000;
/** Users handled by one script, which takes the server about 1 ms. */
const maxPerStep = 200;

// ARGV begins with ttl and kept, in ms. `alive` removes expired connections and returns how many are left.
const prelude = `
local ttlMs, keptMs = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local function see(key, atMs)
  if atMs > tonumber(redis.call('HGET', key, 'seen') or '0') then redis.call('HSET', key, 'seen', atMs) end
  redis.call('PEXPIRE', key, keptMs)
end
local function alive(key)
  local all, count = redis.call('HGETALL', key), 0
  for i = 1, #all, 2 do
    if all[i] ~= 'seen' then
      local touchedMs = tonumber(string.match(all[i + 1], '^%d+'))
      if touchedMs > nowMs - ttlMs then
        count = count + 1
      else
        redis.call('HDEL', key, all[i])
        see(key, touchedMs)
      end
    end
  end
  return count
end
`;
// KEYS: user. ARGV: …, connection, platform, ms of the event.
const goOnline = `${prelude}
local first = alive(KEYS[1]) == 0
redis.call('HSET', KEYS[1], ARGV[3], nowMs .. ' ' .. ARGV[4])
see(KEYS[1], tonumber(ARGV[5]))
return first and 1 or 0`;
const goOffline = `${prelude}
alive(KEYS[1])
if redis.call('HDEL', KEYS[1], ARGV[3]) == 0 then return 0 end
see(KEYS[1], tonumber(ARGV[4]))
return alive(KEYS[1]) == 0 and 1 or 0`;
// KEYS: users. ARGV: …, then connection and platform per user.
const touchAll = `${prelude}
for i = 1, #KEYS do
  if redis.call('HSET', KEYS[i], ARGV[i * 2 + 1], nowMs .. ' ' .. ARGV[i * 2 + 2]) == 1 then see(KEYS[i], nowMs) end
  redis.call('PEXPIRE', KEYS[i], keptMs)
end
return nowMs`;
// KEYS: users. Returns per user: the time last seen in ms, then the platforms of the connections that are alive.
const findAll = `${prelude}
local found = {}
for i = 1, #KEYS do
  local all, seen, platforms = redis.call('HGETALL', KEYS[i]), 0, {}
  for j = 1, #all, 2 do
    if all[j] == 'seen' then
      seen = math.max(seen, tonumber(all[j + 1]))
    else
      local touched, platform = string.match(all[j + 1], '^(%d+) (.*)$')
      if tonumber(touched) > nowMs - ttlMs then
        platforms[#platforms + 1] = platform
      else
        seen = math.max(seen, tonumber(touched))
      end
    end
  end
  found[i] = #all == 0 and {} or { seen, unpack(platforms) }
end
return found`;

export function createRedisPresence(options: RedisPresenceOptions): Presence {
  const { link, clock, log, ttlMs = 180_000, touchedWithinMs = 40_000, seenKeptMs = 90 * 86_400_000 } = options;
  const online = createScript(link.client, goOnline);
  const offline = createScript(link.client, goOffline);
  const touch = createScript(link.client, touchAll);
  const find = createScript(link.client, findAll);
  const keyOf = (userId: string): string => `${link.prefix}presence:${userId}`;
  /** By connection id (presence/departed). */
  const departed = new Map<string, { userId: string; atMs: number }>();
  let knownRun = link.run();
  let unknownUntilMs = 0;

  const leave = async (userId: string, connectionId: string, atMs: number): Promise<boolean> =>
    (await offline([keyOf(userId)], [ttlMs, seenKeptMs, connectionId, atMs])) === 1;

  link.onChange((state) => {
    if (state === "away") return;
    if (link.run() !== knownRun) unknownUntilMs = clock.monotonicMs() + touchedWithinMs; // presence/unknown
    knownRun = link.run();
    const removals = [...departed].map(([connectionId, { userId, atMs }]) => leave(userId, connectionId, atMs));
    departed.clear();
    Promise.all(removals).catch((error: unknown) =>
      log.warn("redis: stale presence not cleared, entries expire later", { error }),
    );
  });

  return {
    async online(userId, { connectionId, platform, atMs }) {
      if (link.state() === "away") return { firstDevice: false }; // the next touch adds the connection
      const args = [ttlMs, seenKeptMs, connectionId, platform, atMs];
      return { firstDevice: (await online([keyOf(userId)], args)) === 1 };
    },
    async offline(userId, connectionId, atMs) {
      if (link.state() === "up") return { lastDevice: await leave(userId, connectionId, atMs) };
      if (departed.size < maxDeparted) departed.set(connectionId, { userId, atMs });
      return { lastDevice: false };
    },
    async touch(entries) {
      if (link.state() === "away") return; // the next touch writes the same entries
      const steps: Promise<unknown>[] = [];
      for (let i = 0; i < entries.length; i += maxPerStep) {
        const part = entries.slice(i, i + maxPerStep);
        const keys = part.map(({ userId }) => keyOf(userId));
        const args = part.flatMap(({ connectionId, platform }) => [connectionId, platform]);
        steps.push(touch(keys, [ttlMs, seenKeptMs, ...args]));
      }
      await Promise.all(steps);
    },
    async findMany(userIds) {
      if (link.state() === "away" || clock.monotonicMs() < unknownUntilMs) throw new DomainError("common.unavailable");
      const steps: Promise<unknown>[] = [];
      for (let i = 0; i < userIds.length; i += maxPerStep) {
        const part = userIds.slice(i, i + maxPerStep);
        steps.push(find(part.map(keyOf), [ttlMs, seenKeptMs]));
      }
      const answers = (await Promise.all(steps)).flat() as (readonly [number, ...string[]] | readonly [])[];
      const found = new Map<string, { isOnline: boolean; platforms: string[]; lastSeenMs: number }>();
      answers.forEach(([lastSeenMs, ...platforms], index) => {
        const userId = userIds[index];
        if (lastSeenMs === undefined || userId === undefined) return;
        found.set(userId, { isOnline: platforms.length > 0, platforms: [...new Set(platforms)], lastSeenMs });
      });
      return found;
    },
  };
}
