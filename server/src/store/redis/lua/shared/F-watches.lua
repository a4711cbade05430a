-- Which webhooks each process has in its directory, and the changes that they want: directories may differ for a while, and what
-- one does not know another may. `wmn` the digest of what a process has, by its incarnation, `wma` when it said so last, `wmd` what
-- the digests are of, `wm` the changes of all together, by organization.

-- Whoever has said nothing for so long is not there any more.
local SAID_WITHIN_MS = 600000

local function forget_silent()
  local used = {}
  local said = call('HGETALL', S.key('wma'))
  for at = 1, #said, 2 do
    if tonumber(said[at + 1]) < S.now - SAID_WITHIN_MS then
      call('HDEL', S.key('wma'), said[at])
      call('HDEL', S.key('wmn'), said[at])
    end
  end
  for _, digest in ipairs(call('HVALS', S.key('wmn'))) do used[digest] = true end
  for _, digest in ipairs(call('HKEYS', S.key('wmd'))) do
    if not used[digest] then call('HDEL', S.key('wmd'), digest) end
  end
end

local function join(kinds, more)
  if not kinds then return more end
  for kind in string.gmatch(more, '[^,]+') do
    if not string.find(kinds, ',' .. kind .. ',', 1, true) then kinds = kinds .. kind .. ',' end
  end
  return kinds
end

local function write_changes()
  local all = {}
  for _, packed in ipairs(call('HVALS', S.key('wmd'))) do
    for organization, row in pairs(cmsgpack.unpack(packed)) do
      all[organization] = join(all[organization], row.kinds)
    end
  end
  call('DEL', S.key('wm'))
  for organization, kinds in pairs(all) do call('HSET', S.key('wm'), organization, kinds) end
end

-- False: nobody knows what the digest is of.
function S.say_watches(node, digest)
  if call('HEXISTS', S.key('wmd'), digest) == 0 then return false end
  call('HSET', S.key('wmn'), node, digest)
  call('HSET', S.key('wma'), node, S.text(S.now))
  return true
end

-- `rows`: by organization `kinds`, between commas, and `ids`, between slashes.
function S.watch(node, digest, rows)
  call('HSET', S.key('wmd'), digest, cmsgpack.pack(rows))
  S.say_watches(node, digest)
  forget_silent()
  write_changes()
end

-- Whether another process has a webhook in its directory, or had it until a moment ago.
function S.is_watched_by_others(organization, webhook, node)
  forget_silent()
  local digests = call('HGETALL', S.key('wmn'))
  for at = 1, #digests, 2 do
    local packed = digests[at] ~= node and call('HGET', S.key('wmd'), digests[at + 1])
    local row = packed and cmsgpack.unpack(packed)[organization]
    if row and string.find(row.ids, '/' .. webhook .. '/', 1, true) then return true end
  end
  return false
end
