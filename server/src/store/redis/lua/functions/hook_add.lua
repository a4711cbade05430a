-- Webhooks of an organization: a new one begins with what comes from now on.
-- KEYS partition
-- ARGV time wall organization webhook…
-- Reply 1
return function(args)
  local newest = redis.call('HGET', S.key('fl'), args[3]) or '0'
  for at = 4, #args do
    if not S.webhook(args[3], args[at]) then S.write_webhook(args[3], args[at], { done = newest, epoch = '0' }) end
  end
  S.feed_trim(args[3])
  return 1
end
