-- Time of a partition: it passes only while somebody sweeps it, by a second at most from one sweep to the next. One rule
-- for a service that was down, a Redis that was away, a process that stood still, and clocks of machines that differ.
-- Only a sweep writes it. (docs/adr/0056)

local STEP_MS_MAX = 1000
local RECOVERIES_MAX = 64

-- Milliseconds: what is given, which tests do, or Redis's own.
function S.time(given)
  if given ~= '' then return tonumber(given) end
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

function S.read_clock(given)
  local row = call('HMGET', S.key('c'), 'b', 'l', 'h', 'n', 'r')
  if not row[1] then return false end
  local base, last = tonumber(row[1]), tonumber(row[2])
  S.heard = tonumber(row[3])
  S.newest = tonumber(row[4])
  S.recoveries = row[5] and cmsgpack.unpack(row[5]) or {}
  S.at = S.time(given)
  local gap = math.max(0, S.at - last)
  S.stood_still = gap > STEP_MS_MAX
  S.now = base + math.min(gap, STEP_MS_MAX)
  S.pending = nil
  -- Nobody has written it down yet, and it counts already.
  if S.stood_still then S.pending = { S.newest + 1, S.heard, S.now, 0 } end
  return true
end

local function lift_by(deadline, period, recovery)
  local from, to, least = recovery[2], recovery[3], recovery[4]
  if deadline > from then return math.max(deadline, to + math.max(period, least)) end
  return deadline
end

-- The deadline with every recovery after number `known` taken into account: `recovery.ts`.
function S.lift(deadline, period, known)
  for _, recovery in ipairs(S.recoveries) do
    if recovery[1] > known then deadline = lift_by(deadline, period, recovery) end
  end
  if S.pending then deadline = lift_by(deadline, period, S.pending) end
  return deadline
end

-- Two joined into one count from the first's beginning to the second's end.
local function add(recovery)
  local all = S.recoveries
  all[#all + 1] = recovery
  S.newest = recovery[1]
  if #all <= RECOVERIES_MAX then return end
  local first, second = all[1], all[2]
  second[2] = first[2]
  second[4] = math.max(first[4], second[4])
  table.remove(all, 1)
end

-- Those that can lift nobody any more go; an old one counts as long as a later one follows within a period.
local function prune(period_max)
  local all = S.recoveries
  local until_ms, kept = 0, 1
  for index, recovery in ipairs(all) do
    until_ms = math.max(until_ms, recovery[3] + math.max(period_max, recovery[4]))
    local following = all[index + 1]
    if until_ms <= (following and following[2] or S.heard) then kept = index + 1 end
  end
  if kept == 1 then return end
  local left = {}
  for index = kept, #all do left[#left + 1] = all[index] end
  S.recoveries = left
end

local function write_recoveries()
  if #S.recoveries == 0 then
    call('HDEL', S.key('c'), 'r')
  else
    call('HSET', S.key('c'), 'r', cmsgpack.pack(S.recoveries))
  end
  call('HSET', S.key('c'), 'n', S.text(S.newest))
end

-- Time goes on to now. `age`: how long ago everything that had arrived was read.
function S.write_clock(age)
  local had = #S.recoveries
  if S.pending then
    add(S.pending)
    S.pending = nil
    S.heard = S.now
  else
    S.heard = math.max(S.heard, S.now - age)
  end
  if had > 0 then prune(tonumber(call('HGET', S.key('c'), 'm') or '0')) end
  if had ~= #S.recoveries or S.stood_still then write_recoveries() end
  call('HSET', S.key('c'), 'b', S.text(S.now), 'l', S.text(S.at), 'h', S.text(S.heard))
end

-- The partition's clock at the start of a service: it stands where it was, and whoever lived has `least` at least.
function S.start_clock(given, least)
  S.at = S.time(given)
  local row = call('HMGET', S.key('c'), 'b', 'h', 'n', 'r')
  S.now = tonumber(row[1])
  S.heard = S.now
  S.recoveries = row[4] and cmsgpack.unpack(row[4]) or {}
  S.pending = nil
  add({ tonumber(row[3]) + 1, tonumber(row[2]), S.now, least })
  prune(tonumber(call('HGET', S.key('c'), 'm') or '0'))
  write_recoveries()
  call('HSET', S.key('c'), 'l', S.text(S.at), 'h', S.text(S.heard))
end

-- The longest period of any registration there was: until then a recovery may count.
function S.note_period(period)
  local longest = tonumber(call('HGET', S.key('c'), 'm') or '0')
  if period > longest then call('HSET', S.key('c'), 'm', S.text(period)) end
end
