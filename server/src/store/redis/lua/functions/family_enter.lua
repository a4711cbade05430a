-- A family is entered among its user's, newest last.
-- KEYS partition
-- ARGV time wall user familyId
-- Reply familyIds, oldest first
return function(args)
  local key = S.key('fu:' .. args[3])
  redis.call('ZADD', key, S.next_sequence('family'), args[4])
  return redis.call('ZRANGE', key, 0, -1)
end
