// The Lua scripts of heads; each runs as one step in Redis. A head is stored as `<generation> <version> <json>`. Without json
// the value only states that no older version than `<version>` may be shown.

// KEYS: the generation, then heads. ARGV: ms to keep, "put" or "offer", then per head: the generation in which its put began,
// version, json. Returns the generation; false when there is none (heads/version, heads/remember, heads/offer).
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
// Returns the generation and Redis's time in ms (heads/generation, heads/lease).
export const holdLease = `
local gen = redis.call('GET', KEYS[1])
if not gen or string.sub(gen, 1, #ARGV[1] + 1) ~= ARGV[1] .. '.' then
  gen = ARGV[2]
  redis.call('SET', KEYS[1], gen)
end
redis.call('SET', KEYS[2], '1', 'PXAT', ARGV[3])
local time = redis.call('TIME')
return { gen, time[1] * 1000 + math.floor(time[2] / 1000) }`;

// KEYS: the generation, the reason, and optionally the lease of a lost writer; while that lease is held the generation stays.
// ARGV: a new generation, ms to keep the reason. Each reason changes the generation at most once (heads/lost-writer).
export const forgetOnce = `
if redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) and (not KEYS[3] or redis.call('EXISTS', KEYS[3]) == 0) then
  redis.call('SET', KEYS[1], ARGV[1])
end
return 1`;
