-- `RefreshFamilyStore.find`
-- KEYS partition
-- ARGV time wall familyId earliestWallMs
-- Reply family, or false
-- Flags no-writes
return function(args)
  local family = S.family(args[3], tonumber(args[4]))
  return family and S.show_family(family) or false
end
