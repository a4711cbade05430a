-- `CallStore.answer`
-- KEYS partition
-- ARGV time wall request answer eventsMax bytesMax hint
-- Reply {'answered', taken, cancellation}, {'repeated'}, {'elsewhere', endpoint} or {'unknown'}
local function from_history(call)
  local parts = {}
  for index, endpoint in ipairs(call.endpoints) do parts[index] = { endpoint, '0', '0' } end
  return {
    sender = call.sender, qos = call.qos, record = call.record, ends = call.ends, masks = call.masks, parts = parts,
  }
end

local function tell(q, kept, answer)
  S.note_answered(kept.record, q.endpoint, answer)
  local subject = S.live_endpoint(q.o, q.u, q.endpoint) or { o = q.o, u = q.u, e = q.endpoint }
  S.tell_receipt('UserEndpointEventAnsweredEvent', subject, 'answered', q.call.e, answer)
  if kept.w then S.note('tiding', { kept.w, 'answered', false, q.o, q.u, kept.sender, q.call.e, q.endpoint }) end
end

-- Whoever answers has the event.
local function take_own(part)
  local entry = S.entry(part[3])
  local reg = entry and entry.g == part[2] and S.reg(part[2])
  if not reg then return false end
  S.end_entry(reg, part[3], entry, 'acknowledged')
  return { reg.o, reg.u, reg.e, reg.id, part[3] }
end

local function cancel(q, kept, args)
  local draft = S.spend_cancel(S.user(q.o, q.u), kept)
  if not draft then return false end
  local others = 0
  local discarded, live = {}, {}
  for _, part in ipairs(kept.parts) do
    if part[1] ~= kept.winner then
      others = others + 1
      local entry = S.entry(part[3])
      local reg = entry and entry.g == part[2] and S.reg(part[2])
      if reg and not S.is_in_flight(reg.id, part[3]) then
        S.discard(reg, part[3], entry, 'answered_elsewhere')
        discarded[#discarded + 1] = { reg.o, reg.u, reg.e, reg.id, part[3] }
      end
    end
  end
  if others == 0 then return false end
  for _, part in ipairs(kept.parts) do
    local reg = part[1] ~= kept.winner and S.live_endpoint(q.o, q.u, part[1])
    if reg then live[#live + 1] = reg end
  end
  local accepted, full = S.tell_the_others(draft, live, tonumber(args[5]), tonumber(args[6]), tonumber(args[7]))
  return { q.o, accepted, full, discarded }
end

return function(args)
  local q = cjson.decode(args[3])
  local answer = q.hasAnswer and args[4] or nil
  local user = S.user(q.o, q.u)
  local known = S.find_call(user, q.call.e)
  local kept = known or from_history(q.call)
  local own
  for _, part in ipairs(kept.parts) do
    if part[1] == q.endpoint then own = part end
  end
  if not own or S.wall >= kept.ends or kept.record ~= q.call.record then return { 'unknown' } end
  if kept.winner == q.endpoint then return { 'repeated' } end
  if kept.winner then return { 'elsewhere', kept.winner } end
  kept.winner = q.endpoint
  if not known then S.add_call(user, q.call.e, kept) end
  tell(q, kept, answer)
  local taken = take_own(own)
  local cancellation = cancel(q, kept, args)
  S.write_call(user, q.call.e, kept)
  return { 'answered', taken, cancellation }
end
