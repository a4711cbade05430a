import type { OnTiding, Tiding } from '../../store.ts'
import { isYes, list, number, optional, text } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'
import { toRegistrationKey } from '../registrations/rows.ts'

/** Hands on what a function says to another process. Of this one's own only what has a number is of any use to it. */
export function tellTiding(onTiding: OnTiding, self: string, partition: number, answer: Answer): void {
  const [to, kind, , ...about] = list(answer)
  const node = text(to)
  const word = text(kind)
  if (node === self && !NUMBERED.has(word)) return
  onTiding(node, toTiding(partition, word, list(answer), about))
}

const NUMBERED = new Set(['appended', 'taken_over', 'registration_over'])

function toTiding(
  part: number,
  kind: string,
  [, , count]: readonly Answer[],
  about: readonly Answer[],
): Tiding {
  if (kind === 'answered') return answered(about)
  const registration = toRegistrationKey(about)
  const [, , , , ...rest] = about
  if (kind === 'entry_over') {
    const [sequence, isAcknowledged] = rest
    return { kind, registration, sequence: number(sequence), isAcknowledged: isYes(isAcknowledged) }
  }
  const [link, ...more] = rest
  const subject = { registration, linkId: number(link) }
  if (kind === 'reminded') {
    const [seconds, remainingMs] = more
    return { kind, ...subject, keepAliveSeconds: number(seconds), remainingMs: number(remainingMs) }
  }
  const numbered = { ...subject, part, number: number(count) }
  switch (kind) {
    case 'appended':
      return { kind, ...numbered, ...entry(more) }
    case 'taken_over':
      return { kind, ...numbered }
    case 'registration_over':
      return { kind, ...numbered, how: text(more[0]) === 'expired' ? 'expired' : 'unregistered' }
    default:
      throw new TypeError('A function has told a process something that nobody knows.')
  }
}

function entry([sequence, follows, eventId, mustBeClaimed, sealed, payload]: readonly Answer[]) {
  return {
    sequence: number(sequence),
    follows: number(follows),
    eventId: text(eventId),
    mustBeClaimed: isYes(mustBeClaimed),
    sealed: isYes(sealed),
    // Whoever appends for its own link has it.
    payload: optional(payload, (bytes) => bytes as Buffer) ?? Buffer.alloc(0),
  }
}

function answered([organization, user, sender, event, endpoint]: readonly Answer[]): Tiding {
  return {
    kind: 'answered',
    to: { organizationId: text(organization), userId: text(user) },
    senderId: text(sender),
    eventId: text(event),
    userEndpointId: text(endpoint),
  }
}
