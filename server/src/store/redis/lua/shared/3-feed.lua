-- The outbox of a partition: what happened here and is still to be moved to the organization's own partition, in order.

-- As `flapping.ts`.
local BURST = 20
local REFILL_MS = 3000
local FULL_AFTER_MS = BURST * REFILL_MS

local function is_watched(organization, kind)
  local kinds = call('HGET', S.key('wm'), organization)
  return kinds and string.find(kinds, ',' .. kind .. ',', 1, true) ~= nil
end

local function add(kind, subject, reason, more)
  local id = S.next_sequence('change')
  local entry = { y = kind, w = reason, o = subject.o, u = subject.u, e = subject.e, t = S.wall }
  if subject.at then
    entry.g = subject.at
    entry.k = subject.seen
    entry.s = subject.secs
  end
  for name, value in pairs(more or {}) do entry[name] = value end
  call('ZADD', S.key('out'), id, id .. ':' .. cmsgpack.pack(entry))
  S.note('fed', subject.o)
  return id
end

function S.tell(kind, subject, reason, more)
  if is_watched(subject.o, kind) then add(kind, subject, reason, more) end
end

-- Of an endpoint that flaps a change undoes the one before it, where that has not been moved yet: `FeedStore`.
function S.tell_link(kind, reg, reason, more)
  if not is_watched(reg.o, kind) then return end
  local row = call('HGET', S.key('flap'), reg.id)
  local changes = row and cmsgpack.unpack(row) or { 0 }
  local full_at = math.max(changes[1], S.now) + REFILL_MS
  local last_id, last_kind = changes[2], changes[3]
  local is_too_many = full_at > S.now + FULL_AFTER_MS
  if not is_too_many then changes[1] = full_at end
  local is_waiting = last_id and call('ZCOUNT', S.key('out'), last_id, last_id) == 1
  if is_too_many and is_waiting and last_kind == kind then return end
  if is_too_many and is_waiting then
    call('ZREMRANGEBYSCORE', S.key('out'), last_id, last_id)
    changes = { changes[1] }
  else
    changes = { changes[1], add(kind, reg, reason, more), kind }
  end
  call('HSET', S.key('flap'), reg.id, cmsgpack.pack(changes))
end

function S.tell_receipt(kind, subject, reason, event_id, answer)
  S.tell(kind, subject, reason, { i = event_id, a = answer })
end
