-- `NodeTable.bury`
-- KEYS partition
-- ARGV time wall node
-- Reply 1
-- Flags allow-oom
return function(args)
  local node = S.node(args[3])
  if not node then return 1 end
  node.b = true
  S.write_node(args[3], node)
  return 1
end
