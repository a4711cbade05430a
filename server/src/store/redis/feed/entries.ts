import { LIFECYCLE_EVENTS, type LifecycleEventType, type LifecycleReason } from '@rollcall/protocol/lifecycle'
import type { FeedEntry } from '../../store.ts'
import { list, member, number, text } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'

/** An entry as `S.show_entry` gives it. */
export function toFeedEntry(answer: Answer): FeedEntry {
  const row = list(answer)
  return {
    sequence: number(row[0]),
    ...kindOf(text(row[1]), text(row[2])),
    organizationId: text(row[3]),
    userId: text(row[4]),
    userEndpointId: text(row[5]),
    atWallMs: number(row[6]),
    ...member('registeredAtWallMs', row[7], number),
    ...member('lastKeepAliveAtWallMs', row[8], number),
    ...member('keepAliveSeconds', row[9], number),
    ...member('connectedAtWallMs', row[10], number),
    ...member('eventId', row[11], text),
    ...member('answer', row[12], text),
    ...member('dropped', row[13], number),
    ...member('fromWallMs', row[14], number),
  }
}

/** What this version knows how to tell. */
function kindOf(type: string, reason: string): Pick<FeedEntry, 'type' | 'reason'> {
  if (!isType(type)) throw new TypeError('The feed has an entry of a type that nobody knows.')
  const reasons: readonly string[] = LIFECYCLE_EVENTS[type]
  if (!reasons.includes(reason)) throw new TypeError('The feed has an entry with a reason that nobody knows.')
  return { type, reason: reason as LifecycleReason }
}

export function isType(type: string): type is LifecycleEventType {
  return Object.hasOwn(LIFECYCLE_EVENTS, type)
}
