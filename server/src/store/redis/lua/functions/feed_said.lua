-- A process still has the webhooks that it has named by this digest.
-- KEYS partition
-- ARGV time wall node digest
-- Reply 1, or 0: it is to name them again
-- Flags allow-oom
return function(args)
  return S.say_watches(args[3], args[4]) and 1 or 0
end
