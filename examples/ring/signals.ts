import type { Event } from '@rollcall/client'

/**
 * What the tabs tell each other, as Rollcall events. Rollcall knows nothing of calls: these types, and what they mean,
 * are this application's own.
 */
export type Signal =
  | Offer
  /** From the device that has taken the call, to the caller's tab. */
  | { readonly type: 'CallAnsweredEvent'; readonly callId: string; readonly endpoint: string }
  /** From Rollcall to all the other devices, because the offer was sent with `cancelOthers`. */
  | { readonly type: 'CallTakenEvent'; readonly callId: string }
  | { readonly type: 'CallDeclinedEvent'; readonly callId: string }
  | { readonly type: 'CallBusyEvent'; readonly callId: string }
  | { readonly type: 'CallEndedEvent'; readonly callId: string; readonly reason: EndReason }

/** From the caller to every device of the one who is called. */
export type Offer = {
  readonly type: 'CallOfferedEvent'
  readonly callId: string
  readonly from: string
  /** The caller's tab: answers go to it alone. */
  readonly fromEndpoint: string
  readonly ringSeconds: number
  /** Of the event, which the server gives it: what is answered. */
  readonly eventId: string
  readonly timestamp: string
}

export type EndReason = 'hung_up' | 'cancelled' | 'no_answer' | 'declined' | 'busy' | 'unavailable'

const RING_SECONDS_MAX = 60

/** As long as ids can be. */
const TEXT_CHARACTERS_MAX = 128

const END_REASONS: readonly EndReason[] = [
  'hung_up',
  'cancelled',
  'no_answer',
  'declined',
  'busy',
  'unavailable',
]

/** `undefined`: none of ours, or not well-formed. Anybody of the organization may send anything. */
export function parseSignal(event: Event): Signal | undefined {
  const { type, timestamp } = event
  const callId = text(event['callId'])
  if (callId === undefined) return undefined
  const endpoint = text(event['endpoint'])
  switch (type) {
    case 'CallOfferedEvent':
      return parseOffer(event, callId, timestamp)
    case 'CallAnsweredEvent':
      return endpoint === undefined ? undefined : { type, callId, endpoint }
    case 'CallTakenEvent':
    case 'CallDeclinedEvent':
    case 'CallBusyEvent':
      return { type, callId }
    case 'CallEndedEvent':
      return { type, callId, reason: parseReason(event['reason']) }
    default:
      return undefined
  }
}

function parseOffer(event: Event, callId: string, timestamp: string): Offer | undefined {
  const from = text(event['from'])
  const fromEndpoint = text(event['fromEndpoint'])
  const ringSeconds = event['ringSeconds']
  if (from === undefined || fromEndpoint === undefined || !isRingSeconds(ringSeconds)) return undefined
  if (Number.isNaN(Date.parse(timestamp))) return undefined
  return { type: 'CallOfferedEvent', callId, from, fromEndpoint, ringSeconds, eventId: event.id, timestamp }
}

/** A whole number of seconds, from 1 to {@link RING_SECONDS_MAX}. */
export function isRingSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= RING_SECONDS_MAX
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= TEXT_CHARACTERS_MAX ? value : undefined
}

/** A newer page may know reasons that this one does not: the call is over all the same. */
function parseReason(value: unknown): EndReason {
  return END_REASONS.find((reason) => reason === value) ?? 'hung_up'
}
