-- `WebhookStore.forget`
-- KEYS partition
-- ARGV time wall organization webhook
-- Reply 1
-- Flags allow-oom
return function(args)
  redis.call('HDEL', S.key('wh:' .. args[3]), args[4])
  redis.call('SREM', S.key('whs'), args[3] .. '/' .. args[4])
  S.drop_letters(args[3], args[4])
  S.feed_trim(args[3])
  return 1
end
