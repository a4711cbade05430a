-- What is kept of a user in its own partition: registrations, mailboxes, calls, replies, when it was seen.
-- KEYS partition
-- ARGV time wall organization user
-- Reply {registrations, entries, calls, replies, feedEntries}
-- Flags allow-oom
local function registrations_of(organization, user)
  local ids = redis.call('HVALS', S.endpoints_key(organization, user))
  for _, id in ipairs(redis.call('SMEMBERS', S.key('old:' .. S.user(organization, user)))) do ids[#ids + 1] = id end
  return ids
end

return function(args)
  local call = redis.call
  local organization, user = args[3], args[4]
  local name = S.user(organization, user)
  local registrations, entries, calls, replies, told = 0, 0, 0, 0, 0
  for _, id in ipairs(registrations_of(organization, user)) do
    local reg = S.reg(id)
    if reg then
      registrations = registrations + 1
      entries = entries + S.depth(id)
      S.end_reg(reg, 'erased')
    end
    local link = S.link(id)
    if link then S.drop_link(id, link) end
  end
  for _, event_id in ipairs(call('HKEYS', S.key('cl:' .. name))) do
    S.drop_call(name, event_id)
    calls = calls + 1
  end
  for _, reply in ipairs(call('ZRANGE', S.key('cko:' .. name), 0, -1)) do
    S.drop_reply(name, reply)
    replies = replies + 1
  end
  for _, member in ipairs(call('ZRANGE', S.key('out'), 0, -1)) do
    local _, entry = S.split(member)
    if entry.o == organization and entry.u == user then told = told + call('ZREM', S.key('out'), member) end
  end
  S.forget_seen(name)
  S.tidy_name(organization, user)
  return { registrations, entries, calls, replies, told }
end
