-- Records before an id, newest first; of one organization where it is named.
-- KEYS partition
-- ARGV time wall organization before max bytesMax
-- Reply {isEnd, records}
-- Flags no-writes
return function(args)
  local name = args[3] == '' and 'h' or 'h:' .. args[3]
  local max = tonumber(args[5])
  local ids = redis.call('ZREVRANGEBYSCORE', S.key(name), '(' .. args[4], '-inf', 'LIMIT', 0, max)
  local records, bytes = {}, 0
  for _, id in ipairs(ids) do
    local shown = S.show_record(id)
    if shown then
      records[#records + 1] = shown
      bytes = bytes + #shown[4]
      if bytes > tonumber(args[6]) then return { 0, records } end
    end
  end
  return { #ids < max and 1 or 0, records }
end
