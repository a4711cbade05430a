-- `DirectoryStore.read`
-- KEYS partition
-- ARGV time wall
-- Reply {revision, {key, value, …}}
-- Flags no-writes
return function()
  return { redis.call('GET', S.key('dirn')) or '0', redis.call('HGETALL', S.key('dir')) }
end
