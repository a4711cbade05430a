-- `RegistrationStore.unregister`
-- KEYS partition
-- ARGV time wall organization user endpoint reason discardReason
-- Reply registration, or false
-- Flags allow-oom
return function(args)
  local reg = S.live_endpoint(args[3], args[4], args[5])
  if not reg then return false end
  S.tell('UserEndpointUnregisteredEvent', reg, args[6])
  S.end_reg(reg, args[7])
  return S.show(reg)
end
