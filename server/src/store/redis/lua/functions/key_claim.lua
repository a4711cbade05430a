-- `ReplyStore.claim`
-- KEYS partition
-- ARGV time wall owner key token rememberMs recipientOrganization recipientUser leaseMs earliestWallMs movedKey
-- Reply {'known', eventId, count}, {'claimed'}, {'busy'} or {'lapsed', token, rememberMs, organization, user}
return function(args)
  local name = args[3] .. '/' .. args[4]
  local found = S.claimed(name)
  if not found then
    -- A reply that another store has given is known by a digest of its key alone.
    name = args[3] .. '/' .. args[11]
    found = S.claimed(name)
  end
  if found and found.x then
    if tonumber(args[10]) < found.x then return { 'known', found.e, S.text(found.n) } end
    S.drop_reply(args[3], name)
    found = nil
  end
  name = args[3] .. '/' .. args[4]
  if found and S.now < found.l then return { 'busy' } end
  if found then return { 'lapsed', found.t, S.text(found.m), found.o, found.u } end
  local lapses = S.now + tonumber(args[9])
  local row = { t = args[5], m = tonumber(args[6]), o = args[7], u = args[8], l = lapses }
  redis.call('HSET', S.key('ck'), name, cmsgpack.pack(row))
  redis.call('ZADD', S.key('ckc'), S.text(lapses + row.m), name)
  S.note('claims', redis.call('ZCARD', S.key('ckc')))
  return { 'claimed' }
end
