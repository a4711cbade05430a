-- What waits to be moved, past what was looked at before, oldest first.
-- KEYS partition
-- ARGV time wall max after
-- Reply {organization, member, …}
-- Flags no-writes
return function(args)
  local rows = {}
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', S.key('out'), '(' .. args[4], '+inf', 'LIMIT', 0, args[3])) do
    local _, entry = S.split(member)
    rows[#rows + 1] = entry.o
    rows[#rows + 1] = member
  end
  return rows
end
