-- Records of an event, newest first.
-- KEYS partition
-- ARGV time wall eventId max
-- Reply records
-- Flags no-writes
return function(args)
  local from = args[3] .. '\0'
  local names =
    redis.call('ZREVRANGEBYLEX', S.key('hx'), '(' .. from .. '\255', '[' .. from, 'LIMIT', 0, args[4])
  local records = {}
  for _, name in ipairs(names) do
    local id = string.match(string.sub(name, #from + 1), '[1-9]%d*')
    local shown = S.show_record(id)
    if shown then records[#records + 1] = shown end
  end
  return records
end
