-- Receives up to `most` messages: first what was received before and not deleted in time, then new ones.
-- KEYS: settings, streams
-- ARGV: group, most, seed, retention (ms), streams to look at
-- Returns for each message its stream, id, how often it was received, and its fields.
local settings, streams = KEYS[1], KEYS[2]
local group, most, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[5])
local visibility, fifo = unpack(redis.call('HMGET', settings, 'visibility', 'fifo'))
if not visibility then return redis.error_reply('NOQUEUE') end
redis.call('PEXPIRE', settings, ARGV[4])

-- The stream that was looked at longest ago comes first, so that none starves. A standard queue's
-- few are shuffled, and each gives its share: the order is a best effort.
local order = redis.call('ZRANGE', streams, 0, limit - 1)
if fifo == '0' then
  math.randomseed(tonumber(ARGV[3]))
  for index = #order, 2, -1 do
    local other = math.random(index)
    order[index], order[other] = order[other], order[index]
  end
end
local share = fifo == '1' and 1 or math.ceil(most / math.max(#order, 1))
local last = redis.call('ZRANGE', streams, -1, -1, 'WITHSCORES')
local turn = tonumber(last[2] or 0)
local found = {}

local function add(stream, entry, receives)
  found[#found + 1] = {stream, entry[1], receives, entry[2]}
end

local function redeliver(stream, want)
  local cursor = '0-0'
  repeat
    local claimed = redis.call('XAUTOCLAIM', stream, group, 'any', visibility, cursor, 'COUNT', want)
    cursor = claimed[1]
    for _, entry in ipairs(claimed[2]) do
      local pending = redis.call('XPENDING', stream, group, entry[1], entry[1], 1)
      add(stream, entry, pending[1][4])
      want = want - 1
    end
  until cursor == '0-0' or want == 0
  return want
end

for _, stream in ipairs(order) do
  if #found == most then break end
  if redis.call('EXISTS', stream) == 0 then
    redis.call('ZREM', streams, stream)
  else
    turn = turn + 1
    redis.call('ZADD', streams, turn, stream)
    local want = redeliver(stream, math.min(share, most - #found))
    -- One message of a message group in flight: nothing new while one is pending.
    local free = fifo == '0' or redis.call('XPENDING', stream, group)[1] == 0
    if want > 0 and free then
      local read = redis.call('XREADGROUP', 'GROUP', group, 'any', 'COUNT', want, 'STREAMS', stream, '>')
      for _, entry in ipairs(read and read[1][2] or {}) do add(stream, entry, 1) end
    end
  end
end
return found
