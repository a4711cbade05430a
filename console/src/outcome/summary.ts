import type { HistoryEndpoint, HistoryRecord } from '@rollcall/client'
import { count, span } from '../format.ts'
import type { BadgeTone } from '../ui/badge.tsx'
import { devices, hasArrived, isFinal, tallyOf, wordsFor } from './outcome.ts'

/** What became of an event, in a sentence or two for people. */
export type Summary = { readonly tone: BadgeTone; readonly text: string }

type Told = Pick<HistoryRecord, 'qos' | 'endpoints' | 'acceptedAt' | 'answeredAt' | 'answeredBy'>

/** Pure. */
export function summaryOf(record: Told): Summary {
  const answer = answerOf(record)
  const delivery = deliveryOf(record)
  // Whoever has answered has it, whatever is known of the receipts.
  return answer === undefined ? delivery : { tone: 'good', text: `${answer} ${delivery.text}` }
}

/** That a person took it, and where: `Answered by bobs-phone after 4.2 s.`; `undefined`: nobody has. */
function answerOf({ acceptedAt, answeredAt, answeredBy = '' }: Told): string | undefined {
  if (answeredAt === undefined) return undefined
  return `Answered by ${answeredBy} after ${after(Date.parse(answeredAt) - Date.parse(acceptedAt))}.`
}

/** What became of it at the devices. */
function deliveryOf(record: Told): Summary {
  const { endpoints, qos } = record
  if (endpoints.length === 0) return { tone: 'bad', text: 'Nobody was registered: no device got it.' }
  const arrived = endpoints.filter(({ outcome }) => hasArrived(outcome, qos))
  const rest = restOf(record)
  if (arrived.length === 0) {
    const start = isFinal(record) ? 'No device got it' : 'No device has acknowledged it yet'
    return { tone: isFinal(record) ? 'bad' : 'busy', text: `${start}: ${rest}.` }
  }
  const verb = qos === 1 ? 'Acknowledged by' : 'Sent to'
  const share = shareOf(arrived.length, endpoints.length)
  const text = `${verb} ${share} within ${within(record.acceptedAt, arrived, qos)}`
  return { tone: 'good', text: rest === '' ? `${text}.` : `${text}; ${rest}.` }
}

function shareOf(some: number, all: number): string {
  if (some < all) return `${some} of ${devices(all)}`
  return all === 1 ? 'its only device' : `all ${devices(all)}`
}

/** `1 queued, 2 expired`: the endpoints that it has not reached. */
function restOf(record: Pick<HistoryRecord, 'qos' | 'endpoints'>): string {
  return tallyOf(record)
    .filter(([outcome]) => !hasArrived(outcome, record.qos))
    .map(([outcome, number]) => `${count(number)} ${wordsFor(outcome, record.qos).text}`)
    .join(', ')
}

function within(acceptedAt: string, arrived: readonly HistoryEndpoint[], qos: HistoryRecord['qos']): string {
  const arrivals = arrived.map((endpoint) => (qos === 1 ? endpoint.acknowledgedAt : endpoint.sentAt))
  const spans = arrivals.map((at) => Date.parse(at ?? acceptedAt) - Date.parse(acceptedAt))
  return after(Math.max(...spans))
}

/** A span as the history can tell it, whose instants are whole milliseconds. */
export function after(ms: number): string {
  if (ms < 1) return '1 ms'
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  return span(ms)
}
