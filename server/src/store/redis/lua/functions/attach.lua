-- `LinkStore.attach`
-- KEYS partition
-- ARGV time wall registrationId linkId peer node
-- Reply 1, 0 where the registration has ended, or 2 where the process was taken for dead
return function(args)
  local number, node = args[4], args[6]
  local reg = S.reg(args[3])
  if not reg then return 0 end
  if S.is_buried(node) then return 2 end
  local former = S.link(reg.id)
  if former and not S.is_of(former, number, node) then
    S.tell_link('UserEndpointDisconnectedEvent', reg, 'taken_over', { c = former.t })
    S.tell_link_of(reg, former, 'taken_over')
    S.drop_link(reg.id, former)
  end
  S.hold_link(reg.id, { l = number, n = node, c = 0, t = S.wall, peer = args[5] })
  S.tell_link('UserEndpointConnectedEvent', reg, 'subscribed')
  return 1
end
