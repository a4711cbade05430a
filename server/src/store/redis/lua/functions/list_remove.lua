-- `SharedList.remove`
-- KEYS partition
-- ARGV time wall list key…
-- Reply 1
-- Flags allow-oom
return function(args)
  for at = 4, #args do
    redis.call('HDEL', S.key('list:' .. args[3]), args[at])
    redis.call('ZREM', S.key('listx:' .. args[3]), args[at])
  end
  return 1
end
