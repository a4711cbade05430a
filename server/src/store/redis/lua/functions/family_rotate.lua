-- `RefreshFamilyStore.rotate`: as `rotation.ts` judges.
-- KEYS partition
-- ARGV time wall familyId earliestWallMs presentedHash nextHash salt repeatableMs expiresAtWallMs basis organization
-- Reply {kind, family, salt}
return function(args)
  local family = S.family(args[3], tonumber(args[4]))
  if not family then return { 'unknown' } end
  local presented, last = args[5], family.l
  if presented == family.h then
    family.h = args[6]
    family.x = tonumber(args[9])
    family.b = args[10]
    family.o = args[11]
    family.l = { presented, args[7], S.now + tonumber(args[8]) }
    S.write_family(family)
    return { 'rotated', S.show_family(family) }
  end
  if last and S.now < last[3] and presented == last[1] then
    return { 'repeated', S.show_family(family), last[2] }
  end
  S.drop_family(family.id)
  return { 'reused', S.show_family(family) }
end
