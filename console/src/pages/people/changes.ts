import type { HistoryRecord } from '@rollcall/client'
import type { UserEndpointInSight } from '../../api/api.ts'
import { typeOf } from '../../outcome/event-type.ts'
import { tallyOf, wordsFor } from '../../outcome/outcome.ts'
import type { BadgeTone } from '../../ui/badge.tsx'
import { carriedBy } from './link.ts'

/** Something that has happened to somebody's devices or events since they were looked at last. */
export type Change = {
  readonly atMs: number
  readonly tone: BadgeTone
  /** Which device or event it is about. */
  readonly about: string
  readonly text: string
  /** Of changes about events. */
  readonly eventId?: string
}

/** What was to be seen of somebody at one look. */
export type Look = {
  readonly atMs: number
  readonly endpoints: readonly UserEndpointInSight[]
  readonly records: readonly HistoryRecord[]
}

/** What has changed between two looks, oldest first. Keepalives are none: they would be all there is. Pure. */
export function changesBetween(before: Look, after: Look): readonly Change[] {
  const old = new Map(before.endpoints.map((endpoint) => [endpoint.id, endpoint]))
  const still = new Set(after.endpoints.map(({ id }) => id))
  return [
    ...before.endpoints.filter(({ id }) => !still.has(id)).map((endpoint) => gone(endpoint, after.atMs)),
    ...after.endpoints.flatMap((endpoint) => deviceChanges(old.get(endpoint.id), endpoint, after.atMs)),
    ...eventChanges(before.records, after),
  ].toSorted((one, other) => one.atMs - other.atMs)
}

function gone({ id, expiresAt }: UserEndpointInSight, nowMs: number): Change {
  const expiredMs = Date.parse(expiresAt)
  if (expiredMs <= nowMs)
    return { atMs: expiredMs, tone: 'bad', about: id, text: 'expired: no keepalive came in time' }
  return { atMs: nowMs, tone: 'neutral', about: id, text: 'is gone: unregistered, or kicked' }
}

function deviceChanges(
  old: UserEndpointInSight | undefined,
  endpoint: UserEndpointInSight,
  nowMs: number,
): readonly Change[] {
  const { id: about, registeredAt, connected, link } = endpoint
  const isNew = old === undefined || old.registeredAt !== registeredAt
  const registered: readonly Change[] = isNew
    ? [{ atMs: Date.parse(registeredAt), tone: 'neutral', about, text: 'registered' }]
    : []
  const wasConnected = !isNew && old.connected
  if (!connected)
    return wasConnected
      ? [...registered, { atMs: nowMs, tone: 'busy', about, text: 'disconnected' }]
      : registered
  const isSame = wasConnected && old.link?.connectedAt === link?.connectedAt
  if (isSame) return registered
  const how = link === undefined ? '' : ` with ${carriedBy(link)}`
  const text = `${wasConnected ? 'connected anew' : 'connected'}${how}`
  return [
    ...registered,
    { atMs: link === undefined ? nowMs : Date.parse(link.connectedAt), tone: 'good', about, text },
  ]
}

/** Records of the later look of which something has become that the earlier one did not show. */
function eventChanges(before: readonly HistoryRecord[], { records, atMs }: Look): readonly Change[] {
  const old = new Map(before.map((record) => [keyOf(record), tallyText(record)]))
  const last = before.at(-1)
  const oldestMs = last === undefined ? Number.NEGATIVE_INFINITY : Date.parse(last.acceptedAt)
  return records.flatMap((record): Change[] => {
    const key = keyOf(record)
    const text = tallyText(record)
    const acceptedMs = Date.parse(record.acceptedAt)
    // What was older than all that was shown before is no news: something newer has gone from the list.
    if (old.get(key) === text || (!old.has(key) && acceptedMs < oldestMs)) return []
    const tone = toneOf(record)
    return [
      {
        atMs: old.has(key) ? atMs : acceptedMs,
        tone,
        about: typeOf(record),
        text,
        eventId: record.id,
      },
    ]
  })
}

function tallyText(record: HistoryRecord): string {
  const tally = tallyOf(record).map(([outcome, count]) => `${count} ${wordsFor(outcome, record.qos).text}`)
  if (tally.length === 0) return 'accepted, nobody was registered'
  return [...(record.answeredBy === undefined ? [] : [`answered by ${record.answeredBy}`]), ...tally].join(
    ', ',
  )
}

function toneOf(record: HistoryRecord): BadgeTone {
  const [best] = tallyOf(record)
  return best === undefined ? 'bad' : wordsFor(best[0], record.qos).tone
}

/** An id may be given twice. */
function keyOf({ id, acceptedAt }: HistoryRecord): string {
  return `${acceptedAt} ${id}`
}
