-- `WebhookStore.forget`
-- KEYS partition
-- ARGV time wall organization webhook node
-- Reply 1
-- Flags allow-oom
return function(args)
  if S.is_watched_by_others(args[3], args[4], args[5]) then return 1 end
  redis.call('HDEL', S.key('wh:' .. args[3]), args[4])
  redis.call('SREM', S.key('whs'), args[3] .. '/' .. args[4])
  S.drop_letters(args[3], args[4])
  S.feed_trim(args[3])
  return 1
end
