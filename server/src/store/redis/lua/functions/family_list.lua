-- The families of a user, oldest first.
-- KEYS partition
-- ARGV time wall user
-- Reply familyIds
-- Flags no-writes
return function(args)
  return redis.call('ZRANGE', S.key('fu:' .. args[3]), 0, -1)
end
