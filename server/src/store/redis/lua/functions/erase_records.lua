-- Records of events that a user was sent or sent itself, a slice of an organization's.
-- KEYS partition
-- ARGV time wall organization user after max
-- Reply {lastId, count}; lastId false: there are no more
-- Flags allow-oom
return function(args)
  local organization, user, max = args[3], args[4], tonumber(args[6])
  local ids =
    redis.call('ZRANGEBYSCORE', S.key('h:' .. organization), '(' .. args[5], '+inf', 'LIMIT', 0, max)
  local count = 0
  for _, id in ipairs(ids) do
    local draft = S.record(id).d
    local is_senders = draft.s == user and (not draft.k or draft.k == 'user')
    if draft.u == user or is_senders then
      S.drop_record(id)
      count = count + 1
    end
  end
  return { #ids == max and ids[#ids] or false, count }
end
