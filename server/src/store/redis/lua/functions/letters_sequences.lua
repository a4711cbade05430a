-- `DeadLetterStore.sequences`
-- KEYS partition
-- ARGV time wall organization webhook
-- Reply sequences
-- Flags no-writes
return function(args)
  local sequences = {}
  for _, member in ipairs(redis.call('ZRANGE', S.letters_key(args[3], args[4]), 0, -1)) do
    sequences[#sequences + 1] = S.split(member)
  end
  return sequences
end
