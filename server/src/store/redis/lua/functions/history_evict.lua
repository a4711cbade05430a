-- The oldest records of an organization go, until so many bytes are gone, or one is not older than `before`.
-- KEYS partition
-- ARGV time wall organization bytes before max
-- Reply how many bytes went
-- Flags allow-oom
return function(args)
  local gone = 0
  local ids =
    redis.call('ZRANGEBYSCORE', S.key('h:' .. args[3]), '-inf', '(' .. args[5], 'LIMIT', 0, args[6])
  for _, id in ipairs(ids) do
    if gone >= tonumber(args[4]) then break end
    gone = gone + S.drop_record(id)
  end
  return S.text(gone)
end
