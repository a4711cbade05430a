import {
  HISTORY_OUTCOMES,
  type HistoryEndpoint,
  type HistoryPage,
  type HistoryRecord,
} from '@rollcall/protocol/history'
import { array, isObject, object, string, unexpected } from '../answers.ts'

/** Parsers of the history's answers. */

export function parseHistoryPage(value: unknown): HistoryPage {
  const page = object(value, 'the page')
  const { nextCursor } = page
  return {
    events: array(page['events'], 'events').map(parseHistoryRecord),
    ...(typeof nextCursor === 'string' ? { nextCursor } : {}),
  }
}

export function parseHistoryRecord(value: unknown): HistoryRecord {
  const record = object(value, 'the record')
  return {
    id: string(record['id'], 'id'),
    organizationId: string(record['organizationId'], 'organizationId'),
    userId: string(record['userId'], 'userId'),
    qos: record['qos'] === 1 ? 1 : 0,
    acceptedAt: string(record['acceptedAt'], 'acceptedAt'),
    ...parseSender(record['sentBy']),
    event: object(record['event'], 'event'),
    endpoints: array(record['endpoints'], 'endpoints').map(parseEndpoint),
    ...parseAnswered(record),
  }
}

/** Absent where the server does not know it, where it is an older one, and where it names a kind that is newer. */
function parseSender(value: unknown): Pick<HistoryRecord, 'sentBy'> {
  if (!isObject(value)) return {}
  const { kind, id } = value
  if (kind !== 'user' && kind !== 'client' && kind !== 'service') return {}
  return { sentBy: typeof id === 'string' ? { kind, id } : { kind } }
}

/** Nobody has answered, or the server is older than that: then none of it is there. */
function parseAnswered(record: {
  readonly [name: string]: unknown
}): Pick<HistoryRecord, 'answeredAt' | 'answeredBy' | 'answer'> {
  const { answeredAt, answeredBy, answer } = record
  if (answeredAt === undefined) return {}
  return {
    answeredAt: string(answeredAt, 'answeredAt'),
    answeredBy: string(answeredBy, 'answeredBy'),
    ...(answer === undefined ? {} : { answer: object(answer, 'answer') }),
  }
}

function parseEndpoint(value: unknown): HistoryEndpoint {
  if (isEndpoint(value)) return value
  throw unexpected('an endpoint of the record has no id or no outcome that is known')
}

const OUTCOMES: ReadonlySet<unknown> = new Set(HISTORY_OUTCOMES)

function isEndpoint(value: unknown): value is HistoryEndpoint {
  return isObject(value) && typeof value['userEndpointId'] === 'string' && OUTCOMES.has(value['outcome'])
}
