-- `WebhookStore.begin`
-- KEYS partition
-- ARGV time wall organization webhook epoch lastSequence sinceWallMs
-- Reply 1, or 0 where it is refused
return function(args)
  local position = S.leased(args[3], args[4], args[5])
  if not position then return 0 end
  position.batch = { last = args[6], since = tonumber(args[7]) }
  S.write_webhook(args[3], args[4], position)
  return 1
end
