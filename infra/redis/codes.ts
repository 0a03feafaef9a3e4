// Verification codes in Redis: one hash per target, so that all gateways count tries and sends together, by Redis's clock.
// Fields: `sent` holds the times of the sends in ms; the field of a purpose holds `<hash> <expires ms> <tries left>`.
// While Redis is away every call is refused as common.unavailable.
import { DomainError } from "../../actors/shared/errors.ts";
import type { Log } from "../../gateway/ports.ts";
import type { CodeStore } from "../codes/store.ts";
import type { RedisLink } from "./client.ts";
import { createScript } from "./script.ts";

const time = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
`;

// KEYS: target. ARGV: purpose, hash, life, tries, pause, max per window, window. Returns ms to wait; 0 means stored.
const keepCode = `${time}
local pauseMs, max, windowMs = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local sent = {}
for at in string.gmatch(redis.call('HGET', KEYS[1], 'sent') or '', '%d+') do
  if nowMs - tonumber(at) < windowMs then sent[#sent + 1] = tonumber(at) end
end
if #sent > 0 then
  local waitMs = sent[#sent] + pauseMs - nowMs
  if #sent >= max then waitMs = math.max(waitMs, sent[1] + windowMs - nowMs) end
  if waitMs > 0 then return waitMs end
end
sent[#sent + 1] = nowMs
local times = {}
for i = math.max(1, #sent - max + 1), #sent do times[#times + 1] = string.format('%d', sent[i]) end
local code = string.format('%s %d %s', ARGV[2], nowMs + tonumber(ARGV[3]), ARGV[4])
redis.call('HSET', KEYS[1], 'sent', table.concat(times, ' '), ARGV[1], code)
redis.call('PEXPIRE', KEYS[1], math.max(windowMs, tonumber(ARGV[3])))
return 0`;

// KEYS: target. ARGV: purpose, hash; an empty hash drops any code of that purpose.
const dropCode = `
local code = redis.call('HGET', KEYS[1], ARGV[1])
if code and (ARGV[2] == '' or string.match(code, '^%S+') == ARGV[2]) then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1`;

// KEYS: target. ARGV: purpose, hash.
const answerCode = `${time}
local code = redis.call('HGET', KEYS[1], ARGV[1])
if not code then return 'wrong' end
local hash, expires, tries = string.match(code, '^(%S+) (%d+) (%d+)$')
local left = tonumber(tries) - 1
local isRight = hash == ARGV[2]
if tonumber(expires) <= nowMs then return 'expired' end
if isRight or left <= 0 then expires = '0' end
redis.call('HSET', KEYS[1], ARGV[1], hash .. ' ' .. expires .. ' ' .. left)
return isRight and 'right' or 'wrong'`;

export function createRedisCodeStore({ link, log }: { link: RedisLink; log: Log }): CodeStore {
  const keep = createScript(link.client, keepCode);
  const drop = createScript(link.client, dropCode);
  const answer = createScript(link.client, answerCode);
  const keyOf = (target: string): string => `${link.prefix}code:${target}`;

  /** A try with an unknown outcome may have used the code up; the user then requests a new code. */
  const orUnavailable = async (answer: Promise<unknown>): Promise<unknown> => {
    try {
      return await answer;
    } catch (error) {
      if (link.state() === "up") log.warn("redis: verification codes unavailable", { error });
      throw new DomainError("common.unavailable", { cause: error });
    }
  };
  return {
    async keep({ target, purpose, hash }, { lifeMs, maxTries, pauseMs, maxPerWindow, windowMs }) {
      const args = [purpose, hash, lifeMs, maxTries, pauseMs, maxPerWindow, windowMs];
      return Number(await orUnavailable(keep([keyOf(target)], args)));
    },
    async drop(target, purpose, hash = "") {
      await orUnavailable(drop([keyOf(target)], [purpose, hash]));
    },
    async answer({ target, purpose, hash }) {
      return (await orUnavailable(answer([keyOf(target)], [purpose, hash]))) as "right" | "wrong" | "expired";
    },
  };
}
