-- Deletes received messages; one that was received again since, by whomever, stays.
-- KEYS: streams, then each message's stream     ARGV: group, then each message's id and receives
local streams, group = KEYS[1], ARGV[1]
for index = 2, #KEYS do
  local stream, id, receives = KEYS[index], ARGV[2 * index - 2], tonumber(ARGV[2 * index - 1])
  local pending = redis.call('EXISTS', stream) == 1 and redis.call('XPENDING', stream, group, id, id, 1)
  if pending and pending[1] and pending[1][4] == receives then
    redis.call('XACK', stream, group, id)
    redis.call('XDEL', stream, id)
    if redis.call('XLEN', stream) == 0 then
      redis.call('DEL', stream)
      redis.call('ZREM', streams, stream)
    end
  end
end
return 1
