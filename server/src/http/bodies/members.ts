import { RollcallError } from '@rollcall/protocol/error-code'
import type { Members } from '../../auth/auth.ts'

/** The members of a body, whose meaning others read. @throws RollcallError `invalid_request` */
export function membersIn(body: unknown): Members {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new RollcallError('invalid_request', 'The body must be a JSON object.')
  return Object.fromEntries(Object.entries(body))
}
