-- `DeadLetterStore.remove`
-- KEYS partition
-- ARGV time wall organization webhook sequence…
-- Reply 1
-- Flags allow-oom
return function(args)
  local key = S.letters_key(args[3], args[4])
  for at = 5, #args do
    local gone = redis.call('ZREMRANGEBYSCORE', key, args[at], args[at])
    if gone > 0 then S.count_letters(args[3], -gone) end
  end
  return 1
end
