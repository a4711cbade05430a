-- Begins a partition, or takes it up after a stop: whoever lived has a minute at least. Links of before are nobody's.
-- KEYS partition
-- ARGV time wall partitions partition leastMs
-- Reply {totals, history, keys, claims, now, feed}
-- Flags allow-oom
return function(args)
  local call = redis.call
  if call('EXISTS', S.key('c')) == 0 then
    local wall = S.text(S.wall)
    local time = S.text(S.time(args[1]))
    call('HSET', S.key('c'), 'b', wall, 'l', time, 'h', wall, 'n', '0', 'P', args[3], 'p', args[4])
    S.read_clock(args[1])
  else
    S.start_clock(args[1], tonumber(args[5]))
  end
  if call('EXISTS', S.key('ln')) == 1 then
    if call('EXISTS', S.key('was')) == 0 then
      call('RENAME', S.key('ln'), S.key('was'))
    else
      local left = call('HGETALL', S.key('ln'))
      for at = 1, #left, 2 do call('HSET', S.key('was'), left[at], left[at + 1]) end
      call('DEL', S.key('ln'))
    end
  end
  local totals = {}
  local rows = call('HGETALL', S.key('tot'))
  for at = 1, #rows, 2 do
    local total = cmsgpack.unpack(rows[at + 1])
    totals[#totals + 1] = { rows[at], total[1], total[2], total[3] }
  end
  local keys = call('HGETALL', S.key('ckn'))
  return { totals, call('HGETALL', S.key('hs')), keys, call('ZCARD', S.key('ckc')), S.text(S.now), call('HGETALL', S.key('fn')) }
end
