-- `RegistrationStore.keepalive`
-- KEYS partition
-- ARGV time wall organization user endpoint authorizedUntilWallMs
-- Reply registration, or false
-- Flags allow-oom
return function(args)
  local reg = S.live_endpoint(args[3], args[4], args[5])
  if not reg then return false end
  S.renew(reg, tonumber(args[6]))
  return S.show(reg)
end
