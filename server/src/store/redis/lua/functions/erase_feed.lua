-- What the feed and the dead letters of an organization say of a user.
-- KEYS partition
-- ARGV time wall organization user
-- Reply {entries, letters}
-- Flags allow-oom
local function erase_letters(organization, user)
  local gone = 0
  for _, webhook in ipairs(redis.call('HKEYS', S.key('wh:' .. organization))) do
    local key = S.letters_key(organization, webhook)
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      local _, letter = S.split(member)
      if letter.u == user then gone = gone + redis.call('ZREM', key, member) end
    end
  end
  if gone > 0 then S.count_letters(organization, -gone) end
  return gone
end

return function(args)
  local organization, user = args[3], args[4]
  local count = 0
  for _, member in ipairs(redis.call('ZRANGE', S.key('fd:' .. organization), 0, -1)) do
    local _, entry = S.split(member)
    if entry.u == user then
      S.feed_drop(organization, member, entry)
      count = count + 1
    end
  end
  return { count, erase_letters(organization, user) }
end
