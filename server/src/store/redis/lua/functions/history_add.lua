-- `HistoryStore.add`
-- KEYS partition
-- ARGV time wall draft event hint (endpoint outcome reason)…
-- Reply recordId
return function(args)
  local parts = {}
  for at = 6, #args, 3 do parts[#parts + 1] = { args[at], args[at + 1], args[at + 2] ~= '' and args[at + 2] } end
  return S.add_record(cjson.decode(args[3]), args[4], parts, tonumber(args[5]))
end
