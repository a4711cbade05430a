import { GRACE_MS_MAX } from '@rollcall/protocol/limits'
import { integerFrom, isAbsent, type JsonObject, noted, type Problems } from '../../parse/parse.ts'

/** What a sender may want to hear of: that a device has the event, or that a person took it. */
export type ReceiptKind = 'acknowledged' | 'answered'

/** How `Prefer: wait` waits, where the request has one. */
export type Waiting = { readonly waitFor: ReceiptKind; readonly graceMs: number | undefined }

const USUAL: Waiting = { waitFor: 'acknowledged', graceMs: undefined }

export function parseWaiting(body: JsonObject, qos: 0 | 1, problems: Problems): Waiting {
  const { waitFor, graceMs } = body
  if (isAbsent(waitFor) && isAbsent(graceMs)) return USUAL
  const kind = readKind(waitFor, USUAL.waitFor, 'waitFor', problems)
  if (kind === 'answered' && qos === 0) problems.set('waitFor', 'needs qos 1 where it is "answered"')
  return { waitFor: kind, graceMs: noted(body, 'graceMs', readGrace, problems) }
}

export function readKind(value: unknown, usual: ReceiptKind, path: string, problems: Problems): ReceiptKind {
  if (isAbsent(value)) return usual
  if (value === 'acknowledged' || value === 'answered') return value
  problems.set(path, 'must be "answered" or "acknowledged"')
  return usual
}

const readGrace = integerFrom(0, GRACE_MS_MAX)
