import { array, boolean, isObject, object, string } from '../answers.ts'

/** Whether a user can be reached now. */
export type UserPresence = {
  readonly userId: string
  /** Whether the user has a live registration. */
  readonly registered: boolean
  /** Whether one of them has a link. */
  readonly connected: boolean
  /** When any of the user's endpoints was last heard of; an ISO-8601 instant. Absent: never, or forgotten. */
  readonly lastSeenAt?: string
}

export function parsePresence(value: unknown): readonly UserPresence[] {
  const users = isObject(value) ? value['users'] : value
  return array(users, 'the presence').map((user) => parseUser(object(user, 'a user')))
}

function parseUser(user: { readonly [name: string]: unknown }): UserPresence {
  const { lastSeenAt } = user
  return {
    userId: string(user['userId'], 'userId'),
    registered: boolean(user['registered'], 'registered'),
    connected: boolean(user['connected'], 'connected'),
    ...(typeof lastSeenAt === 'string' ? { lastSeenAt } : {}),
  }
}
