-- Processes that have the store together: `tn` how many numbered tidings each was told here, `ln:<process>` the registrations
-- that its links hold, `bur` which are dead, by when they were buried. (docs/adr/0051)

-- A tiding: the process it is for, its kind, its number or false, and what it says. What a process is told of its own links it
-- needs no more of than the number: `self` saves the rest.
function S.tell_link_of(reg, link, kind, ...)
  if not link.n then return end
  local number = call('HINCRBY', S.key('tn'), link.n, 1)
  S.note('tiding', { link.n, kind, S.text(number), reg.o, reg.u, reg.e, reg.id, link.l, ... })
end

-- Without a number: a reminder that comes late is none.
function S.remind_holder(reg)
  local link = S.link(reg.id)
  if not link or not link.n then return end
  local secs, left = S.text(reg.secs), S.text(reg.deadline - S.now)
  S.note('tiding', { link.n, 'reminded', false, reg.o, reg.u, reg.e, reg.id, link.l, secs, left })
end

-- Whoever waits for it looks when the time is over: this has no number either.
function S.tell_waiting(reg, sequence, entry, is_acknowledged)
  if not entry.w then return end
  local how = is_acknowledged and 1 or 0
  S.note('tiding', { entry.w, 'entry_over', false, reg.o, reg.u, reg.e, reg.id, sequence, how })
end

function S.is_buried(node)
  return call('ZSCORE', S.key('bur'), node) ~= false
end

-- Returns how many of its links are left.
function S.bury(node, max)
  call('ZADD', S.key('bur'), S.text(S.now), node)
  call('HDEL', S.key('tn'), node)
  S.free_leases(node)
  local key = S.key('ln:' .. node)
  for _, id in ipairs(call('SRANDMEMBER', key, max)) do
    local link = S.link(id)
    if link and link.n == node then
      local subject = S.subject_of(id, link)
      if subject then
        S.tell_link('UserEndpointDisconnectedEvent', subject, 'server_restarted', { c = link.t })
      end
      call('HDEL', S.key('ln'), id)
    end
    call('SREM', key, id)
  end
  return call('SCARD', key)
end

-- Nobody comes back by the name of one that was buried so long ago.
function S.prune_buried(max)
  local before = S.text(S.now - 86400000)
  for _, node in ipairs(call('ZRANGEBYSCORE', S.key('bur'), '-inf', before, 'LIMIT', 0, max)) do
    call('ZREM', S.key('bur'), node)
  end
end

-- In {ctl}: `nodes` processes that are there, by their incarnation.

local MISSED_AFTER_MS = 1500

function S.node(incarnation)
  local row = call('HGET', S.key('nodes'), incarnation)
  return row and cmsgpack.unpack(row)
end

function S.write_node(incarnation, node)
  call('HSET', S.key('nodes'), incarnation, cmsgpack.pack(node))
end

-- { { incarnation, name, silentMs, isBuried, at }, ... }
function S.list_nodes()
  local rows = call('HGETALL', S.key('nodes'))
  local listed = {}
  for at = 1, #rows, 2 do
    local node = cmsgpack.unpack(rows[at + 1])
    listed[#listed + 1] = { rows[at], node.name, S.text(S.now - node.at), node.b and 1 or 0, S.text(node.at) }
  end
  return listed
end

-- Whoever has this name and is there, or was a moment ago. One that was silent for longer is buried: its successor has come.
function S.name_taken_by(name, incarnation)
  for _, row in ipairs(S.list_nodes()) do
    local is_other = row[2] == name and row[1] ~= incarnation and row[4] == 0
    if is_other and tonumber(row[3]) < MISSED_AFTER_MS then return row[1] end
    if is_other then
      local node = S.node(row[1])
      node.b = true
      S.write_node(row[1], node)
    end
  end
  return nil
end
