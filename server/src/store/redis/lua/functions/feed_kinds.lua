-- The types of entries, a slice of them.
-- KEYS partition
-- ARGV time wall organization afterSequence max
-- Reply {newestSequence, type, …}
-- Flags no-writes
return function(args)
  local found =
    redis.call('ZRANGEBYSCORE', S.key('fd:' .. args[3]), '(' .. args[4], '+inf', 'LIMIT', 0, args[5])
  local kinds = { args[4] }
  for _, member in ipairs(found) do
    local sequence, entry = S.split(member)
    kinds[1] = sequence
    kinds[#kinds + 1] = entry.y
  end
  return kinds
end
