-- `ReplyStore.release`
-- KEYS partition
-- ARGV time wall owner key token
-- Reply 1, or 0 where the claim has ended
-- Flags allow-oom
return function(args)
  local name = args[3] .. '/' .. args[4]
  local found = S.claimed(name)
  if not found or found.t ~= args[5] then return 0 end
  S.drop_claim(name)
  return 1
end
