-- `WebhookStore.advance`
-- KEYS partition
-- ARGV time wall organization webhook epoch sequence
-- Reply 1, or 0 where it is refused
-- Flags allow-oom
return function(args)
  local position = S.leased(args[3], args[4], args[5])
  if not position then return 0 end
  S.webhook_advance(args[3], args[4], position, args[6])
  return 1
end
