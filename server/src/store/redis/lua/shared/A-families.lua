-- Refresh families: `fam` by id, `famx` by when they are over, `famo:<organization>` an organization's the same, `famn` how many
-- each has. At the user's: `fu:<user>` in the order in which they came.

function S.family(id, earliest)
  local row = call('HGET', S.key('fam'), id)
  local family = row and cmsgpack.unpack(row)
  return family and earliest < family.x and family
end

function S.write_family(family)
  S.drop_family(family.id)
  call('HSET', S.key('fam'), family.id, cmsgpack.pack(family))
  call('ZADD', S.key('famx'), S.text(family.x), family.id)
  call('ZADD', S.key('famo:' .. family.o), S.text(family.x), family.id)
  call('ZINCRBY', S.key('famn'), 1, family.o)
end

function S.drop_family(id)
  local row = call('HGET', S.key('fam'), id)
  if not row then return end
  local organization = cmsgpack.unpack(row).o
  call('HDEL', S.key('fam'), id)
  call('ZREM', S.key('famx'), id)
  call('ZREM', S.key('famo:' .. organization), id)
  if tonumber(call('ZINCRBY', S.key('famn'), -1, organization)) <= 0 then
    call('ZREM', S.key('famn'), organization)
  end
end

-- The one that goes where one has to.
function S.leaving_family(is_shared)
  local largest = is_shared and call('ZREVRANGE', S.key('famn'), 0, 0)[1]
  return call('ZRANGE', S.key(largest and 'famo:' .. largest or 'famx'), 0, 0)[1]
end

function S.show_family(family)
  local last = family.l
  return {
    family.id, family.c, family.u, family.h, family.s, S.text(family.a), S.text(family.x), family.b,
    last and last[1] or false, last and last[2] or false, last and S.text(last[3]) or false, family.o,
  }
end

function S.prune_families(earliest, max)
  for _, id in ipairs(call('ZRANGEBYSCORE', S.key('famx'), '-inf', earliest, 'LIMIT', 0, max)) do S.drop_family(id) end
end
