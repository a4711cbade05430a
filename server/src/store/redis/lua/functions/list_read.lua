-- `SharedList.list`
-- KEYS partition
-- ARGV time wall list
-- Reply {{item, untilWallMs, notBeforeWallMs, order}, …}
-- Flags no-writes
return function(args)
  local items = {}
  for _, row in ipairs(redis.call('HVALS', S.key('list:' .. args[3]))) do
    local item = cmsgpack.unpack(row)
    items[#items + 1] = { item.i, item.u, item.n, item.o }
  end
  return items
end
