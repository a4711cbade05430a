-- `RefreshFamilyStore.revoke`
-- KEYS partition
-- ARGV time wall familyId
-- Reply 1
-- Flags allow-oom
return function(args)
  S.drop_family(args[3])
  return 1
end
