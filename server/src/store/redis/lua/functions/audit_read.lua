-- `AuditStore.read`
-- KEYS partition
-- ARGV time wall isAll organization before max oldestWallMs
-- Reply {{sequence, atWallMs, organization, text}, …}
-- Flags no-writes
return function(args)
  local name = args[3] == '1' and 'a' or 'a:' .. args[4]
  local found =
    redis.call('ZREVRANGEBYSCORE', S.key(name), '(' .. args[5], '-inf', 'LIMIT', 0, args[6])
  local lines = {}
  for _, sequence in ipairs(found) do
    local line = S.audit_line(sequence)
    if line[1] > tonumber(args[7]) then lines[#lines + 1] = { sequence, S.text(line[1]), line[2], line[3] } end
  end
  return lines
end
