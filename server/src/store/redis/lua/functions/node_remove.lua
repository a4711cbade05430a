-- `NodeTable.remove`
-- KEYS partition
-- ARGV time wall node
-- Reply 1, or 0 where it was not there any more
-- Flags allow-oom
return function(args)
  return redis.call('HDEL', S.key('nodes'), args[3])
end
