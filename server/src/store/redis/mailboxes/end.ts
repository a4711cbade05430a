import { RollcallError } from '@rollcall/protocol/error-code'
import type { DiscardReason } from '@rollcall/protocol/history'
import type { Cancellation, Ending, EndOutcome, HeldEntry, MailboxBounds } from '../../store.ts'
import { isYes, list, text } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'
import type { Engine } from '../engine.ts'
import { grouped, type Placed } from '../grouped.ts'
import { toRegistrationKey } from '../registrations/rows.ts'
import { toPosition } from './positions.ts'

/** See `MailboxStore.end`: one call for each partition of theirs. */
export async function endAll<Entry extends HeldEntry>(
  engine: Engine,
  entries: readonly Entry[],
  how: Ending,
  bounds: MailboxBounds,
  reason?: DiscardReason,
): Promise<EndOutcome<Entry>> {
  const { functions, partitions } = engine
  functions.assertOpen()
  const groups = grouped(entries, ({ registration }) => partitions.ofUser(registration))
  const parts = await Promise.all(
    [...groups].map(([partition, group]) => endSome(engine, partition, group, [how, reason ?? ''], bounds)),
  )
  const ended = parts.flatMap((part) => part.ended).sort((a, b) => a.index - b.index)
  const lost = parts.flatMap((part) => part.refused).sort((a, b) => a.index - b.index)
  return {
    ended: ended.map(({ item }) => item),
    cancellations: parts.flatMap(({ cancellations }) => cancellations),
    refused: lost.map(({ item }) => item),
  }
}

type Part<Entry> = {
  readonly ended: readonly Placed<Entry>[]
  readonly refused: readonly Placed<Entry>[]
  readonly cancellations: readonly Cancellation[]
}

/** What Redis could not be asked, or of which nobody knows, is refused: entries are named by their events, and end once. */
async function endSome<Entry extends HeldEntry>(
  { functions, hints }: Engine,
  partition: number,
  group: readonly Placed<Entry>[],
  how: readonly [Ending, DiscardReason | ''],
  { eventsMax, bytesMax }: MailboxBounds,
): Promise<Part<Entry>> {
  const named = group.flatMap(({ item: { registration, sequence, eventId } }) => [
    registration.registrationId,
    sequence,
    eventId,
  ])
  const args = [...how, eventsMax, bytesMax, hints.next(), ...named]
  const answer = await functions.call('quick', 'end', partition, args).catch(unlessUnavailable)
  if (answer === undefined) return { ended: [], refused: group, cancellations: [] }
  const [ended, cancellations] = list(answer)
  const areEnded = list(ended).map(isYes)
  return {
    ended: group.filter((_, index) => areEnded[index]),
    refused: [],
    cancellations: list(cancellations).map(toCancellation),
  }
}

function unlessUnavailable(error: unknown): undefined {
  if (!(error instanceof RollcallError) || error.code !== 'unavailable') throw error
}

/** What was set off is there with the answer that tells of it. */
export function toCancellation(answer: Answer): Cancellation {
  const [organizationId, accepted, full, discarded] = list(answer)
  return {
    organizationId: text(organizationId),
    accepted: list(accepted).map(toRegistrationKey),
    full: list(full).map(toRegistrationKey),
    discarded: list(discarded).map(toPosition),
    durable: Promise.resolve(),
  }
}
