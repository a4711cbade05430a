-- How many changes each organization of this partition has in its feed.
-- KEYS partition
-- ARGV time wall
-- Reply {organization, count, …}
-- Flags no-writes
return function()
  return redis.call('HGETALL', S.key('fn'))
end
