-- What is kept in a partition, kind by kind and page by page, for `rollcall export`: of a service that has stopped. Times of the
-- partition are told from up to when everybody was heard.
-- KEYS partition
-- ARGV time wall kind of after max bytesMax more…
-- Reply by kind: see each
-- Flags no-writes

-- By place: from one on, so many.
local function page(key, args)
  return call('ZRANGE', S.key(key), args[5], tonumber(args[5]) + tonumber(args[6]) - 1)
end

local function show_draft(draft)
  return draft and { draft.j, S.text(draft.a) } or false
end

-- { eventId, payload, sealed, draft or false, event }
local function show_cancel(cancel)
  return { cancel.e, cancel.p, cancel.s and 1 or 0, show_draft(cancel.d), cancel.v or '' }
end

local kinds = {}

-- { sequence, registration, record }: the last of each that was given; and when time went on last.
function kinds.last()
  local last = call('HMGET', S.key('c'), 'last entry', 'last registration', 'last record', 'l')
  return { last[1] or '0', last[2] or '0', last[3] or '0', last[4] }
end

function kinds.organizations()
  return call('HKEYS', S.key('tot'))
end

-- Of an organization, after a name: { lastName or false, { user, registrations }, … }; see `show_registrations`.
local function show_registrations(organization, user)
  local shown = {}
  local function add(ids, is_replaced)
    for _, id in ipairs(ids) do
      local row = call('HGET', S.key('reg'), id)
      if row then
        local reg = S.lifted(row)
        local one = S.show(reg)
        one[9] = S.text(reg.deadline - S.heard)
        one[13] = is_replaced
        one[14] = S.depth(id)
        shown[#shown + 1] = one
      end
    end
  end
  add(call('SMEMBERS', S.key('old:' .. S.user(organization, user))), 1)
  add(call('HVALS', S.endpoints_key(organization, user)), 0)
  return shown
end

function kinds.registrations(args)
  local organization, max = args[4], tonumber(args[6])
  local from = args[5] == '' and '-' or '(' .. args[5]
  local names = call('ZRANGEBYLEX', S.key('un:' .. organization), from, '+', 'LIMIT', 0, max)
  local found = { #names == max and names[#names] or false }
  for _, user in ipairs(names) do found[#found + 1] = { user, show_registrations(organization, user) } end
  return found
end

-- Of a registration, after a sequence: { { sequence, event, payload, sealed, acceptedAt, expiresAt, collapseKey, race, isCalled,
-- record, part }, … }
function kinds.entries(args)
  local shown, bytes = {}, 0
  for _, sequence in ipairs(call('ZRANGEBYSCORE', S.key('q:' .. args[4]), '(' .. args[5], '+inf', 'LIMIT', 0, args[6])) do
    local entry = S.entry(sequence)
    shown[#shown + 1] = {
      sequence, entry.e, entry.p, entry.s and 1 or 0, S.text(entry.a), entry.x and S.text(entry.x) or false,
      entry.c or false, entry.r or false, entry.k and 1 or 0, entry.h or false, entry.n or false,
    }
    bytes = bytes + #entry.p
    if bytes > tonumber(args[7]) then break end
  end
  return shown
end

-- { cancel, or false where it is over, … }
function kinds.races(args)
  local shown = {}
  for at = 4, #args do
    local row = call('HGET', S.key('race'), args[at])
    shown[#shown + 1] = row and show_cancel(cmsgpack.unpack(row).cancel) or false
  end
  return shown
end

-- 'organization/user\nevent' of each call.
function kinds.callers(args)
  return page('cx', args)
end

-- Of a user, oldest first: { { event, sender, qos, record, endsAt, masks, winner, { { endpoint, registration, sequence }, … }, cancel }, … }
function kinds.calls(args)
  local shown = {}
  for _, event_id in ipairs(call('ZRANGE', S.key('cz:' .. args[4]), 0, -1)) do
    local row = call('HGET', S.key('cl:' .. args[4]), event_id)
    local kept = cmsgpack.unpack(row)
    shown[#shown + 1] = {
      event_id, kept.sender, S.text(kept.qos), kept.record, S.text(kept.ends), kept.masks or false, kept.winner or false,
      kept.parts, kept.cancel and show_cancel(kept.cancel) or false,
    }
  end
  return shown
end

-- After an id, oldest first: `S.show_record`, …
function kinds.records(args)
  local shown, bytes = {}, 0
  for _, id in ipairs(call('ZRANGEBYSCORE', S.key('h'), '(' .. args[5], '+inf', 'LIMIT', 0, args[6])) do
    local record = S.show_record(id)
    if record then
      shown[#shown + 1] = record
      bytes = bytes + #record[4]
    end
    if bytes > tonumber(args[7]) then break end
  end
  return shown
end

-- { { name, event, count, expiresAt }, … }
function kinds.replies(args)
  local shown = {}
  for _, name in ipairs(page('ckx', args)) do
    local row = S.claimed(name)
    shown[#shown + 1] = { name, row.e, S.text(row.n), S.text(row.x) }
  end
  return shown
end

-- Requests that ended without an answer: { { name, token, rememberMs, organization, user of the recipient }, … }
function kinds.claims(args)
  local shown = {}
  for _, name in ipairs(page('ckc', args)) do
    local row = S.claimed(name)
    shown[#shown + 1] = { name, row.t, S.text(row.m), row.o, row.u }
  end
  return shown
end

-- What came of one at its recipient: { event, count }, or false.
function kinds.outcome(args)
  local known = S.outcome(args[4])
  return known and not known.void and { known.e, S.text(known.n) } or false
end

-- `S.show_family`, with how long its rotation may be repeated.
function kinds.families(args)
  local shown = {}
  for _, id in ipairs(page('famx', args)) do
    local family = S.show_family(cmsgpack.unpack(call('HGET', S.key('fam'), id)))
    if family[11] then family[11] = S.text(tonumber(family[11]) - S.now) end
    shown[#shown + 1] = family
  end
  return shown
end

-- { name, seenAt, … }
function kinds.seen(args)
  local shown = {}
  for _, name in ipairs(page('seenz', args)) do
    shown[#shown + 1] = name
    shown[#shown + 1] = call('HGET', S.key('seen'), name)
  end
  return shown
end

-- { key, startAt, points, … }
function kinds.charts(args)
  local shown = {}
  for _, name in ipairs(page('chx', args)) do
    local key, start = string.match(name, '^(.*)\n([^\n]*)$')
    for _, member in ipairs(call('ZRANGEBYSCORE', S.key(key), start, start)) do
      shown[#shown + 1] = key
      shown[#shown + 1] = start
      shown[#shown + 1] = string.sub(member, string.find(member, ':', 1, true) + 1)
    end
  end
  return shown
end

function kinds.feeds()
  return call('HKEYS', S.key('fl'))
end

-- Of an organization, after a sequence: `S.show_entry`, …
function kinds.feed(args)
  local shown = {}
  local found = call('ZRANGEBYSCORE', S.key('fd:' .. args[4]), '(' .. args[5], '+inf', 'LIMIT', 0, args[6])
  for _, member in ipairs(found) do shown[#shown + 1] = S.show_entry(S.split(member)) end
  return shown
end

-- { { registration, connectedAt, organization, user, endpoint, registeredAt, lastKeepAliveAt, keepAliveSeconds }, … }
function kinds.links()
  local shown = {}
  for _, id in ipairs(call('HKEYS', S.key('ln'))) do
    local link = S.link(id)
    local reg = S.subject_of(id, link)
    if reg then
      shown[#shown + 1] = {
        id, S.text(link.t), reg.o, reg.u, reg.e, S.text(reg.at), S.text(reg.seen), S.text(reg.secs),
      }
    end
  end
  return shown
end

return function(args)
  -- As the partition was left: no time has passed since.
  S.pending = nil
  S.now = tonumber(call('HGET', S.key('c'), 'b'))
  return kinds[args[3]](args)
end
