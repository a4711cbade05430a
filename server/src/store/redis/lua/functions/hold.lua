-- One process at a time has the store: whoever holds it says so again and again; after `ttlMs` of silence it is free.
-- KEYS partition
-- ARGV time wall holder ttlMs
-- Reply 1, or 0 where another holds it
-- Flags allow-oom
return function(args)
  -- Also where nothing has begun yet.
  local at = S.time(args[1])
  local held = redis.call('HMGET', S.key('held'), 'by', 'until')
  if held[1] and held[1] ~= args[3] and at < tonumber(held[2]) then return 0 end
  redis.call('HSET', S.key('held'), 'by', args[3], 'until', S.text(at + tonumber(args[4])))
  return 1
end
