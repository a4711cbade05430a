import { ID_RULE, isId } from '@rollcall/protocol/id'
import { ENTRY_KINDS, type EntryKind } from '../../auth/auth.ts'
import { QueryReader } from '../../parse/parse.ts'
import { parseListParameters } from './list-parameters.ts'

/** Which page of the audit log is wanted. */
export type AuditParameters = {
  readonly organizationId: string | undefined
  readonly action: string | undefined
  readonly callerId: string | undefined
  readonly entryKind: string | undefined
  readonly entryId: string | undefined
  readonly limit: number
  readonly cursor: string | undefined
}

const ACTION = /^[a-z_]{1,40}$/

/** @throws RollcallError `invalid_request` naming each parameter that is wrong */
export function parseAuditParameters(query: unknown): AuditParameters {
  const reader = new QueryReader(query)
  const action = reader.take('action', isAction, 'must be an action of docs/audit.md')
  const callerId = reader.take('callerId', isId, `must be ${ID_RULE}`)
  const entryKind = reader.take('entryKind', isEntryKind, `must be one of ${ENTRY_KINDS.join(', ')}`)
  const entryId = reader.take('entryId', isId, `must be ${ID_RULE}`)
  reader.end()
  const { organizationId, limit, cursor } = parseListParameters(query)
  return { organizationId, action, callerId, entryKind, entryId, limit, cursor }
}

function isEntryKind(value: unknown): value is EntryKind {
  return ENTRY_KINDS.some((kind) => kind === value)
}

function isAction(value: unknown): value is string {
  return typeof value === 'string' && ACTION.test(value)
}
