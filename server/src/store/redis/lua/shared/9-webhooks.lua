-- At the organization's: `fd:<organization>` its feed by sequence, `fs:<organization>` up to where each partition's outbox has
-- been moved, `fl` the newest sequence of each, `fb` bytes and `fn` changes of each, `gap`
-- how many changes were dropped. `wh:<organization>` webhooks, `dl:<organization>/<webhook>` dead letters, `dn` how many.

function S.split(member)
  local at = string.find(member, ':', 1, true)
  return string.sub(member, 1, at - 1), cmsgpack.unpack(string.sub(member, at + 1))
end

local function forget_empty(key, field, left)
  if left == 0 then call('HDEL', S.key(key), field) end
end

local function count_feed(organization, changes, bytes)
  local left = call('HINCRBY', S.key('fn'), organization, changes)
  forget_empty('fn', organization, left)
  S.note('feed', organization, left)
  forget_empty('fb', organization, call('HINCRBY', S.key('fb'), organization, bytes))
end

function S.feed_add(organization, entry)
  local last = tonumber(call('HGET', S.key('fl'), organization) or '0')
  local sequence = S.text(math.max(last + 1, (S.wall - 1735689600000) * 16))
  call('HSET', S.key('fl'), organization, sequence)
  local member = sequence .. ':' .. cmsgpack.pack(entry)
  call('ZADD', S.key('fd:' .. organization), sequence, member)
  count_feed(organization, 1, #member)
end

-- An entry that another store has had; a gap counts to no bound.
function S.feed_add_moved(organization, sequence, entry)
  if call('ZCOUNT', S.key('fd:' .. organization), sequence, sequence) > 0 then return end
  S.feed_reached(organization, sequence)
  local member = sequence .. ':' .. cmsgpack.pack(entry)
  call('ZADD', S.key('fd:' .. organization), sequence, member)
  if not entry.n then count_feed(organization, 1, #member) end
end

-- No sequence up to this one is given to the organization again.
function S.feed_reached(organization, sequence)
  local last = tonumber(call('HGET', S.key('fl'), organization) or '0')
  if tonumber(sequence) > last then call('HSET', S.key('fl'), organization, sequence) end
end

function S.feed_drop(organization, member, entry)
  call('ZREM', S.key('fd:' .. organization), member)
  if not entry.n then count_feed(organization, -1, 0 - #member) end
end

-- The oldest change goes; a gap stands in its place, joined with the one before it unless that may have been sent.
function S.feed_give_up(organization)
  local key = S.key('fd:' .. organization)
  local gap, gap_member
  local at = 0
  while true do
    local member = call('ZRANGE', key, at, at)[1]
    if not member then return false end
    local sequence, entry = S.split(member)
    if not entry.n then
      S.feed_drop(organization, member, entry)
      local made = { y = 'FeedGapEvent', w = 'feed_full', o = organization, u = '', e = '', t = entry.t, n = 1, m = entry.t }
      if gap then
        call('ZREM', key, gap_member)
        made.n = gap.n + 1
        made.m = gap.m
      end
      call('ZADD', key, sequence, sequence .. ':' .. cmsgpack.pack(made))
      S.note('dropped', 1)
      return true
    end
    gap, gap_member = nil, nil
    if not entry.v then gap, gap_member = entry, member end
    at = at + 1
  end
end

function S.feed_mark_read(organization, member, sequence, entry)
  local key = S.key('fd:' .. organization)
  call('ZREM', key, member)
  entry.v = 1
  call('ZADD', key, sequence, sequence .. ':' .. cmsgpack.pack(entry))
end

function S.feed_keep_bounds(organization, entries_max, bytes_max)
  while tonumber(call('HGET', S.key('fn'), organization) or '0') > entries_max
    or tonumber(call('HGET', S.key('fb'), organization) or '0') > bytes_max do
    if not S.feed_give_up(organization) then return end
  end
end

-- `FeedEntry`. Where there is nothing there is false.
function S.show_entry(sequence, entry)
  local function number(value) return value and S.text(value) or false end
  return {
    sequence, entry.y, entry.w, entry.o, entry.u, entry.e, S.text(entry.t), number(entry.g), number(entry.k),
    number(entry.s), number(entry.c), entry.i or false, entry.a or false, number(entry.n), number(entry.m),
  }
end

function S.webhook(organization, webhook)
  local row = call('HGET', S.key('wh:' .. organization), webhook)
  return row and cmsgpack.unpack(row)
end

function S.write_webhook(organization, webhook, position)
  call('HSET', S.key('wh:' .. organization), webhook, cmsgpack.pack(position))
  call('SADD', S.key('whs'), organization .. '/' .. webhook)
end

-- Whether this lease holds now.
function S.leased(organization, webhook, epoch)
  local position = S.webhook(organization, webhook)
  return position and position.epoch == epoch and position.lapses and S.now < position.lapses and position
end

-- What a dead process has leased is free.
function S.free_leases(node)
  for _, name in ipairs(call('SMEMBERS', S.key('whs'))) do
    local organization, webhook = string.match(name, '^([^/]*)/(.*)$')
    local position = S.webhook(organization, webhook)
    if position and position.node == node and position.lapses then
      position.lapses = nil
      S.write_webhook(organization, webhook, position)
    end
  end
end

-- What every webhook of the organization is past goes; without any, everything.
function S.feed_trim(organization)
  local key = S.key('fd:' .. organization)
  local positions = call('HVALS', S.key('wh:' .. organization))
  local done = #positions == 0 and '+inf'
  local least
  for _, row in ipairs(positions) do
    local one = tonumber(cmsgpack.unpack(row).done)
    if not least or one < least then least = one end
  end
  done = done or S.text(least)
  while true do
    local over = call('ZRANGEBYSCORE', key, '-inf', done, 'LIMIT', 0, 500)
    for _, member in ipairs(over) do
      local _, entry = S.split(member)
      S.feed_drop(organization, member, entry)
    end
    if #over < 500 then return end
  end
end

function S.webhook_advance(organization, webhook, position, sequence)
  if tonumber(sequence) > tonumber(position.done) then
    position.done = sequence
    position.batch = nil
  end
  S.write_webhook(organization, webhook, position)
  S.feed_trim(organization)
end

local function letters_key(organization, webhook)
  return S.key('dl:' .. organization .. '/' .. webhook)
end
S.letters_key = letters_key

function S.count_letters(organization, by)
  forget_empty('dn', organization, call('HINCRBY', S.key('dn'), organization, by))
end

function S.drop_letters(organization, webhook)
  local key = letters_key(organization, webhook)
  local count = call('ZCARD', key)
  call('DEL', key)
  if count > 0 then S.count_letters(organization, -count) end
end
