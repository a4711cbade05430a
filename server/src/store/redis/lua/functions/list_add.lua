-- `SharedList.add`: of each time the later one counts, or, where `replaces` is 1, the new item.
-- KEYS partition
-- ARGV time wall list key item untilWallMs notBeforeWallMs itemsMax earliestWallMs replaces
-- Reply {item, untilWallMs, notBeforeWallMs, change}, or false where there are too many
return function(args)
  local call = redis.call
  local key, times = S.key('list:' .. args[3]), S.key('listx:' .. args[3])
  for _, over in ipairs(call('ZRANGEBYSCORE', times, '-inf', args[9], 'LIMIT', 0, 100)) do
    call('ZREM', times, over)
    call('HDEL', key, over)
  end
  local row = call('HGET', key, args[4])
  local known = row and cmsgpack.unpack(row)
  if not known and call('HLEN', key) >= tonumber(args[8]) then return false end
  local item = { i = args[5], u = args[6], n = args[7], o = known and known.o or S.next_sequence('item') }
  if known and args[10] ~= '1' then
    item.i = known.i
    if tonumber(known.u) > tonumber(item.u) then item.u = known.u end
    if tonumber(known.n) > tonumber(item.n) then item.n = known.n end
  end
  call('HSET', key, args[4], cmsgpack.pack(item))
  if item.u ~= 'inf' then call('ZADD', times, item.u, args[4]) end
  return { item.i, item.u, item.n, S.changed(args[3], '0', { args[4] }) }
end
