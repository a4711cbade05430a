-- Records of events: `hr` what was accepted, `ho` what became of each endpoint's part since, `h` and `h:<organization>`
-- in their order, `hx` by event, `hs` their size by organization.

-- What a record costs beside its event, roughly.
local RECORD_BYTES = 300
local FINAL = { acknowledged = true, expired = true, discarded = true }

local function count(organization, bytes)
  local left = call('HINCRBY', S.key('hs'), organization, bytes)
  if left == 0 then call('HDEL', S.key('hs'), organization) end
  S.note('history', organization, left)
end

local function name_of(event_id, id)
  return event_id .. '\0' .. string.rep('0', 20 - #id) .. id
end

local function file(id, record)
  local draft = record.d
  call('HSET', S.key('hr'), id, cmsgpack.pack(record))
  call('ZADD', S.key('h'), id, id)
  call('ZADD', S.key('h:' .. draft.o), id, id)
  call('ZADD', S.key('hx'), 0, name_of(draft.e, id))
  count(draft.o, record.b)
end

-- `draft`: whose it is (`o`, `u`), its event's id (`e`), when it was accepted (`a`), who sent it (`s`, `k`), and all of it as
-- JSON (`j`). `parts`: { { endpoint, outcome, reason or false }, … }, each as of the acceptance. Returns the record's id.
function S.add_record(draft, event, parts, hint)
  local id = S.next_id('record', hint)
  file(id, { d = draft, v = event, p = parts, b = #event + RECORD_BYTES })
  return id
end

-- One that another store has had. `answered`: { endpoint, at, answer or false }, or nil.
function S.add_moved_record(id, draft, event, parts, answered)
  local answer_bytes = answered and answered[3] and #answered[3] or 0
  file(id, { d = draft, v = event, p = parts, w = answered, b = #event + RECORD_BYTES + answer_bytes })
end

function S.record(id)
  local row = call('HGET', S.key('hr'), id)
  return row and cmsgpack.unpack(row)
end

local function part_key(id, index)
  return id .. ':' .. index
end

-- Notes an outcome of a part, and why it was discarded, unless it was noted before, or nothing more can become of it.
function S.note_outcome(id, index, outcome, reason)
  if not id or call('HEXISTS', S.key('hr'), id) == 0 then return end
  local key = part_key(id, index)
  local row = call('HGET', S.key('ho'), key)
  local noted = row and cmsgpack.unpack(row) or {}
  for at = 1, #noted, 3 do
    if noted[at] == outcome or FINAL[noted[at]] then return end
    -- A device that has it needs no waking any more.
    if outcome == 'woken' and noted[at] == 'sent' then return end
  end
  -- A part that waits has been noted as queued.
  if outcome == 'queued' then return end
  noted[#noted + 1] = outcome
  noted[#noted + 1] = S.wall
  noted[#noted + 1] = reason or false
  call('HSET', S.key('ho'), key, cmsgpack.pack(noted))
end

function S.note_answered(id, endpoint, answer)
  local record = id ~= '0' and S.record(id)
  if not record then return end
  record.w = { endpoint, S.wall, answer or false }
  local bytes = #record.v + RECORD_BYTES + (answer and #answer or 0)
  count(record.d.o, bytes - record.b)
  record.b = bytes
  call('HSET', S.key('hr'), id, cmsgpack.pack(record))
end

-- Returns its size.
function S.drop_record(id)
  local record = S.record(id)
  call('ZREM', S.key('h'), id)
  if not record then return 0 end
  call('HDEL', S.key('hr'), id)
  call('ZREM', S.key('h:' .. record.d.o), id)
  call('ZREM', S.key('hx'), name_of(record.d.e, id))
  for index = 1, #record.p do call('HDEL', S.key('ho'), part_key(id, index)) end
  count(record.d.o, -record.b)
  return record.b
end

-- As it goes to whoever asks. Where there is nothing there is false.
function S.show_record(id)
  local record = S.record(id)
  if not record then return false end
  local parts = {}
  for index, part in ipairs(record.p) do
    local row = call('HGET', S.key('ho'), part_key(id, index))
    local noted = row and cmsgpack.unpack(row) or {}
    for at = 2, #noted, 3 do noted[at] = S.text(noted[at]) end
    parts[index] = { part[1], part[2], part[3], noted }
  end
  local answered = record.w and { record.w[1], S.text(record.w[2]), record.w[3] } or false
  return { id, record.d.j, S.text(record.d.a), record.v, parts, answered }
end
