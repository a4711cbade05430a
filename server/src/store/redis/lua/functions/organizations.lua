-- Organizations with a registration in this partition.
-- KEYS partition
-- ARGV time wall
-- Reply {organization, …}
-- Flags no-writes
return function()
  local found = {}
  local rows = redis.call('HGETALL', S.key('tot'))
  for at = 1, #rows, 2 do
    if cmsgpack.unpack(rows[at + 1])[1] > 0 then found[#found + 1] = rows[at] end
  end
  return found
end
