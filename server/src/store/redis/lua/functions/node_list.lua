-- Which processes there are, for one that is none of them yet.
-- KEYS partition
-- ARGV time wall
-- Reply {{node, name, silentMs, isBuried, at}, …}
-- Flags no-writes
return function()
  return S.list_nodes()
end
