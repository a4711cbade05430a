import type { AcknowledgeEventsWebCommand } from '@rollcall/protocol/command'
import { RollcallError } from '@rollcall/protocol/error-code'
import { ID_CHARACTERS_MAX, STREAM_ACKNOWLEDGED_MAX } from '@rollcall/protocol/limits'
import { objectIn } from '../../parse/parse.ts'

/**
 * Reads the body of `POST …/events/acknowledge`. By hand, because a schema's validator would tell of each of a hundred
 * thousand bad ids.
 *
 * @throws RollcallError `invalid_request`
 */
export function parseAcknowledge(body: unknown): AcknowledgeEventsWebCommand {
  const { ids } = objectIn(body)
  if (isListOfTexts(ids)) return { ids }
  const problem = `must be an array of 1 to ${STREAM_ACKNOWLEDGED_MAX} ids of messages, as the stream gave them`
  throw new RollcallError('invalid_request', undefined, { fields: [['ids', problem]] })
}

function isListOfTexts(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > STREAM_ACKNOWLEDGED_MAX) return false
  return value.every((id) => typeof id === 'string' && id.length <= ID_CHARACTERS_MAX)
}
