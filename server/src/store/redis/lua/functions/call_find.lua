-- `CallStore.find`
-- KEYS partition
-- ARGV time wall organization user eventId
-- Reply {sender, qos, recordId, endsAtWallMs, masks, endpoints, winner}, or false
-- Flags no-writes
return function(args)
  local kept = S.find_call(S.user(args[3], args[4]), args[5])
  if not kept then return false end
  local endpoints = {}
  for _, part in ipairs(kept.parts) do endpoints[#endpoints + 1] = part[1] end
  return {
    kept.sender, S.text(kept.qos), kept.record, S.text(kept.ends), kept.masks or false, endpoints, kept.winner or false,
  }
end
