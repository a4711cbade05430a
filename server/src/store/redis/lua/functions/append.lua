-- `MailboxStore.append`. Drafts: of the record, of the event that cancels the others, and of the call with its own.
-- KEYS partition
-- ARGV time wall request payload recordEvent cancelPayload cancelEvent callCancelPayload callCancelEvent
-- Reply {'done', accepted, full, replaced}, {'repeated', eventId, count} or {'void'}
local function unsent_of_its_key(reg, q)
  local old, bytes = {}, 0
  if not q.collapse then return old, bytes end
  for _, sequence in ipairs(S.collapsed(reg.id, q.collapse)) do
    local entry = S.entry(sequence)
    if entry and not S.is_in_flight(reg.id, sequence) then
      old[#old + 1] = { sequence, entry }
      bytes = bytes + #entry.p
    end
  end
  return old, bytes
end

-- Who takes it, each with what makes room for it, and who has no room.
local function decide(q, payload)
  local taking, full = {}, {}
  for _, reg in ipairs(S.reached(q.o, q.u, q.endpoint)) do
    local old, bytes = unsent_of_its_key(reg, q)
    local has_room = S.depth(reg.id) - #old < q.eventsMax and S.bytes(reg.id) - bytes + #payload <= q.bytesMax
    if has_room then
      taking[#taking + 1] = { reg, old }
    else
      full[#full + 1] = reg
    end
  end
  return taking, full
end

local function record(q, event, taking, full)
  if not q.record then return nil end
  local parts = {}
  for _, one in ipairs(taking) do parts[#parts + 1] = { one[1].e, 'queued', false } end
  for _, reg in ipairs(full) do parts[#parts + 1] = { reg.e, 'discarded', 'mailbox_full' } end
  return S.add_record(q.record, event, parts, q.hint)
end

local function cancel_of(draft, payload, event)
  return draft and { e = draft.e, s = draft.s, d = draft.d, p = payload, v = event }
end

local function key_of(reg)
  return { reg.o, reg.u, reg.e, reg.id }
end

local function make_room(reg, old, replaced)
  for _, one in ipairs(old) do
    S.leave_call(reg, one[1], one[2])
    S.discard(reg, one[1], one[2], 'collapsed')
    replaced[#replaced + 1] = { reg.o, reg.u, reg.e, reg.id, one[1] }
  end
end

return function(args)
  local q = cjson.decode(args[3])
  local payload = args[4]
  local known = q.token and S.outcome(q.token)
  if known then return known.void and { 'void' } or { 'repeated', known.e, S.text(known.n) } end
  local taking, full = decide(q, payload)
  local is_accepted = #taking > 0 or #full == 0
  if q.token and is_accepted then S.keep_outcome(q.token, { e = q.e, n = #taking }, q.tokensMax) end
  local accepted, replaced, entries, parts, id = {}, {}, {}, {}, nil
  if is_accepted then id = record(q, args[5], taking, full) end
  local race = q.cancel and #taking > 1 and S.next_sequence('race')
  local must_be_claimed = q.expires or q.collapse or q.cancel or q.call
  for index, one in ipairs(taking) do
    local reg = one[1]
    make_room(reg, one[2], replaced)
    local sequence, follows, link = S.push(reg, {
      e = q.e, p = payload, s = q.sealed, a = q.at, x = q.expires, c = q.collapse, r = race or nil, k = q.call and 1,
      h = id, n = id and index, w = q.awaited,
    }, must_be_claimed, q.node)
    local is_elsewhere = link and link.n ~= q.node
    accepted[index] = { reg.o, reg.u, reg.e, reg.id, sequence, follows, reg.wake and 1 or 0, is_elsewhere and 1 or 0 }
    entries[index] = { reg.id, sequence }
    parts[index] = { reg.e, reg.id, sequence }
  end
  if race then
    local cancel = cancel_of(q.cancel, args[6], args[7])
    redis.call('HSET', S.key('race'), race, cmsgpack.pack({ cancel = cancel, entries = entries, left = #entries }))
  end
  if q.call and #taking > 0 then
    local draft = q.call
    S.begin_call(S.user(q.o, q.u), q.e, {
      sender = draft.sender, qos = 1, record = id or '0', ends = draft.ends, masks = draft.masks, parts = parts,
      cancel = cancel_of(draft.cancel, args[8], args[9]), w = q.awaited,
    })
  end
  local full_keys = {}
  for _, reg in ipairs(full) do full_keys[#full_keys + 1] = key_of(reg) end
  return { 'done', accepted, full_keys, replaced }
end
