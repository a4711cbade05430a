import type { Put } from '../../move/items.ts'
import type { Highest } from '../../move/stream-writer.ts'
import { auditText, readAuditKey } from '../audit/audit-book.ts'
import { decodeChart } from '../charts/chart-book.ts'
import { WEBHOOK_KEY_BYTES } from '../feed/dead-letter-book.ts'
import { decodeDeadLetter, decodeEntry } from '../feed/feed-row.ts'
import { decodeWebhook, webhookKey } from '../feed/webhook-book.ts'
import { asBuffer } from '../fields.ts'
import { readHistoryState } from '../history/history-state.ts'
import { readNumberKey, readRegistrationId } from '../keys.ts'
import { loadRegistrations } from '../load.ts'
import { decodeReply } from '../mailboxes/replies.ts'
import { ownerOf, readLastSeen } from '../registrations/last-seen-book.ts'
import { readRecoveries } from '../registrations/recoveries.ts'
import type { Rows } from '../rows.ts'
import { assertFormat, readState, type StoreState } from '../state-row.ts'
import { decodeDirectoryEntry, readRevision } from '../tokens/directory-book.ts'
import { decodeFamily, type FamilyRow } from '../tokens/family-book.ts'
import { REVOKED_TOKEN_ROWS, REVOKED_USER_ROWS, SIGNING_KEY_ROWS } from '../tokens/list-rows.ts'
import { sendHistory } from './source-history.ts'
import { sendUsers } from './source-users.ts'

/** Ids that the rows have given; `undefined`: there is nothing in them. */
export function highestIn(rows: Rows): Highest | undefined {
  assertFormat(rows)
  const state = readState(rows)
  if (state === undefined) return undefined
  const { nextRegistrationId, nextSequence } = state
  const { nextRecordId } = readHistoryState(rows, nextSequence)
  return {
    registrationId: nextRegistrationId - 1,
    sequence: nextSequence - 1,
    recordId: nextRecordId - 1,
  }
}

/**
 * Hands over all that a start would read. Memory as for a start: registrations, and which entries wait, but no payload.
 *
 * @param conceal how the private key of a signing key is written
 */
export async function sendRows(rows: Rows, conceal: (text: string) => string, put: Put): Promise<void> {
  const state = readState(rows)
  if (state === undefined) return
  await sendTokens(rows, state, conceal, put)
  await sendBooks(rows, put)
  await sendFeed(rows, put)
  const { heartbeatMs } = state
  const loaded = await loadRegistrations(rows, heartbeatMs, readRecoveries(rows).list)
  const places = await sendHistory(rows, state.nextSequence, put)
  await sendUsers({ rows, loaded, places, heardMs: state.heardMs }, put)
}

async function sendTokens(
  rows: Rows,
  { heartbeatMs }: StoreState,
  conceal: (text: string) => string,
  put: Put,
): Promise<void> {
  await rows.scan('signing', (_key, value) => {
    const { privateKeyPem, ...key } = SIGNING_KEY_ROWS.decode(value)
    put('signingKey', { ...key, concealed: conceal(privateKeyPem) })
  })
  await rows.scan('revoked', (_key, value) => {
    const { owner, ...token } = REVOKED_TOKEN_ROWS.decode(value)
    put('revokedToken', owner === undefined ? token : { ...token, owner })
  })
  await rows.scan('revokedUsers', (_key, value) => put('revokedUser', REVOKED_USER_ROWS.decode(value)))
  const families: FamilyRow[] = []
  await rows.scan('families', (_key, value) => families.push(decodeFamily(value)))
  families.sort((a, b) => a.ordinal - b.ordinal)
  for (const { family } of families) {
    const { lastRotation, ...rest } = family
    if (lastRotation === undefined) put('refreshFamily', rest)
    else {
      const { repeatableUntilMs, ...used } = lastRotation
      const rotation = { ...used, repeatableForMs: repeatableUntilMs - heartbeatMs }
      put('refreshFamily', { ...rest, lastRotation: rotation })
    }
  }
}

async function sendBooks(rows: Rows, put: Put): Promise<void> {
  const revision = readRevision(rows)
  if (revision > 0) put('directoryRevision', { revision })
  await rows.scan('directory', (_key, value) => put('directoryEntry', decodeDirectoryEntry(value)))
  await rows.scan('audit', (key, value) => {
    put('auditLine', { ...readAuditKey(key), text: auditText(value) })
  })
  await rows.scan('charts', (_key, value) => {
    const { organizationId, ...row } = decodeChart(value)
    put('chart', organizationId === null ? row : { ...row, organizationId })
  })
  await rows.scan('answers', (key, value) => {
    const { owner, ...reply } = decodeReply(value)
    put('reply', { ...owner, ...reply, digest: Buffer.from(key) })
  })
  await rows.scan('lastSeen', (key, value) => {
    const { name, seenAtWallMs } = readLastSeen(key, value)
    put('lastSeen', { ...ownerOf(name), seenAtWallMs })
  })
}

async function sendFeed(rows: Rows, put: Put): Promise<void> {
  await rows.scan('feed', (key, value) => {
    put('feedEntry', { entry: decodeEntry(readNumberKey(key), value) })
  })
  const webhooks = new Map<string, { readonly organizationId: string; readonly webhookId: string }>()
  await rows.scan('webhooks', (_key, value) => {
    const { batch, ...webhook } = decodeWebhook(value)
    const { organizationId, webhookId } = webhook
    webhooks.set(webhookKey(webhook).toString('hex'), { organizationId, webhookId })
    put('webhook', batch === undefined ? webhook : { ...webhook, batch })
  })
  await rows.scan('deadLetters', (key, value) => {
    const bytes = asBuffer(key)
    const webhook = webhooks.get(bytes.toString('hex', 0, WEBHOOK_KEY_BYTES))
    // Of one that is forgotten nothing is read.
    if (webhook === undefined) return
    const sequence = readNumberKey(bytes.subarray(WEBHOOK_KEY_BYTES))
    put('deadLetter', { ...webhook, ...decodeDeadLetter(sequence, value) })
  })
  await rows.scan('links', (key, value) => {
    const registrationId = readRegistrationId(key)
    // The row has no sequence of its own.
    put('link', { registrationId, entry: decodeEntry(0, value) })
  })
}
