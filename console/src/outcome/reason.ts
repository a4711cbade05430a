import type { HistoryEndpoint, HistoryRecord } from '@rollcall/client'
import { discardWords } from './discard-words.ts'
import { after } from './summary.ts'

type Told = Pick<HistoryRecord, 'qos' | 'acceptedAt' | 'endpoints' | 'answeredAt'>

/** How close to another's answer or acknowledgement a discarding counts as its consequence. */
const ANSWERED_ELSEWHERE_MS = 1_000

/**
 * Why an event has not arrived at an endpoint, in one sentence; `undefined` where it has, as far as anybody can know.
 * Where the record does not say why, as those of former versions, it is told by the times: where several causes look alike,
 * the sentence names them. Pure.
 */
export function reasonOf(record: Told, endpoint: HistoryEndpoint): string | undefined {
  switch (endpoint.outcome) {
    case 'acknowledged':
      return undefined
    case 'sent':
      return record.qos === 0 ? undefined : sent(record, endpoint)
    case 'queued':
      return 'It waits in the mailbox: the device has not been connected since, or earlier events are before it.'
    case 'woken':
      return 'The device was asked to wake up, and has not connected since. It waits in the mailbox.'
    case 'not_connected':
      return 'The device had no connection, and at QoS 0 nothing waits: it is lost.'
    case 'expired':
      return expired(record, endpoint)
    case 'discarded':
      return discardWords(endpoint.discardReason)?.meaning ?? untold(record, endpoint)
  }
}

function sent(record: Told, { sentAt }: HistoryEndpoint): string {
  const when = sentAt === undefined ? '' : ` ${afterAcceptance(record, sentAt)}`
  return `It was handed to a connection${when}, and the device has not acknowledged it. It is sent again whenever the device connects.`
}

function expired(record: Told, { sentAt, expiredAt }: HistoryEndpoint): string {
  const ended = `Its lifetime ended${expiredAt === undefined ? '' : ` after ${after(sinceMs(record, expiredAt))}`}`
  if (sentAt === undefined) return `${ended}, before it could be handed to a connection.`
  return `${ended}: it was handed to a connection, and the device did not acknowledge it.`
}

/** Of a record that does not say why. */
function untold(record: Told, { userEndpointId, queuedAt, sentAt, discardedAt }: HistoryEndpoint): string {
  if (record.qos === 0)
    return 'The device’s connection took its data too slowly, and at QoS 0 nothing waits: it is lost.'
  if (queuedAt === undefined) return 'The device’s mailbox was full and did not take it.'
  const atMs = Date.parse(discardedAt ?? queuedAt)
  const isJustBefore = (at = ''): boolean => {
    const gapMs = atMs - Date.parse(at)
    return gapMs >= 0 && gapMs <= ANSWERED_ELSEWHERE_MS
  }
  if (isJustBefore(record.answeredAt) && sentAt === undefined)
    return 'Another device answered it at that moment, so this one was spared, or the device’s registration ended just then.'
  const others = record.endpoints.filter((other) => other.userEndpointId !== userEndpointId)
  if (others.some((other) => isJustBefore(other.acknowledgedAt)) && sentAt === undefined)
    return 'Another device acknowledged it at that moment, so this one was spared, or the device’s registration ended just then.'
  return 'It was given up: the device’s registration ended (expired, unregistered or kicked), or a newer event took its place.'
}

function afterAcceptance(record: Told, at: string): string {
  return `${after(sinceMs(record, at))} after it was accepted`
}

function sinceMs({ acceptedAt }: Told, at: string): number {
  return Date.parse(at) - Date.parse(acceptedAt)
}
