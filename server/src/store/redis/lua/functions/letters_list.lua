-- `DeadLetterStore.list`
-- KEYS partition
-- ARGV time wall organization webhook afterSequence max
-- Reply {{letter, failure, buriedAtWallMs}, …}
-- Flags no-writes
return function(args)
  local letters = {}
  local key = S.letters_key(args[3], args[4])
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. args[5], '+inf', 'LIMIT', 0, args[6])) do
    local _, letter = S.split(member)
    letters[#letters + 1] = { letter.l, letter.f, S.text(letter.t) }
  end
  return letters
end
