-- These have been moved.
-- KEYS partition
-- ARGV time wall member…
-- Reply 1
-- Flags allow-oom
return function(args)
  for at = 3, #args do redis.call('ZREM', S.key('out'), args[at]) end
  return 1
end
