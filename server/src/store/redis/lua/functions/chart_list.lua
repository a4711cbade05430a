-- `ChartStore.list`
-- KEYS partition
-- ARGV time wall key fromWallMs afterWallMs
-- Reply {startWallMs, points, …}
-- Flags no-writes
return function(args)
  local rows = {}
  local from = tonumber(args[4]) > tonumber(args[5]) and args[4] or '(' .. args[5]
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', S.key(args[3]), from, '+inf')) do
    local at = string.find(member, ':', 1, true)
    rows[#rows + 1] = string.sub(member, 1, at - 1)
    rows[#rows + 1] = string.sub(member, at + 1)
  end
  return rows
end
