-- `NodeTable.beat`
-- KEYS partition
-- ARGV time wall node
-- Reply {timeMs, {{node, name, silentMs, isBuried, at}, …}}, or false where it is not there any more
-- Flags allow-oom
return function(args)
  S.write_clock(0)
  local node = S.node(args[3])
  if not node or node.b then return false end
  node.at = S.now
  S.write_node(args[3], node)
  return { S.text(S.at), S.list_nodes() }
end
