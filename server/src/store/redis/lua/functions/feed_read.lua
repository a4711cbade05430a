-- `FeedStore.read`: what was read may have been sent.
-- KEYS partition
-- ARGV time wall organization afterSequence max
-- Reply entries
-- Flags allow-oom
return function(args)
  local organization = args[3]
  local entries = {}
  local found =
    redis.call('ZRANGEBYSCORE', S.key('fd:' .. organization), '(' .. args[4], '+inf', 'LIMIT', 0, args[5])
  for _, member in ipairs(found) do
    local sequence, entry = S.split(member)
    entries[#entries + 1] = S.show_entry(sequence, entry)
    local read = tonumber(redis.call('HGET', S.key('fr'), organization) or '0')
    if tonumber(sequence) > read then redis.call('HSET', S.key('fr'), organization, sequence) end
  end
  return entries
end
