-- `LinkStore.attach`
-- KEYS partition
-- ARGV time wall registrationId linkId peer
-- Reply 1, or 0 where the registration has ended
return function(args)
  local reg = S.reg(args[3])
  if not reg then return 0 end
  local former = S.link(reg.id)
  if former and former.l ~= args[4] then
    S.tell_link('UserEndpointDisconnectedEvent', reg, 'taken_over', { c = former.t })
  end
  S.write_link(reg.id, { l = args[4], c = 0, t = S.wall, peer = args[5] })
  S.tell_link('UserEndpointConnectedEvent', reg, 'subscribed')
  return 1
end
