-- Which changes are kept in this partition's outbox from now on, and which webhooks a process has: organization, types, each
-- between commas, and webhooks, each between slashes.
-- KEYS partition
-- ARGV time wall node digest (organization types webhooks)…
-- Reply 1
-- Flags allow-oom
return function(args)
  local rows = {}
  for at = 5, #args, 3 do rows[args[at]] = { kinds = args[at + 1], ids = args[at + 2] } end
  S.watch(args[3], args[4], rows)
  return 1
end
