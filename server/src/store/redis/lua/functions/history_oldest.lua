-- The oldest record of an organization.
-- KEYS partition
-- ARGV time wall organization
-- Reply its id, or false
-- Flags no-writes
return function(args)
  return redis.call('ZRANGE', S.key('h:' .. args[3]), 0, 0)[1] or false
end
