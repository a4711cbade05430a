-- Refresh families: `fam` by id, `famx` by when they are over. At the user's: `fu:<user>` in the order in which they came.

function S.family(id, earliest)
  local row = call('HGET', S.key('fam'), id)
  local family = row and cmsgpack.unpack(row)
  return family and earliest < family.x and family
end

function S.write_family(family)
  call('HSET', S.key('fam'), family.id, cmsgpack.pack(family))
  call('ZADD', S.key('famx'), S.text(family.x), family.id)
end

function S.drop_family(id)
  call('HDEL', S.key('fam'), id)
  call('ZREM', S.key('famx'), id)
end

function S.show_family(family)
  local last = family.l
  return {
    family.id, family.c, family.u, family.h, family.s, S.text(family.a), S.text(family.x), family.b,
    last and last[1] or false, last and last[2] or false, last and S.text(last[3]) or false,
  }
end

function S.prune_families(earliest, max)
  for _, id in ipairs(call('ZRANGEBYSCORE', S.key('famx'), '-inf', earliest, 'LIMIT', 0, max)) do S.drop_family(id) end
end
