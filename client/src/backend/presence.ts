import type { UserPresence } from '@rollcall/protocol/command'
import { array, integer, object, string } from '../answers.ts'

export function parsePresence(value: unknown): readonly UserPresence[] {
  return array(object(value, 'the presence')['users'], 'users').map(parseUser)
}

function parseUser(value: unknown): UserPresence {
  const user = object(value, 'a user')
  const { lastSeenAt } = user
  return {
    userId: string(user['userId'], 'userId'),
    registered: integer(user['registered'], 'registered'),
    connected: integer(user['connected'], 'connected'),
    lastSeenAt: typeof lastSeenAt === 'string' ? lastSeenAt : null,
  }
}
