-- `ReplyStore.resolve`
-- KEYS partition
-- ARGV time wall token tokensMax
-- Reply {eventId, count}, or false
return function(args)
  local known = S.outcome(args[3])
  if known then return not known.void and { known.e, S.text(known.n) } or false end
  S.keep_outcome(args[3], { void = true }, tonumber(args[4]))
  return false
end
