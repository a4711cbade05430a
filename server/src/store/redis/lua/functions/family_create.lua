-- Adds a refresh family; past `max` of the partition those that are over soonest go.
-- KEYS partition
-- ARGV time wall family hash max
-- Reply 1
return function(args)
  local family = cjson.decode(args[3])
  family.h = args[4]
  S.write_family(family)
  local excess = redis.call('ZCARD', S.key('famx')) - tonumber(args[5])
  if excess > 0 then
    for _, id in ipairs(redis.call('ZRANGE', S.key('famx'), 0, excess - 1)) do S.drop_family(id) end
  end
  return 1
end
