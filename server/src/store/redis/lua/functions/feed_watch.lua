-- Which changes are kept in this partition's outbox from now on: organization and types, each between commas.
-- KEYS partition
-- ARGV time wall (organization types)…
-- Reply 1
-- Flags allow-oom
return function(args)
  redis.call('DEL', S.key('wm'))
  for at = 3, #args, 2 do redis.call('HSET', S.key('wm'), args[at], args[at + 1]) end
  return 1
end
