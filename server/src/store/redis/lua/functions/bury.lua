-- `NeighbourStore.bury`: links that a process had which is no more are told as disconnected, some at a time.
-- KEYS partition
-- ARGV time wall node max
-- Reply how many are left
-- Flags allow-oom
return function(args)
  return S.bury(args[3], tonumber(args[4]))
end
