-- `RegistrationStore.register`
-- KEYS partition
-- ARGV time wall request endpointsMax
-- Reply {kind, registration, refreshed, madeRoom}
local function who_makes_room(organization, user, endpoints_max, may_evict)
  -- Those that have expired and are not swept count as well: usually there is room beside them too, and nobody has to be read.
  if redis.call('HLEN', S.endpoints_key(organization, user)) < endpoints_max then return {} end
  local live = S.live_endpoints(organization, user)
  local too_many = #live + 1 - endpoints_max
  if too_many <= 0 then return {} end
  if not may_evict then return nil end
  local unlinked = {}
  for _, reg in ipairs(live) do
    if not S.link(reg.id) then unlinked[#unlinked + 1] = reg end
  end
  if #unlinked < too_many then return nil end
  table.sort(unlinked, function(a, b)
    if a.seen ~= b.seen then return a.seen < b.seen end
    return tonumber(a.id) < tonumber(b.id)
  end)
  local leaving = {}
  for at = 1, too_many do leaving[at] = unlinked[at] end
  return leaving
end

local function create(q)
  local reg = {
    o = q.o, u = q.u, e = q.e, id = S.next_id('registration'), secs = q.secs, reminds = q.reminds, at = S.wall, seen = S.wall,
    deadline = S.now + q.secs * 1000, known = S.newest, reminded = false, auth = q.auth,
  }
  if q.wake then S.set_wake(reg, q.wake) end
  local replaced = S.reg(redis.call('HGET', S.endpoints_key(q.o, q.u), q.e))
  S.add_reg(reg)
  if replaced then
    -- Its expiry comes to light before the sweep saw it, and is not told twice.
    S.tell('UserEndpointExpiredEvent', replaced, 'keepalive_missed')
    redis.call('SADD', S.key('old:' .. S.user(q.o, q.u)), replaced.id)
  end
  S.tell('UserEndpointRegisteredEvent', reg, 'requested')
  return reg
end

return function(args)
  local q = cjson.decode(args[3])
  local known = S.live_endpoint(q.o, q.u, q.e)
  if known then
    known.secs = q.secs
    known.reminds = q.reminds
    if known.wake ~= q.wake then S.set_wake(known, q.wake) end
    S.note_period(q.secs * 1000)
    S.renew(known, q.auth)
    return { 'registered', S.show(known), 1, {} }
  end
  local leaving = who_makes_room(q.o, q.u, tonumber(args[4]), q.evict)
  if not leaving then return { 'full' } end
  local made_room = {}
  for _, reg in ipairs(leaving) do
    S.tell('UserEndpointUnregisteredEvent', reg, 'evicted')
    S.end_reg(reg, 'evicted')
    made_room[#made_room + 1] = S.show(reg)
  end
  return { 'registered', S.show(create(q)), 0, made_room }
end
