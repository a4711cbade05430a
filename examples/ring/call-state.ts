import type { EndReason, Offer, Signal } from './signals.ts'

/** How a tab's telephone stands. */
export type Call =
  | { readonly kind: 'idle' }
  /** Offered; no device has said yet that it has the offer. */
  | { readonly kind: 'calling'; readonly callId: string; readonly peer: string; readonly untilMs: number }
  | {
      readonly kind: 'ringing'
      readonly callId: string
      readonly peer: string
      readonly untilMs: number
      readonly deviceCount: number
    }
  /** Ours to answer, and answered but not yet known to be the first. */
  | {
      readonly kind: 'incoming' | 'answering'
      readonly callId: string
      readonly peer: string
      readonly peerEndpoint: string
      readonly eventId: string
      readonly untilMs: number
    }
  | {
      readonly kind: 'connected'
      readonly callId: string
      readonly peer: string
      readonly peerEndpoint: string
      readonly sinceMs: number
      readonly isCaller: boolean
    }

export type CallOf<Kind extends Call['kind']> = Call & { readonly kind: Kind }
export type Taken = Exclude<Call, { readonly kind: 'idle' }>

/** What became of the last call. */
export type Notice = { readonly kind: NoticeKind; readonly peer: string; readonly text?: string }
type NoticeKind =
  | 'not_registered'
  | 'no_device'
  | 'no_answer'
  | 'no_reply'
  | 'declined'
  | 'busy'
  | 'answered_elsewhere'
  | 'declined_elsewhere'
  | 'missed'
  | 'ended'
  | 'failed'
  | 'lost'

export type Phone = {
  readonly call: Call
  readonly notice: Notice | undefined
  /** Calls that are over, newest last: an offer that was overtaken by its own end must not ring. */
  readonly over: readonly string[]
}

export type Send = {
  readonly to: string
  /** One tab. Absent: all devices of the user. */
  readonly endpoint?: string
  /** Without what an offer gets on its way. */
  readonly signal: Exclude<Signal, Offer> | Omit<Offer, 'timestamp' | 'eventId'>
}

export type Step = {
  readonly phone: Phone
  readonly sends: readonly Send[]
  /** The offer that this tab answers: Rollcall says whether it is the first. */
  readonly answers?: { readonly callId: string; readonly eventId: string }
}

export const NEW_PHONE: Phone = { call: { kind: 'idle' }, notice: undefined, over: [] }

const OVER_MAX = 50

/** To everyone who may ring; once there is one tab at the other end, to that. */
export function goodbye(call: Taken, reason: EndReason): readonly Send[] {
  const { callId, peer: to } = call
  const signal: Signal = { type: 'CallEndedEvent', callId, reason }
  switch (call.kind) {
    case 'calling':
    case 'ringing':
      return [{ to, signal }]
    case 'incoming':
      return []
    case 'answering':
    case 'connected':
      return [{ to, endpoint: call.peerEndpoint, signal }]
  }
}

export function end(
  phone: Phone,
  call: Taken,
  notice: Notice | undefined,
  sends: readonly Send[] = [],
): Step {
  return { phone: { call: { kind: 'idle' }, notice, over: remember(phone.over, call) }, sends }
}

export function remember(
  over: readonly string[],
  { callId }: { readonly callId: string },
): readonly string[] {
  return [...over.filter((other) => other !== callId), callId].slice(-OVER_MAX)
}

export function unchanged(phone: Phone): Step {
  return { phone, sends: [] }
}
