-- Items of another store, for `rollcall import`: into a store that nobody serves, and as often as need be, since what is there
-- stays as it is. Each is its kind, what it says as JSON, and up to three values of bytes.
-- KEYS partition
-- ARGV time wall (kind fields first second third)…
-- Reply 1
local function draft_of(q)
  return { o = q.o, u = q.u, e = q.e, a = q.a, s = q.s, k = q.k, j = q.j }
end

local function cancel_of(q, payload, event)
  return q and { e = q.e, s = q.s, d = q.d and draft_of(q.d), p = payload, v = event }
end

local kinds = {}

-- No id that was given before is given again.
function kinds.last(q)
  for kind, least in pairs(q) do
    local field = 'last ' .. kind
    if tonumber(least) > tonumber(call('HGET', S.key('c'), field) or '0') then call('HSET', S.key('c'), field, least) end
  end
end

function kinds.registration(q, wake)
  if call('HEXISTS', S.key('reg'), q.id) == 1 then return end
  local reg = {
    o = q.o, u = q.u, e = q.e, id = q.id, secs = q.secs, reminds = q.reminds, at = q.at, seen = q.seen,
    deadline = S.heard + q.left, known = S.newest, reminded = q.reminded, auth = q.auth,
  }
  if wake ~= '' then S.set_wake(reg, wake) end
  if q.replaced then S.add_replaced_reg(reg) else S.add_reg(reg) end
end

function kinds.link(q)
  if S.link(q.id) then return end
  local reg = {
    o = q.o, u = q.u, e = q.e, id = q.id, secs = q.secs, reminds = false, at = q.at, seen = q.seen, deadline = 0,
    known = S.newest, reminded = false, auth = 0,
  }
  S.hold_moved_link(reg, { l = '0', n = q.node, c = 0, t = q.t })
end

function kinds.race(q, payload, event)
  if call('HEXISTS', S.key('race'), q.id) == 1 then return end
  local race = { cancel = cancel_of(q.cancel, payload, event), entries = {}, left = 0 }
  call('HSET', S.key('race'), q.id, cmsgpack.pack(race))
end

local function join_race(id, registration, sequence)
  local row = id and call('HGET', S.key('race'), id)
  if not row then return end
  local race = cmsgpack.unpack(row)
  race.entries[#race.entries + 1] = { registration, sequence }
  race.left = race.left + 1
  call('HSET', S.key('race'), id, cmsgpack.pack(race))
end

function kinds.entry(q, payload)
  local reg = S.reg(q.registration)
  if not reg or call('HEXISTS', S.key('mail'), q.id) == 1 then return end
  S.file_entry(reg, q.id, {
    e = q.e, p = payload, s = q.sealed, a = q.at, x = q.expires, c = q.collapse, r = q.race, k = q.called and 1, h = q.record,
    n = q.part,
  })
  join_race(q.race, q.registration, q.id)
end

function kinds.call(q, payload, event)
  S.add_call(S.user(q.o, q.u), q.e, {
    sender = q.sender, qos = q.qos, record = q.record, ends = q.ends, masks = q.masks, winner = q.winner, parts = q.parts,
    cancel = cancel_of(q.cancel, payload, event),
  })
end

function kinds.record(q, event, answer)
  if call('HEXISTS', S.key('hr'), q.id) == 1 then return end
  local parts = {}
  for index, part in ipairs(q.parts) do
    parts[index] = { part.e, part.outcome, part.reason or false }
    local noted = {}
    for _, later in ipairs(part.later) do
      noted[#noted + 1] = later.outcome
      noted[#noted + 1] = later.at
      noted[#noted + 1] = later.reason or false
    end
    if #noted > 0 then call('HSET', S.key('ho'), q.id .. ':' .. index, cmsgpack.pack(noted)) end
  end
  local said = q.answered
  local answered = said and { said.e, said.at, said.answers and answer or false } or nil
  S.add_moved_record(q.id, draft_of(q.d), event, parts, answered)
end

function kinds.reply(q, name)
  if call('HEXISTS', S.key('ck'), name) == 1 then return end
  call('HSET', S.key('ck'), name, cmsgpack.pack({ e = q.e, n = q.count, x = q.expires }))
  call('ZADD', S.key('ckx'), S.text(q.expires), name)
  call('ZADD', S.key('cko:' .. q.owner), S.next_sequence('reply'), name)
  S.owner_count(q.owner, 1)
end

function kinds.family(q, current, used, salt)
  if call('HEXISTS', S.key('fam'), q.id) == 1 then return end
  local last = q.left and { used, salt, S.heard + q.left } or nil
  S.write_family({ id = q.id, c = q.c, u = q.u, o = q.o, s = q.s, a = q.a, x = q.x, b = q.b, h = current, l = last })
end

function kinds.family_of_user(q)
  call('ZADD', S.key('fu:' .. q.u), q.order, q.id)
end

function kinds.seen(q)
  local name = S.user(q.o, q.u)
  if call('HEXISTS', S.key('seen'), name) == 1 then return end
  call('HSET', S.key('seen'), name, S.text(q.at))
  call('ZADD', S.key('seenz'), S.text(q.at), name)
  call('ZADD', S.key('seeno:' .. q.o), S.text(q.at), name)
  call('ZINCRBY', S.key('seenn'), 1, q.o)
  call('ZADD', S.key('un:' .. q.o), 0, q.u)
end

function kinds.item(q)
  local key = S.key('list:' .. q.list)
  if call('HEXISTS', key, q.key) == 1 then return end
  call('HSET', key, q.key, cmsgpack.pack({ i = q.rest, u = q.ends, n = q.begins, o = S.next_sequence('item') }))
  if q.ends ~= 'inf' then call('ZADD', S.key('listx:' .. q.list), q.ends, q.key) end
end

function kinds.directory_revision(q)
  call('SET', S.key('dirn'), S.text(q.revision))
end

function kinds.directory(q, value)
  call('HSET', S.key('dir'), q.key, value)
end

function kinds.line(q, text)
  if S.audit_line(q.id) then return end
  S.audit_add(q.at, q.o, text, q.id)
  kinds.last({ line = q.id })
end

function kinds.chart(q, points)
  S.chart_put(q.key, S.text(q.start), points)
end

function kinds.feed(q)
  local e = q.entry
  S.feed_add_moved(q.o, q.id, {
    y = e.type, w = e.reason, o = e.organizationId, u = e.userId, e = e.userEndpointId, t = e.atWallMs,
    g = e.registeredAtWallMs, k = e.lastKeepAliveAtWallMs, s = e.keepAliveSeconds, c = e.connectedAtWallMs, i = e.eventId,
    a = e.answer, n = e.dropped, m = e.fromWallMs,
  })
end

function kinds.webhook(q)
  S.feed_reached(q.o, q.done)
  if S.webhook(q.o, q.id) then return end
  S.write_webhook(q.o, q.id, { done = q.done, epoch = '0', batch = q.last and { last = q.last, since = q.since } or nil })
end

function kinds.letter(q, entry)
  S.feed_reached(q.o, q.sequence)
  local key = S.letters_key(q.o, q.id)
  if call('ZCOUNT', key, q.sequence, q.sequence) > 0 then return end
  local letter = { f = q.failure, l = entry, t = q.at, u = q.u }
  S.count_letters(q.o, call('ZADD', key, q.sequence, q.sequence .. ':' .. cmsgpack.pack(letter)))
end

-- A process that is there no more: what was linked to it is told when it is buried.
function kinds.node(q)
  if not S.node(q.id) then S.write_node(q.id, { name = q.name, at = S.now }) end
end

return function(args)
  -- As the partition was begun: no time passes before a server has it.
  S.pending = nil
  for at = 3, #args, 5 do kinds[args[at]](cjson.decode(args[at + 1]), args[at + 2], args[at + 3], args[at + 4]) end
  return 1
end
