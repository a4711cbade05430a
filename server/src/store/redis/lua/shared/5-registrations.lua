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

-- Of each id; false where there is none.
function S.regs(ids)
  if #ids == 0 then return {} end
  local regs = {}
  for at, row in ipairs(call('HMGET', S.key('reg'), unpack(ids))) do regs[at] = row and S.lifted(row) end
  return regs
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
  for _, reg in ipairs(S.regs(call('HVALS', S.endpoints_key(organization, user)))) do
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

local function names_of(regs)
  local names, seen, by_organization = {}, {}, {}
  for _, reg in ipairs(regs) do
    local name = S.user(reg.o, reg.u)
    if not seen[name] then
      names[#names + 1] = name
      local of = by_organization[reg.o] or {}
      of[#of + 1] = name
      by_organization[reg.o] = of
    end
    seen[name] = math.max(seen[name] or 0, reg.seen)
  end
  return names, seen, by_organization
end

local function scored(names)
  local pairs_of = {}
  for _, name in ipairs(names) do
    pairs_of[#pairs_of + 1] = S.text(S.wall)
    pairs_of[#pairs_of + 1] = name
  end
  return pairs_of
end

local function note_seen(regs)
  local names, seen, by_organization = names_of(regs)
  local rows = {}
  for at, before in ipairs(call('HMGET', S.key('seen'), unpack(names))) do
    rows[2 * at - 1] = names[at]
    rows[2 * at] = S.text(math.max(tonumber(before or '0'), seen[names[at]]))
  end
  call('HSET', S.key('seen'), unpack(rows))
  call('ZADD', S.key('seenz'), unpack(scored(names)))
  for organization, of in pairs(by_organization) do
    local added = call('ZADD', S.key('seeno:' .. organization), unpack(scored(of)))
    if added > 0 then call('ZINCRBY', S.key('seenn'), added, organization) end
  end
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

-- Those of the same user, with where each stands.
local function by_user(regs)
  local users = {}
  for at, reg in ipairs(regs) do
    local name = S.user(reg.o, reg.u)
    local user = users[name] or { endpoints = {}, places = {} }
    user.endpoints[#user.endpoints + 1] = reg.e
    user.places[#user.places + 1] = at
    users[name] = user
  end
  return users
end

-- Of the endpoint of each the newest registration, or false.
function S.newest_of(regs)
  local newest = {}
  for name, user in pairs(by_user(regs)) do
    local ids = call('HMGET', S.key('u:' .. name), unpack(user.endpoints))
    for index, at in ipairs(user.places) do newest[at] = ids[index] end
  end
  return newest
end

local function leave_users(regs, newest)
  for name, user in pairs(by_user(regs)) do
    local endpoints, old = {}, {}
    for index, at in ipairs(user.places) do
      if newest[at] == regs[at].id then
        endpoints[#endpoints + 1] = user.endpoints[index]
      else
        old[#old + 1] = regs[at].id
      end
    end
    if #endpoints > 0 then call('HDEL', S.key('u:' .. name), unpack(endpoints)) end
    if #old > 0 then call('SREM', S.key('old:' .. name), unpack(old)) end
  end
end

-- Whose entries take any bytes, none included, has some.
local function drop_mailboxes(regs, ids, reasons)
  for at, bytes in ipairs(call('HMGET', S.key('qb'), unpack(ids))) do
    local entries = bytes and S.drop_mailbox(regs[at], reasons[at]) or 0
    if entries > 0 then S.note('ended', regs[at].o, entries) end
  end
end

-- Registrations end with their mailboxes, however it is that they end, and each key is written once for all of them: a thousand
-- at most. `newest`: of the endpoint of each; `reasons`: why what waits is discarded.
function S.end_regs(regs, newest, reasons)
  local ids, wakeable = {}, {}
  for at, reg in ipairs(regs) do
    ids[at] = reg.id
    if reg.wake then wakeable[#wakeable + 1] = reg.id end
    S.count(reg.o, -1, 0, 0)
  end
  drop_mailboxes(regs, ids, reasons)
  note_seen(regs)
  leave_users(regs, newest)
  call('HDEL', S.key('reg'), unpack(ids))
  call('ZREM', S.key('due'), unpack(ids))
  if #wakeable > 0 then call('ZREM', S.key('wk'), unpack(wakeable)) end
  call('HDEL', S.key('flap'), unpack(ids))
  S.keep_subjects(regs, ids, reasons)
end

function S.end_reg(reg, reason)
  S.end_regs({ reg }, S.newest_of({ reg }), { reason })
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

-- Whoever holds them is told.
function S.keep_subjects(regs, ids, reasons)
  for at, row in ipairs(call('HMGET', S.key('ln'), unpack(ids))) do
    if row then
      local reg, link, reason = regs[at], cmsgpack.unpack(row), reasons[at]
      local is_expired = reason == 'registration_expired' or reason == 'registered_anew'
      S.tell_link_of(reg, link, 'registration_over', is_expired and 'expired' or 'unregistered')
      link.r = pack(reg)
      S.write_link(reg.id, link)
    end
  end
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
