-- `RegistrationStore.look`, of addressees in one partition: organization, user, and endpoint, or nothing for all of them.
-- KEYS partition
-- ARGV time wall (organization user endpoint)…
-- Reply {{registration, depth, link, peer, node}, …} for each addressee
-- Flags no-writes
return function(args)
  local found = {}
  for at = 3, #args, 3 do
    local endpoint = args[at + 2] ~= '' and args[at + 2] or nil
    local rows = {}
    for _, reg in ipairs(S.reached(args[at], args[at + 1], endpoint)) do
      local link = S.link(reg.id)
      -- What another store's process held, nobody is at the other end of.
      local seen = link and link.peer and link or {}
      rows[#rows + 1] = { S.show(reg), S.depth(reg.id), seen.l or false, seen.peer or false, seen.n or false }
    end
    found[#found + 1] = rows
  end
  return found
end
