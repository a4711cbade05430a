-- What is written once about the whole store is to be written anew: it has come to its end of being filled.
-- KEYS partition
-- ARGV time wall
-- Reply 1
return function()
  redis.call('DEL', S.key('meta'))
  return 1
end
