-- `LastSeenStore.find`
-- KEYS partition
-- ARGV time wall organization user earliestWallMs
-- Reply wallMs, or false
-- Flags no-writes
return function(args)
  return S.last_seen(args[3], args[4], tonumber(args[5])) or false
end
