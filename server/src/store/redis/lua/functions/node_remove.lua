-- `NodeTable.remove`
-- KEYS partition
-- ARGV time wall node
-- Reply 1
-- Flags allow-oom
return function(args)
  redis.call('HDEL', S.key('nodes'), args[3])
  return 1
end
