// What heads do in Redis, each in one step. A value is `<generation> <version> <json>`; without json it only says that
// nothing older than the version may be shown.

// KEYS: the generation, then heads. ARGV: ms to keep, "put" or "offer", then per head: generation in which it began,
// version, json. Answers the generation; false when there is none (heads/version, heads/remember, heads/offer).
export const putHeads = `
local gen = redis.call('GET', KEYS[1])
if not gen then return false end
for i = 2, #KEYS do
  local at = (i - 2) * 3 + 3
  local version, json = tonumber(ARGV[at + 1]), ARGV[at + 2]
  local isLate = ARGV[at] ~= gen
  local kept = redis.call('GET', KEYS[i])
  local keptVersion, isSame = -1, false
  if kept then
    local keptGen, number, start = string.match(kept, '^(%S+) (%d+) (.?)')
    if keptGen == gen then keptVersion = tonumber(number) end
    isSame = version == keptVersion and not isLate and (ARGV[2] == 'put' or start == '')
  end
  if (version > keptVersion or isSame) and not (isLate and ARGV[2] == 'offer') then
    redis.call('SET', KEYS[i], gen .. ' ' .. ARGV[at + 1] .. ' ' .. (isLate and '' or json), 'PX', ARGV[1])
  end
end
return gen`;

// KEYS: the generation, the writer's lease. ARGV: run, a new generation, end of the lease in ms of Redis's clock.
// Answers the generation and Redis's time in ms (heads/generation, heads/lease).
export const holdLease = `
local gen = redis.call('GET', KEYS[1])
if not gen or string.sub(gen, 1, #ARGV[1] + 1) ~= ARGV[1] .. '.' then
  gen = ARGV[2]
  redis.call('SET', KEYS[1], gen)
end
redis.call('SET', KEYS[2], '1', 'PXAT', ARGV[3])
local time = redis.call('TIME')
return { gen, time[1] * 1000 + math.floor(time[2] / 1000) }`;

// KEYS: the generation, the reason, and maybe the lease of a writer that is lost: held, it leaves nothing to forget. ARGV: a
// new generation, ms to keep the reason. A reason counts once (heads/lost-writer).
export const forgetOnce = `
if redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) and (not KEYS[3] or redis.call('EXISTS', KEYS[3]) == 0) then
  redis.call('SET', KEYS[1], ARGV[1])
end
return 1`;
