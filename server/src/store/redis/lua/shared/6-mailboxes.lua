-- Mailboxes: `q:<registration>` sequences, `mail` entries, `qb` bytes by registration, `ck:<registration>` sequences by
-- collapse key, `lt` lifetimes, `race` what the first acknowledgement sets off.

function S.entry(sequence)
  local row = call('HGET', S.key('mail'), sequence)
  return row and cmsgpack.unpack(row)
end

local function write_entry(sequence, entry)
  call('HSET', S.key('mail'), sequence, cmsgpack.pack(entry))
end
S.write_entry = write_entry

function S.depth(id)
  return call('ZCARD', S.key('q:' .. id))
end

function S.bytes(id)
  return tonumber(call('HGET', S.key('qb'), id) or '0')
end

function S.newest_in(id)
  return call('ZREVRANGE', S.key('q:' .. id), 0, 0)[1] or '0'
end

-- An entry is in its mailbox, and in what its terms are kept by.
function S.file_entry(reg, sequence, entry)
  entry.g = reg.id
  write_entry(sequence, entry)
  call('ZADD', S.key('q:' .. reg.id), sequence, sequence)
  call('HINCRBY', S.key('qb'), reg.id, #entry.p)
  if entry.x then call('ZADD', S.key('lt'), S.text(entry.x), sequence) end
  if entry.c then
    local key = S.key('ck:' .. reg.id)
    local others = call('HGET', key, entry.c)
    call('HSET', key, entry.c, others and others .. ',' .. sequence or sequence)
  end
  S.count(reg.o, 0, 1, #entry.p)
end

-- Returns the sequence, what waited newest before, and the link that is told. `self`: the process that knows what it appends.
function S.push(reg, entry, must_be_claimed, self)
  local follows = S.newest_in(reg.id)
  local sequence = S.next_sequence('entry')
  S.file_entry(reg, sequence, entry)
  local link = S.link(reg.id)
  if link then
    local must = must_be_claimed and 1 or 0
    local payload = link.n ~= self and entry.p
    S.tell_link_of(reg, link, 'appended', sequence, follows, entry.e, must, entry.s and 1 or 0, payload)
  end
  return sequence, follows, link
end

-- Sequences of a mailbox's entries with this collapse key.
function S.collapsed(id, key)
  local found = {}
  for sequence in string.gmatch(call('HGET', S.key('ck:' .. id), key) or '', '[^,]+') do
    found[#found + 1] = sequence
  end
  return found
end

local function leave_collapse(id, key, sequence)
  local left = {}
  for _, other in ipairs(S.collapsed(id, key)) do
    if other ~= sequence then left[#left + 1] = other end
  end
  if #left == 0 then
    call('HDEL', S.key('ck:' .. id), key)
  else
    call('HSET', S.key('ck:' .. id), key, table.concat(left, ','))
  end
end

-- A race without entries is over.
local function leave_race(name)
  local row = call('HGET', S.key('race'), name)
  if not row then return end
  local race = cmsgpack.unpack(row)
  race.left = race.left - 1
  if race.left == 0 then
    call('HDEL', S.key('race'), name)
  else
    call('HSET', S.key('race'), name, cmsgpack.pack(race))
  end
end

-- An entry leaves its mailbox, and what its terms are kept by.
function S.remove(reg, sequence, entry)
  call('ZREM', S.key('q:' .. reg.id), sequence)
  call('HDEL', S.key('mail'), sequence)
  if call('HINCRBY', S.key('qb'), reg.id, 0 - #entry.p) == 0 and S.depth(reg.id) == 0 then
    call('HDEL', S.key('qb'), reg.id)
  end
  if entry.x then call('ZREM', S.key('lt'), sequence) end
  if entry.c then leave_collapse(reg.id, entry.c, sequence) end
  if entry.r then leave_race(entry.r) end
  S.count(reg.o, 0, -1, 0 - #entry.p)
end

-- Unsent, it goes without anybody having had it.
function S.discard(reg, sequence, entry, reason)
  S.remove(reg, sequence, entry)
  S.tell_waiting(reg, sequence, entry, false)
  S.note_outcome(entry.h, entry.n, 'discarded', reason)
end

-- An entry ends: whoever keeps something about it is told.
function S.end_entry(reg, sequence, entry, how, reason)
  S.remove(reg, sequence, entry)
  S.tell_waiting(reg, sequence, entry, how == 'acknowledged')
  if how ~= 'acknowledged' then S.leave_call(reg, sequence, entry) end
  if how == 'acknowledged' then
    S.tell_receipt('UserEventAcknowledgedEvent', reg, 'acknowledged', entry.e)
  elseif how == 'expired' then
    S.tell_receipt('UserEventExpiredEvent', reg, 'lifetime_ended', entry.e)
  end
  S.note_outcome(entry.h, entry.n, how, reason)
end

-- With its registration. Returns how many entries there were.
function S.drop_mailbox(reg, reason)
  local sequences = call('ZRANGE', S.key('q:' .. reg.id), 0, -1)
  for _, sequence in ipairs(sequences) do
    local entry = S.entry(sequence)
    if entry then S.discard(reg, sequence, entry, reason) end
  end
  return #sequences
end

-- The cancelling event goes into these mailboxes, which it may fill to twice their bounds.
-- Returns those that took it, and those that were too full.
function S.tell_the_others(cancel, others, events_max, bytes_max, hint)
  local accepted, full, parts, pushed = {}, {}, {}, {}
  for _, reg in ipairs(others) do
    local has_room = S.depth(reg.id) < 2 * events_max and S.bytes(reg.id) + #cancel.p <= 2 * bytes_max
    if has_room then
      local entry = { e = cancel.e, p = cancel.p, s = cancel.s, a = S.wall }
      local sequence = S.push(reg, entry)
      accepted[#accepted + 1] = { reg.o, reg.u, reg.e, reg.id }
      pushed[#pushed + 1] = { sequence, entry }
      parts[#parts + 1] = { reg.e, 'queued', false }
    else
      full[#full + 1] = { reg.o, reg.u, reg.e, reg.id }
    end
  end
  if not cancel.d or #others == 0 then return accepted, full end
  for _, reg in ipairs(full) do parts[#parts + 1] = { reg[3], 'discarded', 'mailbox_full' } end
  local draft = cancel.d
  draft.a = S.wall
  local id = S.add_record(draft, cancel.v, parts, hint)
  for index, one in ipairs(pushed) do
    one[2].h = id
    one[2].n = index
    S.write_entry(one[1], one[2])
  end
  return accepted, full
end
