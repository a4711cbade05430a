-- `WebhookStore.position`
-- KEYS partition
-- ARGV time wall organization webhook
-- Reply {doneSequence, lastSequence, sinceWallMs}, or false
-- Flags no-writes
return function(args)
  local position = S.webhook(args[3], args[4])
  if not position then return false end
  local batch = position.batch
  return { position.done, batch and batch.last or false, batch and S.text(batch.since) or false }
end
