-- What has changed of lists and directory since; of each key what it is now, or false.
-- KEYS partition
-- ARGV time wall after
-- Reply {newest, isComplete, {{sequence, name, revision, {key, {item, untilWallMs, notBeforeWallMs, order}…}}, …}}
-- Flags no-writes
local function now_of(name, key)
  if name == 'directory' then return redis.call('HGET', S.key('dir'), key) end
  local row = redis.call('HGET', S.key('list:' .. name), key)
  if not row then return false end
  local item = cmsgpack.unpack(row)
  return { item.i, item.u, item.n, item.o }
end

return function(args)
  local newest = S.newest_change()
  if args[3] == '' then return { newest, 1, {} } end
  if not S.knows_changes_after(args[3]) then return { newest, 0, {} } end
  local rows = {}
  for _, change in ipairs(S.changes_after(args[3])) do
    local sequence, name, revision, keys = unpack(change)
    local items = {}
    for _, key in ipairs(keys) do
      items[#items + 1] = key
      items[#items + 1] = now_of(name, key)
    end
    rows[#rows + 1] = { sequence, name, revision, items }
  end
  return { newest, 1, rows }
end
