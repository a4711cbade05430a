-- All webhooks of the partition.
-- KEYS partition
-- ARGV time wall
-- Reply {'organization/webhook', …}
-- Flags no-writes
return function()
  return redis.call('SMEMBERS', S.key('whs'))
end
