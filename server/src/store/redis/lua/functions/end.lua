-- `MailboxStore.end`, of entries in one partition.
-- KEYS partition
-- ARGV time wall how reason eventsMax bytesMax hint (registrationId sequence eventId)…
-- Reply {ended, {{organization, accepted, full, discarded}, …}}; ended: 1 or 0 for each entry
-- Flags allow-oom
local function cancel_the_others(name, organization, args)
  local row = redis.call('HGET', S.key('race'), name)
  if not row then return nil end
  redis.call('HDEL', S.key('race'), name)
  local race = cmsgpack.unpack(row)
  local discarded, live, others = {}, {}, 0
  for _, one in ipairs(race.entries) do
    local entry = S.entry(one[2])
    local reg = entry and S.reg(one[1])
    if reg then
      others = others + 1
      if not S.is_in_flight(reg.id, one[2]) then
        S.discard(reg, one[2], entry, 'acknowledged_elsewhere')
        discarded[#discarded + 1] = { reg.o, reg.u, reg.e, reg.id, one[2] }
      end
      if S.is_live(reg) then live[#live + 1] = reg end
    end
  end
  if others == 0 then return nil end
  local accepted, full =
    S.tell_the_others(race.cancel, live, tonumber(args[5]), tonumber(args[6]), tonumber(args[7]))
  return { organization, accepted, full, discarded }
end

return function(args)
  local how = args[3]
  local reason = args[4] ~= '' and args[4] or nil
  local ended, cancellations = {}, {}
  for at = 8, #args, 3 do
    local id, sequence = args[at], args[at + 1]
    local entry = S.entry(sequence)
    local is_there = entry and entry.g == id and entry.e == args[at + 2]
    local reg = is_there and S.reg(id)
    ended[#ended + 1] = reg and 1 or 0
    if reg then
      S.end_entry(reg, sequence, entry, how, reason)
      if how == 'acknowledged' and entry.r then
        cancellations[#cancellations + 1] = cancel_the_others(entry.r, reg.o, args)
      end
    end
  end
  return { ended, cancellations }
end
