-- `LinkStore.detach`
-- KEYS partition
-- ARGV time wall registrationId linkId reason node
-- Reply 1, or 0 where another link holds it
-- Flags allow-oom
return function(args)
  local link = S.link(args[3])
  if not link or not S.is_of(link, args[4], args[6]) then return 0 end
  S.drop_link(args[3], link)
  local subject = S.subject_of(args[3], link)
  if subject then S.tell_link('UserEndpointDisconnectedEvent', subject, args[5], { c = link.t }) end
  return 1
end
