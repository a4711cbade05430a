-- One call of a function: its partition, its time, and what whoever called is told besides the reply.
-- Ids are texts wherever they are kept: a number of Lua loses digits when it becomes part of a key.

-- Where ids begin: 2025-01-01, so that they stay within 53 bits for decades.
local EPOCH_MS = 1735689600000
-- Ids of one millisecond, over all partitions; of sequences, in one.
local IDS_PER_MS = 4096
local SEQUENCES_PER_MS = 16

function S.key(name)
  return S.base .. name
end

-- As short as it can be, and nothing of it is lost.
function S.text(number)
  return string.format(number % 1 == 0 and '%.0f' or '%.17g', number)
end

function S.note(...)
  for _, value in ipairs({ ... }) do S.notes[#S.notes + 1] = value end
end

-- False: the partition has no clock. It was never begun, or it is lost.
function S.begin(keys, args)
  S.base = keys[1]
  S.wall = tonumber(args[2])
  S.notes = {}
  S.touched = {}
  return S.read_clock(args[1])
end

function S.reply(result)
  S.write_totals()
  return { result, S.notes }
end

-- Never one that was used: where the last moments were lost, the wall clock is ahead of what was.
local function next_number(kind, least)
  local field = 'last ' .. kind
  local last = tonumber(call('HGET', S.key('c'), field) or '0')
  local number = math.max(last + 1, least)
  call('HSET', S.key('c'), field, S.text(number))
  return number
end

-- Unique in the whole store: it says its partition.
function S.next_id(kind, hint)
  local place = call('HMGET', S.key('c'), 'P', 'p')
  local count = tonumber(place[1])
  local number = next_number(kind, hint or math.floor((S.wall - EPOCH_MS) * IDS_PER_MS / count))
  return S.text(number * count + tonumber(place[2]))
end

-- Unique in its partition.
function S.next_sequence(kind)
  return S.text(next_number(kind, (S.wall - EPOCH_MS) * SEQUENCES_PER_MS))
end

-- Changes what an organization has in this partition.
function S.count(organization, registrations, events, bytes)
  local change = S.touched[organization] or { 0, 0, 0 }
  change[1] = change[1] + registrations
  change[2] = change[2] + events
  change[3] = change[3] + bytes
  S.touched[organization] = change
end

function S.totals_of(organization)
  local row = call('HGET', S.key('tot'), organization)
  return row and cmsgpack.unpack(row) or { 0, 0, 0 }
end

-- Once for each organization, however much was changed of it.
function S.write_totals()
  for organization, change in pairs(S.touched) do
    local total = S.totals_of(organization)
    for index = 1, 3 do total[index] = total[index] + change[index] end
    if total[1] == 0 and total[2] == 0 then
      call('HDEL', S.key('tot'), organization)
    else
      call('HSET', S.key('tot'), organization, cmsgpack.pack(total))
    end
    S.note('total', organization, total[1], total[2], total[3])
  end
end

-- Of this partition, as it was begun: another one where it was lost.
function S.birth()
  return call('HGET', S.key('c'), 'i') or ''
end

-- { totals by organization, bytes of the history, replies by owner, open claims, changes in feeds }
function S.sums()
  local totals = {}
  local rows = call('HGETALL', S.key('tot'))
  for at = 1, #rows, 2 do
    local total = cmsgpack.unpack(rows[at + 1])
    totals[#totals + 1] = { rows[at], total[1], total[2], total[3] }
  end
  return {
    totals, call('HGETALL', S.key('hs')), call('HGETALL', S.key('ckn')), call('ZCARD', S.key('ckc')),
    call('HGETALL', S.key('fn')),
  }
end

-- The name of a user in a partition: ids never contain a slash.
function S.user(organization, user)
  return organization .. '/' .. user
end
