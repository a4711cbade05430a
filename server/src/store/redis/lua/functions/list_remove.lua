-- `SharedList.remove`
-- KEYS partition
-- ARGV time wall list key…
-- Reply change
-- Flags allow-oom
return function(args)
  local keys = {}
  for at = 4, #args do
    keys[#keys + 1] = args[at]
    redis.call('HDEL', S.key('list:' .. args[3]), args[at])
    redis.call('ZREM', S.key('listx:' .. args[3]), args[at])
  end
  return S.changed(args[3], '0', keys)
end
