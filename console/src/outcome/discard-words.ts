import type { DiscardReason, HistoryEndpoint } from '@rollcall/protocol/history'

type Told = {
  /** For a badge: instead of `discarded`. */
  readonly text: string
  /** One sentence. */
  readonly meaning: string
  /** Whether nobody missed anything by it. */
  readonly isHarmless?: true
}

/** Why an event was given up at a device, for people. */
const REASONS: Readonly<Record<DiscardReason, Told>> = {
  registration_expired: {
    text: 'device had expired',
    meaning: 'The device’s registration expired before it could get it: no keepalive came in time.',
  },
  registered_anew: {
    text: 'device came back too late',
    meaning:
      'The device’s registration expired, and it registered anew: what waited for the old one was given up.',
  },
  unregistered: {
    text: 'device unregistered',
    meaning: 'The device unregistered before it had taken it.',
  },
  kicked: { text: 'device was kicked', meaning: 'An operator kicked the device before it had taken it.' },
  revoked: {
    text: 'user was revoked',
    meaning: 'The user was revoked: the registration ended, and what waited with it.',
  },
  evicted: {
    text: 'device made room',
    meaning:
      'The user had as many devices as are allowed, and this one, silent longest, made room for a newer one.',
  },
  erased: { text: 'user was erased', meaning: 'The user was erased, and what waited with it.' },
  mailbox_full: { text: 'mailbox was full', meaning: 'The device’s mailbox was full and did not take it.' },
  collapsed: {
    text: 'replaced by a newer one',
    meaning: 'A newer event of the same collapse key took its place before it was sent.',
    isHarmless: true,
  },
  answered_elsewhere: {
    text: 'answered elsewhere',
    meaning: 'Another device answered it before it was sent to this one, which was spared.',
    isHarmless: true,
  },
  acknowledged_elsewhere: {
    text: 'taken elsewhere',
    meaning: 'Another device acknowledged it before it was sent to this one, which was spared.',
    isHarmless: true,
  },
  too_large: {
    text: 'too large for the device',
    meaning: 'It is larger than the device’s client takes (MQTT 5, Maximum Packet Size).',
  },
  unreadable: {
    text: 'sealed with a lost key',
    meaning: 'It was sealed with a key that the server does not have any more.',
  },
  congested: {
    text: 'connection too slow',
    meaning: 'The device’s connection took its data too slowly, and at QoS 0 nothing waits: it is lost.',
  },
}

/** `undefined`: a record of a former version, or a reason that this console does not know. */
export function discardWords(reason: DiscardReason | undefined): Told | undefined {
  return reason !== undefined && Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined
}

/** Why all that were given up were, where that is the same for all of them and known. */
export function sharedReason(
  endpoints: readonly Pick<HistoryEndpoint, 'outcome' | 'discardReason'>[],
): Told | undefined {
  const reasons = new Set(
    endpoints.flatMap(({ outcome, discardReason }) => (outcome === 'discarded' ? [discardReason] : [])),
  )
  return reasons.size === 1 ? discardWords([...reasons][0]) : undefined
}
