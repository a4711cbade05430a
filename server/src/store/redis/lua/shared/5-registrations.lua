-- Registrations: `reg` by id, `u:<user>` the newest of each endpoint, `due` by when to look at it, `un:<organization>` the
-- names of users, `seen` when those whose registrations have ended were last seen, `seenz` the same in order, `seeno:<organization>`
-- an organization's, `seenn` how many each has, `wk` those that can be woken, `old:<user>` those of which a newer one has taken the
-- place. Of links: `ln` by registration.

local function pack(reg)
  return cmsgpack.pack({
    reg.o, reg.u, reg.e, reg.id, reg.secs, reg.reminds, reg.at, reg.seen, reg.deadline, reg.known, reg.reminded, reg.auth,
    reg.wake or false,
  })
end

local function unpack_reg(row)
  local f = cmsgpack.unpack(row)
  return {
    o = f[1], u = f[2], e = f[3], id = f[4], secs = f[5], reminds = f[6], at = f[7], seen = f[8], deadline = f[9],
    known = f[10], reminded = f[11], auth = f[12], wake = f[13] or nil,
  }
end

-- With every recovery since it was written taken into account.
function S.lifted(row)
  local reg = unpack_reg(row)
  local deadline = S.lift(reg.deadline, reg.secs * 1000, reg.known)
  if deadline ~= reg.deadline then
    reg.deadline = deadline
    reg.reminded = false
  end
  reg.known = S.newest
  return reg
end

function S.reg(id)
  local row = id and call('HGET', S.key('reg'), id)
  return row and S.lifted(row)
end

function S.is_live(reg)
  return S.heard < reg.deadline
end

-- `lifecycle.ts`
function S.due_at(reg)
  if reg.reminds and not reg.reminded then return reg.deadline - reg.secs * 1000 / 3 end
  return reg.deadline
end

function S.write_reg(reg)
  call('HSET', S.key('reg'), reg.id, pack(reg))
  call('ZADD', S.key('due'), S.due_at(reg), reg.id)
end

function S.endpoints_key(organization, user)
  return S.key('u:' .. S.user(organization, user))
end

function S.live_endpoint(organization, user, endpoint)
  local reg = S.reg(call('HGET', S.endpoints_key(organization, user), endpoint))
  return reg and S.is_live(reg) and reg
end

-- Oldest first.
function S.live_endpoints(organization, user)
  local live = {}
  local ids = call('HVALS', S.endpoints_key(organization, user))
  if #ids == 0 then return live end
  for _, row in ipairs(call('HMGET', S.key('reg'), unpack(ids))) do
    local reg = row and S.lifted(row)
    if reg and S.is_live(reg) then live[#live + 1] = reg end
  end
  table.sort(live, function(a, b) return tonumber(a.id) < tonumber(b.id) end)
  return live
end

-- Of a user, or of one endpoint where it is named.
function S.reached(organization, user, endpoint)
  if not endpoint then return S.live_endpoints(organization, user) end
  local reg = S.live_endpoint(organization, user, endpoint)
  return reg and { reg } or {}
end

function S.renew(reg, auth)
  reg.seen = S.wall
  reg.deadline = S.now + reg.secs * 1000
  reg.reminded = false
  reg.auth = math.max(reg.auth, auth)
  S.write_reg(reg)
end

function S.add_reg(reg)
  local key = S.endpoints_key(reg.o, reg.u)
  call('HSET', key, reg.e, reg.id)
  call('ZADD', S.key('un:' .. reg.o), 0, reg.u)
  S.count(reg.o, 1, 0, 0)
  S.note_period(reg.secs * 1000)
  S.write_reg(reg)
end

-- One whose place a newer one of its endpoint has taken, and that is not swept yet.
function S.add_replaced_reg(reg)
  call('SADD', S.key('old:' .. S.user(reg.o, reg.u)), reg.id)
  call('ZADD', S.key('un:' .. reg.o), 0, reg.u)
  S.count(reg.o, 1, 0, 0)
  S.note_period(reg.secs * 1000)
  S.write_reg(reg)
end

-- How a device is woken; nil: not at all. Whoever calls writes the row.
function S.set_wake(reg, wake)
  reg.wake = wake
  if wake then
    call('ZADD', S.key('wk'), reg.id, reg.id)
  else
    call('ZREM', S.key('wk'), reg.id)
  end
end

function S.note_seen(reg)
  local name = S.user(reg.o, reg.u)
  local before = tonumber(call('HGET', S.key('seen'), name) or '0')
  call('HSET', S.key('seen'), name, S.text(math.max(before, reg.seen)))
  call('ZADD', S.key('seenz'), S.text(S.wall), name)
  if call('ZADD', S.key('seeno:' .. reg.o), S.text(S.wall), name) == 1 then call('ZINCRBY', S.key('seenn'), 1, reg.o) end
end

function S.forget_seen(name)
  local organization = string.match(name, '^[^/]*')
  call('HDEL', S.key('seen'), name)
  call('ZREM', S.key('seenz'), name)
  if call('ZREM', S.key('seeno:' .. organization), name) == 0 then return end
  if tonumber(call('ZINCRBY', S.key('seenn'), -1, organization)) <= 0 then call('ZREM', S.key('seenn'), organization) end
end

-- Past `max` the longest untouched go: where shared, of the organization that has the most here. Returns how many went.
function S.bound_seen(max, is_shared, upkeep_max)
  local excess = math.min(upkeep_max, call('ZCARD', S.key('seenz')) - max)
  for _ = 1, excess do
    local largest = is_shared and call('ZREVRANGE', S.key('seenn'), 0, 0)[1]
    local name = call('ZRANGE', S.key(largest and 'seeno:' .. largest or 'seenz'), 0, 0)[1]
    S.forget_seen(name)
    S.tidy_name(string.match(name, '^([^/]*)/(.*)$'))
  end
  return math.max(0, excess)
end

-- A user of whom nothing is known any more is in no list.
function S.tidy_name(organization, user)
  if call('EXISTS', S.endpoints_key(organization, user)) == 1 then return end
  if call('HEXISTS', S.key('seen'), S.user(organization, user)) == 1 then return end
  call('ZREM', S.key('un:' .. organization), user)
end

-- A registration ends with its mailbox, however it is that it ends; `reason`: why what waits is discarded.
function S.end_reg(reg, reason)
  local entries = S.drop_mailbox(reg, reason)
  if entries > 0 then S.note('ended', reg.o, entries) end
  S.note_seen(reg)
  local key = S.endpoints_key(reg.o, reg.u)
  if call('HGET', key, reg.e) == reg.id then call('HDEL', key, reg.e) end
  call('HDEL', S.key('reg'), reg.id)
  call('ZREM', S.key('due'), reg.id)
  if reg.wake then call('ZREM', S.key('wk'), reg.id) end
  call('HDEL', S.key('flap'), reg.id)
  call('SREM', S.key('old:' .. S.user(reg.o, reg.u)), reg.id)
  S.keep_subject(reg, reason)
  S.count(reg.o, -1, 0, 0)
end

-- `Registration`, as it goes to whoever asks.
function S.show(reg)
  return {
    reg.o, reg.u, reg.e, reg.id, S.text(reg.secs), reg.reminds and 1 or 0, S.text(reg.at), S.text(reg.seen),
    S.text(reg.deadline - S.now), reg.reminded and 1 or 0, S.text(reg.auth),
    reg.wake or '',
  }
end

-- Links. A row: link's number, its process, up to where it has claimed, since when, its peer, and, once the registration has
-- ended, whose it was.
function S.link(id)
  local row = call('HGET', S.key('ln'), id)
  return row and cmsgpack.unpack(row)
end

function S.write_link(id, link)
  call('HSET', S.key('ln'), id, cmsgpack.pack(link))
end

-- Two processes may number theirs alike.
function S.is_of(link, number, node)
  return link.l == number and link.n == node
end

function S.hold_link(id, link)
  S.write_link(id, link)
  call('SADD', S.key('ln:' .. link.n), id)
end

function S.drop_link(id, link)
  call('HDEL', S.key('ln'), id)
  call('SREM', S.key('ln:' .. link.n), id)
end

-- Whose link it was where the registration is not there any more.
function S.hold_moved_link(reg, link)
  link.r = pack(reg)
  S.hold_link(reg.id, link)
end

-- Whoever holds it is told.
function S.keep_subject(reg, reason)
  local is_expired = reason == 'registration_expired' or reason == 'registered_anew'
  local link = S.tell_holder(reg, 'registration_over', is_expired and 'expired' or 'unregistered')
  if not link then return end
  link.r = pack(reg)
  S.write_link(reg.id, link)
end

function S.subject_of(id, link)
  return S.reg(id) or (link.r and unpack_reg(link.r))
end

function S.is_in_flight(id, sequence)
  local link = S.link(id)
  return link and tonumber(sequence) <= link.c
end

-- Of the newest registration of each endpoint, swept or not, and of those that have ended. False: never, or too long ago.
local SEEN_MS = 7776000000
function S.last_seen(organization, user, earliest)
  local seen = tonumber(call('HGET', S.key('seen'), S.user(organization, user)) or '0')
  local ids = call('HVALS', S.endpoints_key(organization, user))
  for _, id in ipairs(ids) do
    local reg = S.reg(id)
    if reg then seen = math.max(seen, reg.seen) end
  end
  return seen > 0 and earliest < seen + SEEN_MS and S.text(seen)
end
