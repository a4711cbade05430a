-- Idempotency keys. At the caller's: `ck` claims and replies by `<owner>/<key>`, `ckc` open claims by when nobody will come back
-- to them, `ckx` replies by when they are over, `cko:<owner>` an owner's replies in their order, `ckn` how many. At the
-- recipient's: `tok` outcomes by token, `tokz` in their order.

local TOKENS_MS = 600000

function S.owner_count(owner, by)
  local left = call('HINCRBY', S.key('ckn'), owner, by)
  if left == 0 then call('HDEL', S.key('ckn'), owner) end
  S.note('keys', owner, left)
end

function S.claimed(name)
  local row = call('HGET', S.key('ck'), name)
  return row and cmsgpack.unpack(row)
end

function S.drop_claim(name)
  call('HDEL', S.key('ck'), name)
  call('ZREM', S.key('ckc'), name)
  S.note('claims', call('ZCARD', S.key('ckc')))
end

function S.drop_reply(owner, name)
  call('HDEL', S.key('ck'), name)
  call('ZREM', S.key('ckx'), name)
  if call('ZREM', S.key('cko:' .. owner), name) == 1 then S.owner_count(owner, -1) end
end

-- `<organization>/<user>` of `<organization>/<user>/<key>`.
function S.owner_of(name)
  return string.match(name, '^([^/]*/[^/]*)/')
end

function S.outcome(token)
  local row = call('HGET', S.key('tok'), token)
  return row and cmsgpack.unpack(row)
end

-- Bounded, by time and by number: the oldest go.
function S.keep_outcome(token, outcome, max)
  call('HSET', S.key('tok'), token, cmsgpack.pack(outcome))
  call('ZADD', S.key('tokz'), S.text(S.now), token)
  local excess = call('ZCARD', S.key('tokz')) - max
  if excess > 0 then
    for _, oldest in ipairs(call('ZRANGE', S.key('tokz'), 0, excess - 1)) do S.drop_outcome(oldest) end
  end
end

function S.drop_outcome(token)
  call('HDEL', S.key('tok'), token)
  call('ZREM', S.key('tokz'), token)
end

function S.prune_replies(earliest, max)
  for _, name in ipairs(call('ZRANGEBYSCORE', S.key('ckx'), '-inf', earliest, 'LIMIT', 0, max)) do
    S.drop_reply(S.owner_of(name), name)
  end
  for _, name in ipairs(call('ZRANGEBYSCORE', S.key('ckc'), '-inf', S.text(S.now), 'LIMIT', 0, max)) do
    S.drop_claim(name)
  end
  local before = S.text(S.now - TOKENS_MS)
  for _, token in ipairs(call('ZRANGEBYSCORE', S.key('tokz'), '-inf', before, 'LIMIT', 0, max)) do
    S.drop_outcome(token)
  end
end
