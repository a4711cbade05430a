-- `DirectoryStore.change`: each change is a key, whether there is a value, and that.
-- KEYS partition
-- ARGV time wall revision (key hasValue value)…
-- Reply 1, or 0 where the directory is at another revision
return function(args)
  local revision = tonumber(redis.call('GET', S.key('dirn')) or '0')
  if tonumber(args[3]) ~= revision then return 0 end
  redis.call('SET', S.key('dirn'), S.text(revision + 1))
  for at = 4, #args, 3 do
    if args[at + 1] == '1' then
      redis.call('HSET', S.key('dir'), args[at], args[at + 2])
    else
      redis.call('HDEL', S.key('dir'), args[at])
    end
  end
  return 1
end
