-- What there is of one organization, or of all, in this partition.
-- KEYS partition
-- ARGV time wall organization all
-- Reply {registrations, events, bytes}
-- Flags no-writes
return function(args)
  local sum = { 0, 0, 0 }
  local rows = args[4] == '1' and redis.call('HVALS', S.key('tot')) or { redis.call('HGET', S.key('tot'), args[3]) }
  for _, row in ipairs(rows) do
    local total = row and cmsgpack.unpack(row) or { 0, 0, 0 }
    for index = 1, 3 do sum[index] = sum[index] + total[index] end
  end
  return { S.text(sum[1]), S.text(sum[2]), S.text(sum[3]) }
end
