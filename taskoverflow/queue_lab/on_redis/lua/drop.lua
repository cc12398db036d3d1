-- Deletes a queue with all it holds.     KEYS: settings, streams, seen
for _, stream in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do redis.call('UNLINK', stream) end
local there = redis.call('EXISTS', KEYS[1])
redis.call('UNLINK', unpack(KEYS))
return there
