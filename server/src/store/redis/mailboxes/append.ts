import { TOKENS_MAX } from '../../bounds.ts'
import type { AppendOutcome, AppendRequest, CancelDraft } from '../../store.ts'
import { isYes, list, number, text } from '../connection/answers.ts'
import { refused } from '../connection/refusals.ts'
import type { Answer } from '../connection/wire.ts'
import { atUser, type Engine } from '../engine.ts'
import { draftFields } from '../history/drafts.ts'
import { toRegistrationKey } from '../registrations/rows.ts'
import { toPosition } from './positions.ts'

const NOTHING = Buffer.alloc(0)

/** See `MailboxStore.append`. */
export async function append(engine: Engine, request: AppendRequest): Promise<AppendOutcome> {
  const { event, record, cancelOthers, call, admit } = request
  const { clock, functions, due, partitions, serviceTime } = engine
  // Who is there is known to Redis alone: what is asked for is the least that it may be.
  const bytes = event.payload.byteLength
  const release = admit?.({ bytes, endpoints: 1, waitingBytes: functions.waitingBytes })
  try {
    const answer = await atUser(engine, 'durable', 'append', request, [
      JSON.stringify(fieldsOf(engine, request)),
      Buffer.from(event.payload),
      ...[record?.event, cancelOthers?.payload, cancelOthers?.record?.event].map(toBytes),
      ...[call?.cancelOthers?.payload, call?.cancelOthers?.record?.event].map(toBytes),
    ])
    if (event.expiresAtWallMs !== undefined)
      due.notAfter(partitions.ofUser(request), serviceTime.nowMs() + event.expiresAtWallMs - clock.wallMs())
    return toOutcome(answer)
  } finally {
    release?.()
  }
}

function toBytes(part: Uint8Array | undefined): Buffer {
  return part === undefined ? NOTHING : Buffer.from(part)
}

function fieldsOf({ hints, partitions, self: selfOf }: Engine, request: AppendRequest) {
  const self = selfOf()
  const { event, record, cancelOthers, call } = request
  return {
    o: request.organizationId,
    u: request.userId,
    endpoint: request.userEndpointId,
    e: event.eventId,
    sealed: event.sealed,
    at: event.acceptedAtWallMs,
    expires: event.expiresAtWallMs,
    eventsMax: request.eventsMax,
    bytesMax: request.bytesMax,
    collapse: request.collapseKey,
    node: self,
    awaited: request.isAwaited && self,
    token: request.idempotency?.token,
    tokensMax: tokensMax(partitions.count),
    record: record && draftFields(record),
    hint: hints.next(),
    cancel: cancelOthers && cancelFields(cancelOthers),
    call: call && {
      sender: call.senderId,
      ends: call.endsAtWallMs,
      masks: call.masks,
      cancel: call.cancelOthers && cancelFields(call.cancelOthers),
    },
  }
}

function cancelFields({ eventId, sealed, record }: CancelDraft) {
  return { e: eventId, s: sealed, d: record && draftFields(record) }
}

/** How many outcomes a partition keeps by their tokens: some have more than others. */
export function tokensMax(partitions: number): number {
  return Math.max(1_000, Math.ceil((4 * TOKENS_MAX) / partitions))
}

function toOutcome(answer: Answer): AppendOutcome {
  const [kind, ...rest] = list(answer)
  switch (text(kind)) {
    case 'void':
      throw refused('Another request with this key has taken over.')
    case 'repeated': {
      const reply = { eventId: text(rest[0]), count: number(rest[1]) }
      return { accepted: [], full: [], repeated: reply }
    }
    default: {
      const replaced = list(rest[2]).map(toPosition)
      return {
        accepted: list(rest[0]).map(toAccepted),
        full: list(rest[1]).map(toRegistrationKey),
        ...(replaced.length === 0 ? {} : { replaced }),
      }
    }
  }
}

function toAccepted(answer: Answer): AppendOutcome['accepted'][number] {
  const [, , , , , follows, canBeWoken, isElsewhere] = list(answer)
  return {
    ...toPosition(answer),
    follows: number(follows),
    ...(isYes(canBeWoken) ? { canBeWoken: true } : {}),
    ...(isYes(isElsewhere) ? { isElsewhere: true } : {}),
  }
}
