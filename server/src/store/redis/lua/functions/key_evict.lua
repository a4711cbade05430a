-- The oldest reply of an owner is forgotten.
-- KEYS partition
-- ARGV time wall owner
-- Reply how many went
-- Flags allow-oom
return function(args)
  local oldest = redis.call('ZRANGE', S.key('cko:' .. args[3]), 0, 0)[1]
  if not oldest then return 0 end
  S.drop_reply(args[3], oldest)
  return 1
end
