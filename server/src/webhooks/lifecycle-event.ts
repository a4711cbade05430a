import type { LifecycleEvent } from '@rollcall/protocol/lifecycle'
import type { FeedEntry } from '../store/store.ts'

/** An entry of the feed as receivers get it. */
export function lifecycleEvent(entry: FeedEntry): LifecycleEvent {
  return {
    id: eventIdOf(entry),
    type: entry.type,
    timestamp: instant(entry.atWallMs),
    organizationId: entry.organizationId,
    ...(entry.userId === '' ? {} : { userId: entry.userId }),
    ...(entry.userEndpointId === '' ? {} : { userEndpointId: entry.userEndpointId }),
    sequence: entry.sequence,
    reason: entry.reason,
    ...timesOf(entry),
    ...(entry.connectedAtWallMs === undefined ? {} : { connectedAt: instant(entry.connectedAtWallMs) }),
    ...(entry.eventId === undefined ? {} : { eventId: entry.eventId }),
    ...gapOf(entry),
    ...(entry.answer === undefined ? {} : { answer: JSON.parse(entry.answer) }),
  }
}

function gapOf({ dropped, fromWallMs, atWallMs }: FeedEntry) {
  return dropped === undefined
    ? {}
    : { dropped, from: instant(fromWallMs ?? atWallMs), to: instant(atWallMs) }
}

function timesOf({ registeredAtWallMs, lastKeepAliveAtWallMs, keepAliveSeconds }: FeedEntry) {
  const isRegistered =
    registeredAtWallMs !== undefined && lastKeepAliveAtWallMs !== undefined && keepAliveSeconds !== undefined
  if (!isRegistered) return {}
  return {
    registeredAt: instant(registeredAtWallMs),
    lastKeepAliveAt: instant(lastKeepAliveAtWallMs),
    keepAliveSeconds,
  }
}

/**
 * A UUID of version 8 (RFC 9562 §5.8) that is made of the entry alone, so that it is the same however often the
 * entry is sent: 48 bits of the time, then 60 bits of the sequence.
 */
export function eventIdOf({ atWallMs, sequence }: Pick<FeedEntry, 'atWallMs' | 'sequence'>): string {
  const time = Math.max(0, Math.floor(atWallMs)).toString(16).padStart(12, '0').slice(-12)
  const number = sequence.toString(16).padStart(15, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-8000-8${number.slice(0, 3)}-${number.slice(3)}`
}

const EVENT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-8000-8([0-9a-f]{3})-([0-9a-f]{12})$/

/** The sequence in an id that `eventIdOf` made; `undefined` for any other text. */
export function sequenceOf(eventId: string): number | undefined {
  const [, high, low] = EVENT_ID.exec(eventId) ?? []
  const sequence = Number.parseInt(`${high}${low}`, 16)
  return Number.isSafeInteger(sequence) ? sequence : undefined
}

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
