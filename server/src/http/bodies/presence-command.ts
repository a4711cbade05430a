import type { UserPresenceWebCommand } from '@rollcall/protocol/command'
import { RollcallError } from '@rollcall/protocol/error-code'
import { ID_RULE, isId } from '@rollcall/protocol/id'
import { PRESENCE_USERS_MAX } from '@rollcall/protocol/limits'

/**
 * Reads the body of `POST /rtc-api/users/presence`. By hand, because a schema's validator would tell of each of
 * a hundred thousand bad ids.
 *
 * @throws RollcallError `invalid_request`
 */
export function parsePresence(body: unknown): UserPresenceWebCommand {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new RollcallError('invalid_request', 'The body must be a JSON object.')
  const userIds: unknown = Reflect.get(body, 'userIds')
  const organizationId: unknown = Reflect.get(body, 'organizationId')
  const fields: [string, string][] = []
  if (!isListOfIds(userIds))
    fields.push(['userIds', `must be an array of 1 to ${PRESENCE_USERS_MAX} ids: ${ID_RULE}`])
  if (!isOptionalText(organizationId)) fields.push(['organizationId', `must be a string of ${ID_RULE}`])
  if (!isListOfIds(userIds) || !isOptionalText(organizationId))
    throw new RollcallError('invalid_request', undefined, { fields })
  return { userIds, organizationId: organizationId ?? null }
}

function isListOfIds(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length >= 1 && value.length <= PRESENCE_USERS_MAX && value.every(isId)
}

function isOptionalText(value: unknown): value is string | null | undefined {
  return value === undefined || value === null || typeof value === 'string'
}
