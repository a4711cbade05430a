-- Users of an organization in this partition who are there: registered now, or seen not too long ago.
-- KEYS partition
-- ARGV time wall organization from to max earliestWallMs
-- Reply {lastName, {user, lastSeen}, …}; lastName false: there are no more
-- Flags no-writes
return function(args)
  local organization, max = args[3], tonumber(args[6])
  local names = redis.call('ZRANGEBYLEX', S.key('un:' .. organization), args[4], args[5], 'LIMIT', 0, max)
  local found = { #names == max and names[#names] or false }
  for _, user in ipairs(names) do
    local seen = S.last_seen(organization, user, tonumber(args[7]))
    if seen or #S.live_endpoints(organization, user) > 0 then found[#found + 1] = { user, seen or false } end
  end
  return found
end
