-- Calls in an organization that a user sent, a slice of the partition's.
-- KEYS partition
-- ARGV time wall organization sender from max
-- Reply {next, count}; next false: there are no more
-- Flags allow-oom
return function(args)
  local from, max = tonumber(args[5]), tonumber(args[6])
  local names = redis.call('ZRANGE', S.key('cx'), from, from + max - 1)
  local count = 0
  for _, name in ipairs(names) do
    local user, event_id = string.match(name, '^([^\n]*)\n(.*)$')
    local row = redis.call('HGET', S.key('cl:' .. user), event_id)
    local is_here = string.sub(user, 1, #args[3] + 1) == args[3] .. '/'
    if row and is_here and cmsgpack.unpack(row).sender == args[4] then
      S.drop_call(user, event_id)
      count = count + 1
    end
  end
  return { #names == max and S.text(from + max - count) or false, count }
end
