-- `WebhookStore.bury`
-- KEYS partition
-- ARGV time wall organization webhook epoch sequence deadLettersMax (letterSequence failure letter)…
-- Reply 1, or 0 where it is refused
return function(args)
  local organization, webhook = args[3], args[4]
  local position = S.leased(organization, webhook, args[5])
  if not position then return 0 end
  local key = S.letters_key(organization, webhook)
  for at = 8, #args, 3 do
    local letter = { f = args[at + 1], l = args[at + 2], t = S.wall, u = cjson.decode(args[at + 2]).userId }
    S.count_letters(organization, redis.call('ZADD', key, args[at], args[at] .. ':' .. cmsgpack.pack(letter)))
  end
  local excess = redis.call('ZCARD', key) - tonumber(args[7])
  if excess > 0 then
    redis.call('ZREMRANGEBYRANK', key, 0, excess - 1)
    S.count_letters(organization, -excess)
    S.note('dropped', excess)
  end
  S.webhook_advance(organization, webhook, position, args[6])
  return 1
end
