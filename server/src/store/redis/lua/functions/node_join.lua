-- `NodeTable.join`: a process comes in. The time that nodes are judged by goes on while any of them says that it is there.
-- KEYS partition
-- ARGV time wall node name
-- Reply {'listed', {{node, name, silentMs, isBuried, at}, …}}, or {'taken', node} where another has its name
-- Flags allow-oom
return function(args)
  S.write_clock(0)
  local other = S.name_taken_by(args[4], args[3])
  if other then return { 'taken', other } end
  local known = S.node(args[3])
  if not (known and known.b) then S.write_node(args[3], { name = args[4], at = S.now }) end
  return { 'listed', S.list_nodes() }
end
