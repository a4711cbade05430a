-- `AuditStore.add`
-- KEYS partition
-- ARGV time wall linesMax tellsApart oldestWallMs (atWallMs organization text)…
-- Reply 1
return function(args)
  S.audit_prune(tonumber(args[5]), 100)
  for at = 6, #args, 3 do S.audit_add(tonumber(args[at]), args[at + 1], args[at + 2]) end
  S.audit_keep_bound(tonumber(args[3]), args[4] == '1')
  return 1
end
