-- Dead letters of an organization's webhooks that tell of a user.
-- KEYS partition
-- ARGV time wall organization user
-- Reply how many went
-- Flags allow-oom
return function(args)
  local gone = 0
  for _, webhook in ipairs(redis.call('HKEYS', S.key('wh:' .. args[3]))) do
    local key = S.letters_key(args[3], webhook)
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      local _, letter = S.split(member)
      if letter.u == args[4] then gone = gone + redis.call('ZREM', key, member) end
    end
  end
  if gone > 0 then S.count_letters(args[3], -gone) end
  return gone
end
