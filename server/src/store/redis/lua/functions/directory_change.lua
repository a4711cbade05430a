-- `DirectoryStore.change`: each change is a key, whether there is a value, and that.
-- KEYS partition
-- ARGV time wall revision (key hasValue value)…
-- Reply change, or false where the directory is at another revision
return function(args)
  local revision = tonumber(redis.call('GET', S.key('dirn')) or '0')
  if tonumber(args[3]) ~= revision then return false end
  redis.call('SET', S.key('dirn'), S.text(revision + 1))
  local keys = {}
  for at = 4, #args, 3 do
    keys[#keys + 1] = args[at]
    if args[at + 1] == '1' then
      redis.call('HSET', S.key('dir'), args[at], args[at + 2])
    else
      redis.call('HDEL', S.key('dir'), args[at])
    end
  end
  return S.changed('directory', S.text(revision + 1), keys)
end
