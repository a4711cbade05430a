-- `MailboxStore.claim`
-- KEYS partition
-- ARGV time wall registrationId linkId sequence eventId node
-- Reply 'in_flight', 'expired' or 'gone'
-- Flags allow-oom
return function(args)
  local id, sequence = args[3], args[5]
  local entry = S.entry(sequence)
  local link = S.link(id)
  if not entry or entry.g ~= id or entry.e ~= args[6] or not link or not S.is_of(link, args[4], args[7]) then return 'gone' end
  if not entry.x or S.wall < entry.x then
    link.c = math.max(link.c, tonumber(sequence))
    S.write_link(id, link)
    return 'in_flight'
  end
  S.end_entry(S.reg(id), sequence, entry, 'expired')
  return 'expired'
end
