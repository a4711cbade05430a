-- `NeighbourStore.told`: when this partition was begun, so that one that was lost is known, and how many there were.
-- KEYS partition
-- ARGV time wall node
-- Reply {birth, count}
-- Flags no-writes
return function(args)
  return { S.birth(), redis.call('HGET', S.key('tn'), args[3]) or '0' }
end
