-- `FeedStore.noteSignInLocked`: what concerns a user and no endpoint comes into the outbox.
-- KEYS partition
-- ARGV time wall organization user
-- Reply 1
return function(args)
  S.tell('SignInLockedEvent', { o = args[3], u = args[4], e = '' }, 'too_many_attempts')
  return 1
end
