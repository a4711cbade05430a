-- What is due is carried out, and, where `ageMs` is given, time goes on.
-- KEYS partition
-- ARGV time wall ageMs max earliestWallMs historyAgeMsMax upkeepMax chartMs lastSeenMax isShared knownMs
-- Reply {reminded, expired, lapsed, nextInMs, hasMore, isBehind, lastSeenGone, now, lostMs}
-- Flags allow-oom
local SPARED_FOR_MS = 5000
local SEEN_MS = 7776000000
-- The last moments are not always with whoever takes over, and nobody has to be told of that.
local BACK_MS = 2000
-- In one step, however many are asked for.
local SWEPT_MAX = 1000

local function expire(regs, expired)
  local newest, reasons = S.newest_of(regs), {}
  for at, reg in ipairs(regs) do
    local is_newest = newest[at] == reg.id
    if is_newest then S.tell('UserEndpointExpiredEvent', reg, 'keepalive_missed') end
    reasons[at] = is_newest and 'registration_expired' or 'registered_anew'
    expired[at] = S.show(reg)
  end
  S.end_regs(regs, newest, reasons)
end

local function sweep_registrations(max, reminded, expired)
  local call = redis.call
  local due = call('ZRANGEBYSCORE', S.key('due'), '-inf', S.text(S.heard), 'LIMIT', 0, max)
  local over = {}
  for at, reg in ipairs(S.regs(due)) do
    if not reg then
      call('ZREM', S.key('due'), due[at])
    elseif S.due_at(reg) > S.heard then
      S.write_reg(reg)
    elseif S.is_live(reg) then
      reg.reminded = true
      S.write_reg(reg)
      S.remind_holder(reg)
      reminded[#reminded + 1] = S.show(reg)
    else
      over[#over + 1] = reg
    end
  end
  if #over > 0 then expire(over, expired) end
  return #due
end

local function sweep_entries(max, lapsed)
  local call = redis.call
  local due = call('ZRANGEBYSCORE', S.key('lt'), '-inf', S.text(S.wall), 'LIMIT', 0, max)
  for _, sequence in ipairs(due) do
    local entry = S.entry(sequence)
    local reg = entry and S.reg(entry.g)
    if not reg then
      call('ZREM', S.key('lt'), sequence)
    elseif S.is_in_flight(reg.id, sequence) then
      call('ZADD', S.key('lt'), S.text(S.wall + SPARED_FOR_MS), sequence)
    else
      S.end_entry(reg, sequence, entry, 'expired')
      lapsed[#lapsed + 1] = { reg.o, reg.u, reg.e, reg.id, sequence }
    end
  end
  return #due
end

local function next_in(key, from)
  local first = redis.call('ZRANGE', S.key(key), 0, 0, 'WITHSCORES')
  return first[2] and math.max(0, tonumber(first[2]) - from)
end

local function keep_up(args)
  local call = redis.call
  local earliest, max = args[5], tonumber(args[7])
  S.prune_calls(earliest, max)
  S.prune_replies(earliest, max)
  S.prune_families(earliest, max)
  S.prune_buried(max)
  S.chart_prune(S.text(tonumber(earliest) - tonumber(args[8])), max)
  local oldest = tonumber(earliest) - tonumber(args[6])
  local gone = 0
  for _, id in ipairs(call('ZRANGE', S.key('h'), 0, max - 1)) do
    local record = S.record(id)
    if record and record.d.a > oldest then break end
    S.drop_record(id)
    gone = gone + 1
  end
  local before = S.text(tonumber(earliest) - SEEN_MS)
  for _, name in ipairs(call('ZRANGEBYSCORE', S.key('seenz'), '-inf', before, 'LIMIT', 0, max)) do
    S.forget_seen(name)
    S.tidy_name(string.match(name, '^([^/]*)/(.*)$'))
  end
  local seen_gone = S.bound_seen(tonumber(args[9]), args[10] == '1', max)
  return gone == max or seen_gone == max, seen_gone
end

-- Time that was later here before: what is here is older than what was. Everybody is told by another birth.
local function lost_ms(known)
  local ms = known and known - S.now or 0
  if ms <= BACK_MS then return 0 end
  redis.call('HSET', S.key('c'), 'i', table.concat(redis.call('TIME'), '.'))
  return ms
end

return function(args)
  local max = math.min(SWEPT_MAX, tonumber(args[4]))
  local lost = lost_ms(tonumber(args[11]))
  if args[3] ~= '' then
    S.write_clock(tonumber(args[3]))
    -- Whoever brought it about may be gone.
    if redis.call('ZCARD', S.key('out')) > 0 then S.note('outbox') end
  end
  local reminded, expired, lapsed = {}, {}, {}
  local has_more = false
  if max > 0 then
    has_more = sweep_registrations(max, reminded, expired) == max
    has_more = sweep_entries(max, lapsed) == max or has_more
  end
  local is_behind, seen_gone = false, 0
  if args[7] ~= '0' then is_behind, seen_gone = keep_up(args) end
  local in_ms = next_in('due', S.heard)
  local entry_in_ms = next_in('lt', S.wall)
  if entry_in_ms and (not in_ms or entry_in_ms < in_ms) then in_ms = entry_in_ms end
  has_more = has_more and in_ms == 0
  return {
    reminded, expired, lapsed, in_ms and S.text(in_ms) or false, has_more and 1 or 0, is_behind and 1 or 0,
    seen_gone or 0, S.text(S.now), S.text(lost),
  }
end
