-- `HistoryStore.note`
-- KEYS partition
-- ARGV time wall (registrationId sequence outcome reason)…
-- Reply 1
-- Flags allow-oom
return function(args)
  for at = 3, #args, 4 do
    local entry = S.entry(args[at + 1])
    if entry and entry.g == args[at] then 
      local reason = args[at + 3] ~= '' and args[at + 3] or nil
      S.note_outcome(entry.h, entry.n, args[at + 2], reason)
    end
  end
  return 1
end
