-- Sends messages in order; in a FIFO queue those whose body was sent within the window are swallowed.
-- KEYS: settings, streams, seen, then each message's stream
-- ARGV: group, retention (ms), then each message's body, client, position, digest ("" in a standard queue)
local settings, streams, seen = KEYS[1], KEYS[2], KEYS[3]
local group, retention = ARGV[1], ARGV[2]
if redis.call('EXISTS', settings) == 0 then return redis.error_reply('NOQUEUE') end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window = tonumber(redis.call('HGET', settings, 'deduplication'))
redis.call('ZREMRANGEBYSCORE', seen, '-inf', now)

for index = 4, #KEYS do
  local stream, first = KEYS[index], 3 + (index - 4) * 4
  local body, client, position, digest = unpack(ARGV, first, first + 3)
  if digest == '' or redis.call('ZADD', seen, 'NX', now + window, digest) == 1 then
    if redis.call('EXISTS', stream) == 0 then
      redis.call('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM')
      redis.call('ZADD', streams, now, stream)
    end
    redis.call('XADD', stream, '*', 'body', body, 'client', client, 'position', position)
    redis.call('PEXPIRE', stream, retention)
  end
end
redis.call('PEXPIRE', seen, window)
redis.call('PEXPIRE', streams, retention)
redis.call('PEXPIRE', settings, retention)
return 1
