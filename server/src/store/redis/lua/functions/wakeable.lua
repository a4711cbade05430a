-- `RegistrationStore.listWakeable`, of one partition: so many are looked at.
-- KEYS partition
-- ARGV time wall after max
-- Reply {registrations, last}: the last one looked at, where there may be more
-- Flags no-writes
return function(args)
  local max = tonumber(args[4])
  local ids = redis.call('ZRANGEBYSCORE', S.key('wk'), '(' .. args[3], '+inf', 'LIMIT', 0, max)
  local found = {}
  for _, id in ipairs(ids) do
    local reg = S.reg(id)
    if reg and S.is_live(reg) and S.depth(id) > 0 then found[#found + 1] = S.show(reg) end
  end
  return { found, #ids == max and ids[#ids] or false }
end
