-- `ChartStore.put`, of one organization or of all together: then `key` is `ch` alone.
-- KEYS partition
-- ARGV time wall key rowsMax (startWallMs points)…
-- Reply 1
return function(args)
  for at = 5, #args, 2 do S.chart_put(args[3], args[at], args[at + 1]) end
  S.chart_keep_bound(tonumber(args[4]))
  return 1
end
