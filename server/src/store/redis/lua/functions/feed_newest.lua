-- The newest of each of these organizations' feeds.
-- KEYS partition
-- ARGV time wall organization…
-- Reply {sequence, …}
-- Flags no-writes
return function(args)
  local newest = {}
  for at = 3, #args do newest[#newest + 1] = redis.call('HGET', S.key('fl'), args[at]) or '0' end
  return newest
end
