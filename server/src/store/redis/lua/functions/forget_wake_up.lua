-- `RegistrationStore.forgetWakeUp`
-- KEYS partition
-- ARGV time wall registration wakeUp
-- Reply 1: it was that
return function(args)
  local reg = S.reg(args[3])
  if not reg or reg.wake ~= args[4] then return 0 end
  S.set_wake(reg, nil)
  S.write_reg(reg)
  return 1
end
