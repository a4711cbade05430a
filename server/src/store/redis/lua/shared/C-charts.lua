-- Charts: `ch` rows of all together and `ch:<organization>` of one, by when they begin; `chx` all of a partition in that order.

local function drop(name)
  local key, start = string.match(name, '^(.*)\n([^\n]*)$')
  call('ZREM', S.key('chx'), name)
  call('ZREMRANGEBYSCORE', S.key(key), start, start)
end

function S.chart_put(key, start, points)
  call('ZREMRANGEBYSCORE', S.key(key), start, start)
  call('ZADD', S.key(key), start, start .. ':' .. points)
  call('ZADD', S.key('chx'), start, key .. '\n' .. start)
end

function S.chart_prune(oldest, max)
  for _, name in ipairs(call('ZRANGEBYSCORE', S.key('chx'), '-inf', oldest, 'LIMIT', 0, max)) do drop(name) end
end

function S.chart_keep_bound(rows_max)
  local excess = call('ZCARD', S.key('chx')) - rows_max
  if excess <= 0 then return end
  for _, name in ipairs(call('ZRANGE', S.key('chx'), 0, excess - 1)) do drop(name) end
end
