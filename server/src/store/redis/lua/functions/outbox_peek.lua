-- What waits to be moved, oldest first.
-- KEYS partition
-- ARGV time wall max
-- Reply {organization, member, …}
-- Flags no-writes
return function(args)
  local rows = {}
  for _, member in ipairs(redis.call('ZRANGE', S.key('out'), 0, tonumber(args[3]) - 1)) do
    local _, entry = S.split(member)
    rows[#rows + 1] = entry.o
    rows[#rows + 1] = member
  end
  return rows
end
