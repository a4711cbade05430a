-- Adds a refresh family; past `max` of the partition those go that are over soonest: where shared, of the organization that has
-- the most here.
-- KEYS partition
-- ARGV time wall family hash max isShared
-- Reply how many went
return function(args)
  local family = cjson.decode(args[3])
  family.h = args[4]
  S.write_family(family)
  local excess = redis.call('ZCARD', S.key('famx')) - tonumber(args[5])
  for _ = 1, excess do S.drop_family(S.leaving_family(args[6] == '1')) end
  return math.max(0, excess)
end
