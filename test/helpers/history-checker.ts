import assert from 'node:assert/strict'
import type { HistoryEndpoint, HistoryPage, HistoryRecord } from '@rollcall/protocol/history'
import { HISTORY_PAGE_MAX } from '@rollcall/protocol/limits'
import { call } from './call.ts'

const ENDS = ['acknowledged', 'expired', 'discarded'] as const
const STAMPS = [
  'notConnectedAt',
  'queuedAt',
  'wokenAt',
  'sentAt',
  'acknowledgedAt',
  'expiredAt',
  'discardedAt',
] as const
const STAMP_OF = {
  not_connected: 'notConnectedAt',
  queued: 'queuedAt',
  woken: 'wokenAt',
  sent: 'sentAt',
  acknowledged: 'acknowledgedAt',
  expired: 'expiredAt',
  discarded: 'discardedAt',
} as const

/** The whole history that a token may read, newest first. */
export async function readHistory(url: string, token: string): Promise<readonly HistoryRecord[]> {
  const records: HistoryRecord[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const { status, text } = await call(url, token, `GET events?limit=${HISTORY_PAGE_MAX}${more}`)
    assert.equal(status, 200, text)
    const page: HistoryPage = JSON.parse(text)
    records.push(...page.events)
    cursor = page.nextCursor
  }
  return records
}

/**
 * What cannot be true of a history, a line each; none: it is consistent. Pure.
 *
 * @param answered ids of events whose senders had their answer: each must be there
 */
export function complaintsAbout(
  records: readonly HistoryRecord[],
  answered: Iterable<string> = [],
): readonly string[] {
  const ids = new Set(records.map(({ id }) => id))
  const lost = [...answered].filter((id) => !ids.has(id)).map((id) => `${id}: was answered, and is not there`)
  const twice = records.length === ids.size ? [] : ['an event is there twice']
  const order = records.flatMap(({ id, acceptedAt }, place) =>
    acceptedAt > (records[place - 1]?.acceptedAt ?? acceptedAt)
      ? [`${id}: is newer than the one before`]
      : [],
  )
  return [...lost, ...twice, ...order, ...records.flatMap(complaintsAboutOne)]
}

function complaintsAboutOne(record: HistoryRecord): readonly string[] {
  const { id, endpoints, answeredBy } = record
  const say = (what: string) => `${id}: ${what}`
  const complaints = endpoints.flatMap((endpoint) =>
    complaintsAboutEndpoint(record, endpoint).map((what) => say(`${endpoint.userEndpointId} ${what}`)),
  )
  if (record.event['id'] !== id) complaints.push(say('holds another event'))
  if (new Set(endpoints.map(({ userEndpointId }) => userEndpointId)).size !== endpoints.length)
    complaints.push(say('has an endpoint twice'))
  const answering = endpoints.filter(({ answeredAt }) => answeredAt !== undefined)
  const isAnswered = answeredBy !== undefined
  if (isAnswered !== (record.answeredAt !== undefined) || answering.length !== (isAnswered ? 1 : 0))
    complaints.push(say('is answered by somebody, or it is not: not both'))
  return complaints
}

function complaintsAboutEndpoint(
  { acceptedAt, qos }: HistoryRecord,
  endpoint: HistoryEndpoint,
): readonly string[] {
  const { outcome } = endpoint
  const has = (stamp: (typeof STAMPS)[number]) => endpoint[stamp] !== undefined
  const complaints: string[] = []
  if (!has(STAMP_OF[outcome])) complaints.push(`is ${outcome}, without a time`)
  const ends = ENDS.filter((end) => has(STAMP_OF[end]))
  if (ends.length > 1) complaints.push(`has ended as ${ends.join(' and as ')}`)
  if (ends.length === 1 && ends[0] !== outcome) complaints.push(`is ${outcome}, though it was ${ends[0]}`)
  if (qos === 1 && !has('queuedAt')) complaints.push('was never queued at QoS 1')
  if (qos === 1 && outcome === 'not_connected') complaints.push('is not_connected at QoS 1')
  const times = STAMPS.flatMap((stamp) => endpoint[stamp] ?? [])
  if (times.some((time) => time < acceptedAt)) complaints.push('has a time before the event was accepted')
  if (times.some((time, place) => time < (times[place - 1] ?? time)))
    complaints.push('has times in the wrong order')
  return complaints
}
