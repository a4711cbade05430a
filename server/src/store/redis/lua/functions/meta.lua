-- What is written once about the whole store, and checked at every start; and what is told of the service now and then.
-- KEYS partition
-- ARGV time wall (field value)…
-- Reply {field, value, …} as it is then
-- Flags allow-oom
return function(args)
  for at = 3, #args, 2 do redis.call('HSET', S.key('meta'), args[at], args[at + 1]) end
  return redis.call('HGETALL', S.key('meta'))
end
