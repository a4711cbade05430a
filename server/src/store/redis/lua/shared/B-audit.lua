-- The audit log: `al` lines by sequence, `a` and `a:<organization>` in their order, `an` how many each organization has.

-- `known`: the sequence that it has had elsewhere.
function S.audit_add(at, organization, text, known)
  local sequence = known or S.next_sequence('line')
  call('HSET', S.key('al'), sequence, cmsgpack.pack({ at, organization, text }))
  call('ZADD', S.key('a'), sequence, sequence)
  call('ZADD', S.key('a:' .. organization), sequence, sequence)
  call('ZINCRBY', S.key('an'), 1, organization)
end

function S.audit_line(sequence)
  local row = call('HGET', S.key('al'), sequence)
  return row and cmsgpack.unpack(row)
end

function S.audit_drop(sequence)
  local line = S.audit_line(sequence)
  call('ZREM', S.key('a'), sequence)
  if not line then return end
  call('HDEL', S.key('al'), sequence)
  call('ZREM', S.key('a:' .. line[2]), sequence)
  if tonumber(call('ZINCRBY', S.key('an'), -1, line[2])) == 0 then call('ZREM', S.key('an'), line[2]) end
end

-- Past the bound the oldest go: of all, or of the organization that has the most.
function S.audit_keep_bound(max, tells_apart)
  while call('ZCARD', S.key('a')) > max do
    local from = tells_apart and 'a:' .. call('ZREVRANGE', S.key('an'), 0, 0)[1] or 'a'
    S.audit_drop(call('ZRANGE', S.key(from), 0, 0)[1])
  end
end

function S.audit_prune(oldest, max)
  for _, sequence in ipairs(call('ZRANGE', S.key('a'), 0, max - 1)) do
    local line = S.audit_line(sequence)
    if line and tonumber(line[1]) > oldest then return end
    S.audit_drop(sequence)
  end
end
