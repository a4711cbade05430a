-- `WebhookStore.release`
-- KEYS partition
-- ARGV time wall organization webhook epoch
-- Reply 1
-- Flags allow-oom
return function(args)
  local position = S.webhook(args[3], args[4])
  if position and position.epoch == args[5] then
    position.lapses = nil
    S.write_webhook(args[3], args[4], position)
  end
  return 1
end
