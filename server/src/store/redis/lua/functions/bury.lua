-- Links that a process had which is no more are told as disconnected, some at a time.
-- KEYS partition
-- ARGV time wall max
-- Reply how many are left
return function(args)
  local call = redis.call
  local rows = call('HSCAN', S.key('was'), '0', 'COUNT', args[3])[2]
  for at = 1, #rows, 2 do
    local link = cmsgpack.unpack(rows[at + 1])
    local subject = S.subject_of(rows[at], link)
    if subject then
      S.tell_link('UserEndpointDisconnectedEvent', subject, 'server_restarted', { c = link.t })
    end
    call('HDEL', S.key('was'), rows[at])
  end
  return call('HLEN', S.key('was'))
end
