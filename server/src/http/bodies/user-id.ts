import { RollcallError } from '@rollcall/protocol/error-code'
import { ID_RULE, isId } from '@rollcall/protocol/id'

/** What is written down about a user is bounded by the rules for ids; nobody has another. @throws RollcallError `invalid_request` */
export function requireUserId(userId: string): void {
  if (!isId(userId))
    throw new RollcallError('invalid_request', undefined, { fields: [['userId', `must be ${ID_RULE}`]] })
}
