-- Calls, by user: `cl:<user>` events that can be answered, `cz:<user>` in their order, `cb` what their cancelling events
-- take; `cx` when each is over.

local PER_USER_MAX = 1000
local PER_USER_BYTES_MAX = 4194304

local function ends_name(user, event_id)
  return user .. '\n' .. event_id
end

local function cancel_bytes(kept)
  return kept.cancel and #kept.cancel.p or 0
end

local function stored(user, event_id)
  local row = call('HGET', S.key('cl:' .. user), event_id)
  return row and cmsgpack.unpack(row)
end

-- Whose time is not over.
function S.find_call(user, event_id)
  local kept = stored(user, event_id)
  return kept and S.wall < kept.ends and kept
end

function S.write_call(user, event_id, kept)
  call('HSET', S.key('cl:' .. user), event_id, cmsgpack.pack(kept))
end

function S.drop_call(user, event_id)
  local kept = stored(user, event_id)
  if not kept then return end
  call('HDEL', S.key('cl:' .. user), event_id)
  call('ZREM', S.key('cz:' .. user), event_id)
  call('ZREM', S.key('cx'), ends_name(user, event_id))
  if call('HINCRBY', S.key('cb'), user, 0 - cancel_bytes(kept)) == 0 then call('HDEL', S.key('cb'), user) end
end

-- Bounded: the user's oldest go.
function S.add_call(user, event_id, kept)
  S.drop_call(user, event_id)
  S.write_call(user, event_id, kept)
  call('ZADD', S.key('cz:' .. user), S.next_sequence('call'), event_id)
  call('ZADD', S.key('cx'), S.text(kept.ends), ends_name(user, event_id))
  call('HINCRBY', S.key('cb'), user, cancel_bytes(kept))
  while call('ZCARD', S.key('cz:' .. user)) > PER_USER_MAX
    or tonumber(call('HGET', S.key('cb'), user) or '0') > PER_USER_BYTES_MAX do
    local oldest = call('ZRANGE', S.key('cz:' .. user), 0, 0)[1]
    if not oldest then return end
    S.drop_call(user, oldest)
  end
end

-- What it takes goes, what it is for stays.
function S.spend_cancel(user, kept)
  local cancel = kept.cancel
  if not cancel then return nil end
  call('HINCRBY', S.key('cb'), user, 0 - cancel_bytes(kept))
  kept.cancel = nil
  return cancel
end

-- With the append of its event; `draft`: the caller's, with who took it as `parts`.
function S.begin_call(user, event_id, draft)
  local older = S.find_call(user, event_id)
  if older and older.sender ~= draft.sender then return end
  if older and not older.winner then
    local is_newer = {}
    for _, part in ipairs(draft.parts) do is_newer[part[1]] = true end
    local joined = {}
    for _, part in ipairs(older.parts) do
      if not is_newer[part[1]] then joined[#joined + 1] = part end
    end
    for _, part in ipairs(draft.parts) do joined[#joined + 1] = part end
    draft.parts = joined
  end
  S.add_call(user, event_id, draft)
end

function S.is_called(user, event_id, sequence)
  local kept = S.find_call(user, event_id)
  if not kept then return false end
  for _, part in ipairs(kept.parts) do
    if part[3] == sequence then return true end
  end
  return false
end

-- An entry ended without its endpoint having been sent it for sure.
function S.leave_call(reg, sequence, entry)
  if not entry.k then return end
  local user = S.user(reg.o, reg.u)
  local kept = stored(user, entry.e)
  if not kept then return end
  local left = {}
  for _, part in ipairs(kept.parts) do
    if part[3] ~= sequence then left[#left + 1] = part end
  end
  if #left == #kept.parts then return end
  if #left == 0 then return S.drop_call(user, entry.e) end
  kept.parts = left
  S.write_call(user, entry.e, kept)
end

-- Those whose time is over go, `max` at most.
function S.prune_calls(earliest, max)
  local over = call('ZRANGEBYSCORE', S.key('cx'), '-inf', earliest, 'LIMIT', 0, max)
  for _, name in ipairs(over) do
    local user, event_id = string.match(name, '^([^\n]*)\n(.*)$')
    call('ZREM', S.key('cx'), name)
    S.drop_call(user, event_id)
  end
end
