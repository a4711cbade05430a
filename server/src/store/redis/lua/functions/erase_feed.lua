-- What the feed of an organization says of a user, a slice of it.
-- KEYS partition
-- ARGV time wall organization user after max
-- Reply {lastSequence, count}; lastSequence false: there are no more
-- Flags allow-oom
return function(args)
  local organization, max = args[3], tonumber(args[6])
  local found =
    redis.call('ZRANGEBYSCORE', S.key('fd:' .. organization), '(' .. args[5], '+inf', 'LIMIT', 0, max)
  local count, last = 0, false
  for _, member in ipairs(found) do
    local sequence, entry = S.split(member)
    last = sequence
    if entry.u == args[4] then
      S.feed_drop(organization, member, entry)
      count = count + 1
    end
  end
  return { #found == max and last, count }
end
