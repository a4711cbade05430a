-- What this partition has, in sums: for a process that did not bring it about itself.
-- KEYS partition
-- ARGV time wall
-- Reply {totals, history, keys, claims, feed}
-- Flags no-writes
return function()
  return S.sums()
end
