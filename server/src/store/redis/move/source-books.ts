import type { Put } from '../../move/items.ts'
import type { UserKey } from '../../store.ts'
import { bytes, list, number, text } from '../connection/answers.ts'
import { digestOf } from '../mailboxes/replies.ts'
import type { PartitionReader, Reading } from './partition-reader.ts'

/** Begins the key of an organization's chart. */
const CHART_OF = 'ch:'

/** Hands over charts, replies, and when users were last seen. */
export async function sendBooks(reading: Reading, put: Put): Promise<void> {
  const { readers } = reading
  for (const reader of readers)
    for await (const [key, startWallMs, points] of reader.rows('charts', 3)) {
      const name = text(key)
      const row = { startWallMs: number(startWallMs), points: bytes(points) }
      const organizationId = name.slice(CHART_OF.length)
      put('chart', name.startsWith(CHART_OF) ? { ...row, organizationId } : row)
    }
  for (const reader of readers) await sendReplies(reader, put)
  for (const reader of readers) await sendClaims(reading, reader, put)
  for (const reader of readers)
    for await (const [name, seenAtWallMs] of reader.rows('seen', 2))
      put('lastSeen', { ...userOf(text(name)), seenAtWallMs: number(seenAtWallMs) })
}

async function sendReplies(reader: PartitionReader, put: Put): Promise<void> {
  for await (const [row = null] of reader.rows('replies')) {
    const [name, eventId, count, expiresAtWallMs] = list(row)
    put('reply', {
      ...keyOf(text(name)),
      eventId: text(eventId),
      count: number(count),
      expiresAtWallMs: number(expiresAtWallMs),
    })
  }
}

/**
 * A claim whose request ended without an answer is what came of it, where something did: that is known at its recipient.
 * Of one that came to nothing nothing is left, since nobody can append any more under it.
 */
async function sendClaims(
  { readers, partitions, wallMs }: Reading,
  reader: PartitionReader,
  put: Put,
): Promise<void> {
  for await (const [row = null] of reader.rows('claims')) {
    const [name, token, rememberMs, organizationId, userId] = list(row)
    const recipient = { organizationId: text(organizationId), userId: text(userId) }
    const found = await readers[partitions.ofUser(recipient)]?.ask('outcome', text(token))
    if (found === null || found === undefined) continue
    const [eventId, count] = list(found)
    put('reply', {
      ...keyOf(text(name)),
      eventId: text(eventId),
      count: number(count),
      expiresAtWallMs: wallMs + number(rememberMs),
    })
  }
}

/** `<organization>/<user>/<key>`: ids never contain a slash. */
function keyOf(name: string): UserKey & { readonly digest: Uint8Array } {
  const userEnd = name.indexOf('/', name.indexOf('/') + 1)
  const owner = userOf(name.slice(0, userEnd))
  return { ...owner, digest: digestOf(owner, name.slice(userEnd + 1)) }
}

/** `<organization>/<user>`. */
export function userOf(name: string): UserKey {
  const slashAt = name.indexOf('/')
  return { organizationId: name.slice(0, slashAt), userId: name.slice(slashAt + 1) }
}
