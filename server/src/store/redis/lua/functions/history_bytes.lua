-- What the history takes, in all or of one organization.
-- KEYS partition
-- ARGV time wall organization
-- Reply bytes
-- Flags no-writes
return function(args)
  if args[3] ~= '' then return redis.call('HGET', S.key('hs'), args[3]) or '0' end
  local bytes = 0
  for _, one in ipairs(redis.call('HVALS', S.key('hs'))) do bytes = bytes + tonumber(one) end
  return S.text(bytes)
end
