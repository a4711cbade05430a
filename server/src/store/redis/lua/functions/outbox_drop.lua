-- These have been moved.
-- KEYS partition
-- ARGV time wall member…
-- Reply how many are left
-- Flags allow-oom
return function(args)
  for at = 3, #args do redis.call('ZREM', S.key('out'), args[at]) end
  return redis.call('ZCARD', S.key('out'))
end
