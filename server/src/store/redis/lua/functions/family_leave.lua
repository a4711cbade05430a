-- Families are among their user's no more.
-- KEYS partition
-- ARGV time wall user familyId…
-- Reply 1
-- Flags allow-oom
return function(args)
  for at = 4, #args do redis.call('ZREM', S.key('fu:' .. args[3]), args[at]) end
  return 1
end
