import type { HistoryOutcome, HistoryRecord } from '@rollcall/client'
import { count } from '../format.ts'
import type { BadgeTone } from '../ui/badge.tsx'

type Words = {
  /** Reads after a count: `2 acknowledged`. */
  readonly text: string
  readonly tone: BadgeTone
  /** What it means, in one sentence. */
  readonly meaning: string
}

/** The order is that of telling: what went well first. */
const OUTCOMES: ReadonlyMap<HistoryOutcome, Words> = new Map([
  ['acknowledged', { text: 'acknowledged', tone: 'good', meaning: 'The device has it.' }],
  ['sent', { text: 'sent', tone: 'busy', meaning: 'It was handed to a connection.' }],
  ['woken', { text: 'woken', tone: 'busy', meaning: 'Its device was asked to wake up and fetch it.' }],
  ['queued', { text: 'queued', tone: 'busy', meaning: 'It waits in the device’s mailbox.' }],
  [
    'not_connected',
    { text: 'not connected', tone: 'bad', meaning: 'There was no connection; at QoS 0 it is lost.' },
  ],
  ['expired', { text: 'expired', tone: 'bad', meaning: 'Its lifetime ended first.' }],
  ['discarded', { text: 'discarded', tone: 'bad', meaning: 'It was given up.' }],
])

const UNKNOWN: Words = {
  text: 'unknown',
  tone: 'neutral',
  meaning: 'This console does not know the outcome.',
}

/** The words for an outcome. At QoS 0 `sent` is all there is, and good. */
export function wordsFor(outcome: HistoryOutcome, qos: HistoryRecord['qos']): Words {
  const words = OUTCOMES.get(outcome) ?? UNKNOWN
  return outcome === 'sent' && qos === 0 ? { ...words, tone: 'good' } : words
}

/** How many endpoints had which outcome; those that none had are left out. */
export function tallyOf({
  endpoints,
}: Pick<HistoryRecord, 'endpoints'>): readonly (readonly [outcome: HistoryOutcome, count: number])[] {
  return [...OUTCOMES.keys()].flatMap((outcome) => {
    const count = endpoints.filter((endpoint) => endpoint.outcome === outcome).length
    return count === 0 ? [] : [[outcome, count] as const]
  })
}

/** Whether nothing more will become of it anywhere. `sent` is final at QoS 0 only. */
export function isFinal({ qos, endpoints }: Pick<HistoryRecord, 'qos' | 'endpoints'>): boolean {
  return endpoints.every(
    ({ outcome }) => outcome !== 'queued' && outcome !== 'woken' && (outcome !== 'sent' || qos === 0),
  )
}

/** How long a person may take to answer what the devices have already; longer than anything rings. */
const ANSWERED_WITHIN_MS = 120_000

/** Whether it is over for whoever looks at it: nothing more will become of it, and nobody is about to answer it. */
export function isOver(
  record: Pick<HistoryRecord, 'qos' | 'endpoints' | 'acceptedAt' | 'answeredAt'>,
  nowMs: number,
): boolean {
  if (!isFinal(record)) return false
  const isAnswerable = record.endpoints.some(({ outcome }) => hasArrived(outcome, record.qos))
  if (record.answeredAt !== undefined || !isAnswerable) return true
  return nowMs - Date.parse(record.acceptedAt) >= ANSWERED_WITHIN_MS
}

/** Whether the endpoint got it, as far as anybody can know. */
export function hasArrived(outcome: HistoryOutcome, qos: HistoryRecord['qos']): boolean {
  return outcome === 'acknowledged' || (outcome === 'sent' && qos === 0)
}

/** `3 devices`. */
export function devices(number: number): string {
  return number === 1 ? '1 device' : `${count(number)} devices`
}
