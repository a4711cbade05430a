-- How much is in the feeds of this partition.
-- KEYS partition
-- ARGV time wall
-- Reply {entries, bytes, deadLetters}
-- Flags no-writes
local function sum(key)
  local total = 0
  for _, one in ipairs(redis.call('HVALS', S.key(key))) do total = total + tonumber(one) end
  return S.text(total)
end

return function()
  return { sum('fn'), sum('fb'), sum('dn') }
end
