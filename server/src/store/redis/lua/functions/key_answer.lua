-- `ReplyStore.answer`
-- KEYS partition
-- ARGV time wall owner key token eventId count expiresAtWallMs
-- Reply 1, or 0 where the claim has ended
return function(args)
  local name = args[3] .. '/' .. args[4]
  local found = S.claimed(name)
  if not found or found.t ~= args[5] then return 0 end
  S.drop_claim(name)
  local row = { e = args[6], n = tonumber(args[7]), x = tonumber(args[8]) }
  redis.call('HSET', S.key('ck'), name, cmsgpack.pack(row))
  redis.call('ZADD', S.key('ckx'), args[8], name)
  redis.call('ZADD', S.key('cko:' .. args[3]), S.next_sequence('reply'), name)
  S.owner_count(args[3], 1)
  return 1
end
