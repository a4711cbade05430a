-- `NeighbourStore.held`: links of one process, and up to where their mailboxes go; false: the registration has ended.
-- KEYS partition
-- ARGV time wall node
-- Reply {{organization, user, endpoint, registrationId, linkId, newestSequence}, …}
-- Flags no-writes
return function(args)
  local held = {}
  for _, id in ipairs(redis.call('SMEMBERS', S.key('ln:' .. args[3]))) do
    local link = S.link(id)
    local subject = link and link.n == args[3] and S.subject_of(id, link)
    if subject then
      local newest = S.reg(id) and S.newest_in(id) or false
      held[#held + 1] = { subject.o, subject.u, subject.e, subject.id, link.l, newest }
    end
  end
  return held
end
