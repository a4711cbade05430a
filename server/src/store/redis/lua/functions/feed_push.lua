-- Entries of one partition's outbox come into their organization's feed, once each.
-- KEYS partition
-- ARGV time wall organization source entriesMax bytesMax member…
-- Reply how many are new
return function(args)
  local organization = args[3]
  local moved = tonumber(redis.call('HGET', S.key('fs:' .. organization), args[4]) or '0')
  local added = 0
  local last
  for at = 7, #args do
    local id, entry = S.split(args[at])
    if tonumber(id) > moved then
      S.feed_add(organization, entry)
      last = id
      added = added + 1
    end
  end
  if last then redis.call('HSET', S.key('fs:' .. organization), args[4], last) end
  if redis.call('EXISTS', S.key('wh:' .. organization)) == 0 then S.feed_trim(organization) end
  S.feed_keep_bounds(organization, tonumber(args[5]), tonumber(args[6]))
  return added
end
