-- In {ctl}: `chg` what changed of the lists that every process holds, and of the directory, in its order: which keys, and not
-- what they are now. Some thousand are enough: a process asks three times a second, and reads all where that was too seldom.

local KEPT_MAX = 2000
local KIND = 'change of a list'

-- Returns its number.
function S.changed(name, revision, keys)
  local number = S.next_sequence(KIND)
  local row = cmsgpack.pack({ name, revision, keys })
  call('ZADD', S.key('chg'), number, number .. ':' .. row)
  local excess = call('ZCARD', S.key('chg')) - KEPT_MAX
  if excess > 0 then
    local gone = call('ZPOPMIN', S.key('chg'), excess)
    call('HSET', S.key('c'), 'forgotten changes', gone[#gone])
  end
  return number
end

function S.newest_change()
  return call('HGET', S.key('c'), 'last ' .. KIND) or '0'
end

-- Whether all that came after this number is known.
function S.knows_changes_after(number)
  local forgotten = tonumber(call('HGET', S.key('c'), 'forgotten changes') or '0')
  return tonumber(number) >= forgotten and tonumber(number) <= tonumber(S.newest_change())
end

-- { { name, revision, keys }, ... }, some thousand at most.
function S.changes_after(number)
  local found = {}
  for _, member in ipairs(call('ZRANGEBYSCORE', S.key('chg'), '(' .. number, '+inf')) do
    local sequence, row = S.split(member)
    found[#found + 1] = { sequence, row[1], row[2], row[3] }
  end
  return found
end
