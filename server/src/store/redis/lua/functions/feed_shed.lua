-- The oldest changes of an organization are given up.
-- KEYS partition
-- ARGV time wall organization count
-- Reply how many
-- Flags allow-oom
return function(args)
  for count = 1, tonumber(args[4]) do
    if not S.feed_give_up(args[3]) then return count - 1 end
  end
  return tonumber(args[4])
end
