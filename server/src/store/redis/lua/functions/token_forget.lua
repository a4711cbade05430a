-- What an append came to is known at the caller's.
-- KEYS partition
-- ARGV time wall token
-- Reply 1
-- Flags allow-oom
return function(args)
  S.drop_outcome(args[3])
  return 1
end
