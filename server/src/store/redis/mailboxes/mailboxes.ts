import type { Claimed, LinkHandle, MailboxEntry, MailboxStore, RegistrationKey } from '../../store.ts'
import { bytes, isYes, list, member, number, text } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'
import { atUser, type Engine } from '../engine.ts'
import { append } from './append.ts'
import { endAll } from './end.ts'

export function redisMailboxes(engine: Engine): MailboxStore {
  return {
    append: (request) => append(engine, request),
    take: (...wanted) => take(engine, ...wanted),
    async claim({ registration, sequence, eventId }, { linkId }) {
      const args = [registration.registrationId, linkId, sequence, eventId, engine.self()]
      return toClaimed(text(await atUser(engine, 'quick', 'claim', registration, args)))
    },
    end: (entries, how, bounds, reason) => endAll(engine, entries, how, bounds, reason),
  }
}

async function take(
  engine: Engine,
  registration: RegistrationKey,
  { linkId }: LinkHandle,
  afterSequence: number,
  entriesMax: number,
  bytesMax: number,
): Promise<readonly MailboxEntry[]> {
  const args = [registration.registrationId, linkId, afterSequence, entriesMax, bytesMax, engine.self()]
  return list(await atUser(engine, 'quick', 'take', registration, args)).map(toEntry)
}

function toEntry(answer: Answer): MailboxEntry {
  const [sequence, eventId, payload, sealed, acceptedAtWallMs, expiresAtWallMs, mustBeClaimed] = list(answer)
  return {
    sequence: number(sequence),
    eventId: text(eventId),
    payload: bytes(payload),
    sealed: isYes(sealed),
    acceptedAtWallMs: number(acceptedAtWallMs),
    ...member('expiresAtWallMs', expiresAtWallMs, number),
    ...(isYes(mustBeClaimed) ? { mustBeClaimed: true } : {}),
  }
}

function toClaimed(word: string): Claimed {
  return word === 'in_flight' || word === 'expired' ? word : 'gone'
}
