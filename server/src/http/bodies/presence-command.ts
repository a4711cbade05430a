import type { UserPresenceWebCommand } from '@rollcall/protocol/command'
import { ID_RULE, isId } from '@rollcall/protocol/id'
import { PRESENCE_USERS_MAX } from '@rollcall/protocol/limits'
import { isAbsent, objectIn, type Problems, refuseAny } from '../../parse/parse.ts'

/**
 * Reads the body of `POST /rtc-api/users/presence`. By hand, because a schema's validator would tell of each of
 * a hundred thousand bad ids.
 *
 * @throws RollcallError `invalid_request`
 */
export function parsePresence(body: unknown): UserPresenceWebCommand {
  const { userIds, organizationId } = objectIn(body)
  const problems: Problems = new Map()
  const ids = isListOfIds(userIds) ? userIds : []
  if (ids.length === 0)
    problems.set('userIds', `must be an array of 1 to ${PRESENCE_USERS_MAX} ids: ${ID_RULE}`)
  const named = typeof organizationId === 'string' ? organizationId : null
  if (named === null && !isAbsent(organizationId))
    problems.set('organizationId', `must be a string of ${ID_RULE}`)
  refuseAny(problems)
  return { userIds: ids, organizationId: named }
}

function isListOfIds(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= PRESENCE_USERS_MAX && value.every(isId)
}
