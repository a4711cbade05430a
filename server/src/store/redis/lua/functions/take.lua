-- `MailboxStore.take`
-- KEYS partition
-- ARGV time wall registrationId linkId afterSequence entriesMax bytesMax node
-- Reply {{sequence, eventId, payload, sealed, acceptedAtWallMs, expiresAtWallMs, mustBeClaimed}, …}
-- Flags no-writes
return function(args)
  local id = args[3]
  local link = S.link(id)
  if not link or not S.is_of(link, args[4], args[8]) then return {} end
  local taken, bytes = {}, 0
  local reg
  local sequences =
    redis.call('ZRANGEBYSCORE', S.key('q:' .. id), '(' .. args[5], '+inf', 'LIMIT', 0, args[6])
  for _, sequence in ipairs(sequences) do
    local entry = S.entry(sequence)
    bytes = bytes + #entry.p
    if #taken > 0 and bytes > tonumber(args[7]) then break end
    local must = entry.x or entry.c or entry.r
    if not must and entry.k then
      reg = reg or S.reg(id)
      must = reg and S.is_called(S.user(reg.o, reg.u), entry.e, sequence)
    end
    taken[#taken + 1] = {
      sequence, entry.e, entry.p, entry.s and 1 or 0, S.text(entry.a), entry.x and S.text(entry.x) or false,
      must and 1 or 0,
    }
  end
  return taken
end
