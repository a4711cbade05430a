-- `WebhookStore.lease`
-- KEYS partition
-- ARGV time wall organization webhook forMs heldEpoch node
-- Reply epoch, or false
return function(args)
  local position = S.webhook(args[3], args[4])
  if not position then return false end
  local is_free = not position.lapses or S.now >= position.lapses
  if not is_free and position.epoch ~= args[6] then return false end
  if is_free then position.epoch = S.next_id('lease') end
  position.node = args[7]
  position.lapses = S.now + tonumber(args[5])
  S.write_webhook(args[3], args[4], position)
  return position.epoch
end
