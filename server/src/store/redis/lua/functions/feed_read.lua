-- `FeedStore.read`: a gap that was read may have been sent, and is joined with no other any more.
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
    if entry.n and not entry.v then S.feed_mark_read(organization, member, sequence, entry) end
  end
  return entries
end
