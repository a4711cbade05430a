-- Begins a partition, or takes it up: after a stop, where nobody served it meanwhile, whoever lived has a minute at least.
-- KEYS partition
-- ARGV time wall partitions partition leastMs isAfterStop
-- Reply {now, birth, totals, history, keys, claims, feed}
-- Flags allow-oom
return function(args)
  local call = redis.call
  if call('EXISTS', S.key('c')) == 0 then
    local wall = S.text(S.wall)
    local time = S.text(S.time(args[1]))
    local birth = table.concat(call('TIME'), '.')
    call('HSET', S.key('c'), 'b', wall, 'l', time, 'h', wall, 'n', '0', 'P', args[3], 'p', args[4], 'i', birth)
    S.read_clock(args[1])
  elseif args[6] == '1' then
    S.start_clock(args[1], tonumber(args[5]))
  end
  return { S.text(S.now), S.birth(), unpack(S.sums()) }
end
