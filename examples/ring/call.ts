import {
  type CallOf,
  end,
  goodbye,
  type Notice,
  type Phone,
  remember,
  type Send,
  type Step,
  type Taken,
  unchanged,
} from './call-state.ts'
import type { Offer, Signal } from './signals.ts'

export type Input =
  | { readonly kind: 'ring'; readonly callId: string; readonly peer: string }
  /** How many devices a signal was accepted for, and how many of them have it, where that is known. */
  | {
      readonly kind: 'receipt'
      readonly callId: string
      readonly count: number
      readonly acknowledged: number | undefined
    }
  /** Something could not be sent. */
  | { readonly kind: 'failed'; readonly callId: string; readonly text: string }
  | { readonly kind: 'signal'; readonly signal: Signal }
  | { readonly kind: 'answer' | 'decline' | 'hang_up' }
  /** Rollcall says what came of this tab's answer: the first, another was, or there is no such call any more. */
  | { readonly kind: 'answered'; readonly callId: string; readonly is: 'first' | 'elsewhere' | 'gone' }
  /** Time has passed. */
  | { readonly kind: 'tick' }
  /** The registration has ended, and what was sent to it with it. */
  | { readonly kind: 'lost' }

/** This tab, and the time. */
export type Me = {
  readonly userId: string
  readonly endpointId: string
  readonly ringSeconds: number
  readonly nowMs: number
}

/** How long an answer may take to become known. */
const ANSWER_MS = 10_000
const RING_MS_MIN = 5_000

/**
 * A tab's telephone as a pure state machine: what happened goes in, the new state and what to send come out. No clock, no
 * network, no page.
 *
 * Rollcall decides who has the call: of two tabs that answer in the same moment one is the first, durably, and the others
 * hear from there that they may stop, also where the caller's tab has died meanwhile. The caller's tab decides all the rest:
 * whether it goes on ringing, and that it is over.
 */
export function step(phone: Phone, input: Input, me: Me): Step {
  // First, so that a deadline counts even where timers are late, as they are in hidden tabs.
  const timed = timeOut(phone, me.nowMs)
  const handled = handle(timed.phone, input, me)
  return { ...handled, sends: [...timed.sends, ...handled.sends] }
}

function handle(phone: Phone, input: Input, me: Me): Step {
  const { call } = phone
  switch (input.kind) {
    case 'ring':
      return call.kind === 'idle' ? ring(phone, input.callId, input.peer, me) : unchanged(phone)
    case 'receipt':
      return call.kind !== 'idle' && call.callId === input.callId
        ? takeReceipt(phone, call, input.count, input.acknowledged)
        : unchanged(phone)
    case 'failed':
      return call.kind !== 'idle' && call.callId === input.callId
        ? end(phone, call, { kind: 'failed', peer: call.peer, text: input.text }, goodbye(call, 'cancelled'))
        : unchanged(phone)
    case 'signal':
      return receive(phone, input.signal, me)
    case 'answer':
      return call.kind === 'incoming' ? answer(phone, call, me) : unchanged(phone)
    case 'answered':
      return call.kind === 'answering' && call.callId === input.callId
        ? takeAnswer(phone, call, input.is, me)
        : unchanged(phone)
    case 'decline':
      return call.kind === 'incoming' ? decline(phone, call) : unchanged(phone)
    case 'hang_up':
      return hangUp(phone)
    case 'lost':
      return call.kind === 'idle'
        ? unchanged(phone)
        : end(phone, call, { kind: 'lost', peer: call.peer }, goodbye(call, 'hung_up'))
    case 'tick':
      return unchanged(phone)
  }
}

/** Nobody rings for ever, also where the tab at the other end has died. */
function timeOut(phone: Phone, nowMs: number): Step {
  const { call } = phone
  if (call.kind === 'idle' || call.kind === 'connected' || nowMs < call.untilMs) return unchanged(phone)
  const { peer } = call
  if (call.kind === 'incoming') return end(phone, call, { kind: 'missed', peer })
  if (call.kind === 'answering') return end(phone, call, { kind: 'no_reply', peer }, goodbye(call, 'hung_up'))
  return end(phone, call, { kind: 'no_answer', peer }, goodbye(call, 'no_answer'))
}

function ring(phone: Phone, callId: string, peer: string, me: Me): Step {
  const { userId: from, endpointId: fromEndpoint, ringSeconds, nowMs } = me
  return {
    phone: {
      ...phone,
      notice: undefined,
      call: { kind: 'calling', callId, peer, untilMs: nowMs + ringSeconds * 1000 },
    },
    sends: [{ to: peer, signal: { type: 'CallOfferedEvent', callId, from, fromEndpoint, ringSeconds } }],
  }
}

function takeReceipt(phone: Phone, call: Taken, count: number, acknowledged: number | undefined): Step {
  const { peer } = call
  if (count === 0)
    return end(phone, call, { kind: call.kind === 'calling' ? 'not_registered' : 'no_reply', peer })
  // After a retry the server repeats its first answer and does not say who has it: an answer will tell, or the deadline.
  if (call.kind !== 'calling' || acknowledged === undefined) return unchanged(phone)
  if (acknowledged === 0) return end(phone, call, { kind: 'no_device', peer }, goodbye(call, 'unavailable'))
  return unchanged({ ...phone, call: { ...call, kind: 'ringing', deviceCount: acknowledged } })
}

function answer(phone: Phone, call: CallOf<'incoming' | 'answering'>, { nowMs }: Me): Step {
  return {
    phone: { ...phone, call: { ...call, kind: 'answering', untilMs: nowMs + ANSWER_MS } },
    sends: [],
    answers: { callId: call.callId, eventId: call.eventId },
  }
}

/** The first has the call, and tells the caller which tab that is. */
function takeAnswer(
  phone: Phone,
  call: CallOf<'incoming' | 'answering'>,
  is: 'first' | 'elsewhere' | 'gone',
  { endpointId: endpoint, nowMs: sinceMs }: Me,
): Step {
  const { callId, peer, peerEndpoint } = call
  if (is !== 'first') return end(phone, call, { kind: is === 'gone' ? 'missed' : 'answered_elsewhere', peer })
  return {
    phone: { ...phone, call: { kind: 'connected', callId, peer, peerEndpoint, sinceMs, isCaller: false } },
    sends: [{ to: peer, endpoint: peerEndpoint, signal: { type: 'CallAnsweredEvent', callId, endpoint } }],
  }
}

/** For the person, not for the tab: the caller then tells the other tabs. */
function decline(phone: Phone, call: CallOf<'incoming' | 'answering'>): Step {
  const { callId, peer: to, peerEndpoint } = call
  const send: Send = { to, endpoint: peerEndpoint, signal: { type: 'CallDeclinedEvent', callId } }
  return end(phone, call, undefined, [send])
}

/** The caller cancels, or either side hangs up. A tab that leaves while it is called says nothing: others may answer. */
function hangUp(phone: Phone): Step {
  const { call } = phone
  if (call.kind === 'idle') return unchanged(phone)
  const isTalking = call.kind === 'connected'
  const notice: Notice | undefined = isTalking ? { kind: 'ended', peer: call.peer } : undefined
  return end(phone, call, notice, goodbye(call, isTalking ? 'hung_up' : 'cancelled'))
}

function receive(phone: Phone, signal: Signal, me: Me): Step {
  const { call } = phone
  if (signal.type === 'CallOfferedEvent') return takeOffer(phone, signal, me)
  // Late, or not ours. Of two requests of one caller the end may overtake the offer.
  if (call.kind === 'idle' || call.callId !== signal.callId)
    return unchanged(
      signal.type === 'CallEndedEvent' ? { ...phone, over: remember(phone.over, signal) } : phone,
    )
  if (call.kind === 'calling' || call.kind === 'ringing') return hearFromCallee(phone, call, signal, me)
  if (call.kind === 'incoming' || call.kind === 'answering') return hearOfCall(phone, call, signal)
  return signal.type === 'CallEndedEvent'
    ? end(phone, call, { kind: 'ended', peer: call.peer })
    : unchanged(phone)
}

function takeOffer(phone: Phone, offer: Offer, me: Me): Step {
  const { callId, from: peer, fromEndpoint: peerEndpoint, eventId } = offer
  const { call } = phone
  if (phone.over.includes(callId)) return unchanged(phone)
  if (call.kind === 'idle') {
    const untilMs = me.nowMs + ringLeftMs(offer, me.nowMs)
    return unchanged({
      ...phone,
      notice: undefined,
      call: { kind: 'incoming', callId, peer, peerEndpoint, eventId, untilMs },
    })
  }
  if (call.callId === callId) return unchanged(phone)
  return {
    phone,
    sends: [{ to: peer, endpoint: peerEndpoint, signal: { type: 'CallBusyEvent', callId } }],
  }
}

/**
 * The offer may have waited for this tab. It was not over when it came, or the server would have discarded it
 * (`ttlSeconds`), so it rings for a moment even where the two clocks disagree by more than it has left.
 */
function ringLeftMs({ ringSeconds, timestamp }: Offer, nowMs: number): number {
  const ringMs = ringSeconds * 1000
  const leftMs = Date.parse(timestamp) + ringMs - nowMs
  return Math.min(ringMs, Math.max(leftMs, RING_MS_MIN))
}

function hearFromCallee(phone: Phone, call: CallOf<'calling' | 'ringing'>, signal: Signal, me: Me): Step {
  const { callId, peer } = call
  switch (signal.type) {
    case 'CallAnsweredEvent': {
      const { endpoint: peerEndpoint } = signal
      const { nowMs: sinceMs } = me
      return unchanged({
        ...phone,
        call: { kind: 'connected', callId, peer, peerEndpoint, sinceMs, isCaller: true },
      })
    }
    case 'CallDeclinedEvent':
    // Answered, and hung up before we knew.
    case 'CallEndedEvent':
      return end(phone, call, { kind: 'declined', peer }, goodbye(call, 'declined'))
    case 'CallBusyEvent':
      return end(phone, call, { kind: 'busy', peer }, goodbye(call, 'busy'))
    case 'CallOfferedEvent':
    case 'CallTakenEvent':
      return unchanged(phone)
  }
}

function hearOfCall(phone: Phone, call: CallOf<'incoming' | 'answering'>, signal: Signal): Step {
  const { peer } = call
  if (signal.type === 'CallTakenEvent') return end(phone, call, { kind: 'answered_elsewhere', peer })
  if (signal.type !== 'CallEndedEvent') return unchanged(phone)
  return end(phone, call, { kind: signal.reason === 'declined' ? 'declined_elsewhere' : 'missed', peer })
}
