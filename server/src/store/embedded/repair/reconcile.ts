import { FEED_SEQUENCE_KEY } from '../feed/feed-sequences.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import { readMailboxKey, readRegistrationId, registrationKey } from '../keys.ts'
import { decodeCall, encodeCall } from '../mailboxes/call-row.ts'
import { SHARED_ENTRY } from '../mailboxes/mailbox-row.ts'
import { PayloadLoader } from '../mailboxes/payload-book.ts'
import { readRecoveries, recoveriesChange } from '../registrations/recoveries.ts'
import { decodeIdentity, decodeLiveness } from '../registrations/registration-row.ts'
import type { RowChange, Rows, Table } from '../rows.ts'
import { readState, stateChange } from '../state-row.ts'
import { reconcileHistory } from './reconcile-history.ts'

/** Ids and sequences skipped: those that were lost with their rows are not used again. */
const SKIPPED = 1_000_000

/**
 * Makes rows agree with each other after some of them, or of what removed them, were lost: nothing belongs to what
 * is not there, and no id is given twice. Doing it again changes nothing that matters.
 *
 * @param wallMs where service time goes on when nothing is left that says it
 */
export async function reconcile(rows: Rows, wallMs: number): Promise<void> {
  const known = await readRegistrations(rows)
  await rows.commit([
    ...known.gone,
    ...(await orphans(rows, known)),
    ...(await withoutCancel(rows)),
    await nextFeedSequence(rows),
    recoveriesOf(rows, known),
    await nextIds(rows, known, wallMs),
  ])
  await reconcileHistory(rows)
}

type Known = {
  readonly ids: ReadonlySet<number>
  /** Removes registrations that have no liveness, or that a later one of the same endpoint has replaced. */
  readonly gone: readonly RowChange[]
  /** The newest keepalive there was, in service time. */
  readonly heardMs: number
  readonly recovery: number
  readonly newestId: number
}

async function readRegistrations(rows: Rows): Promise<Known> {
  const periods = new Map<number, number>()
  const byEndpoint = new Map<string, number>()
  let newestId = 0
  await rows.scan('registrations', (key, value) => {
    const id = readRegistrationId(key)
    const { organizationId, userId, userEndpointId, keepAliveSeconds } = decodeIdentity(value)
    periods.set(id, keepAliveSeconds * 1000)
    byEndpoint.set(JSON.stringify([organizationId, userId, userEndpointId]), id)
    newestId = Math.max(newestId, id)
  })
  const current = new Set(byEndpoint.values())
  const ids = new Set<number>()
  let heardMs = 0
  let recovery = 0
  const gone: RowChange[] = []
  await rows.scan('liveness', (key, value) => {
    const id = readRegistrationId(key)
    const liveness = decodeLiveness(value)
    newestId = Math.max(newestId, id)
    recovery = Math.max(recovery, liveness.recovery)
    if (current.has(id)) {
      ids.add(id)
      heardMs = Math.max(heardMs, liveness.expiresAtMs - (periods.get(id) ?? 0))
    } else gone.push(removal('liveness', registrationKey(id)))
  })
  for (const id of periods.keys()) if (!ids.has(id)) gone.push(removal('registrations', registrationKey(id)))
  return { ids, gone, heardMs, recovery, newestId }
}

/** Only which payloads are needed is asked here, not whose they are. */
const NOBODY = { organizationId: '', payloadBytes: 0 }

/** What waits for registrations that are not there, or has lost the payload that it shares. */
async function orphans(rows: Rows, { ids }: Known): Promise<readonly RowChange[]> {
  const changes: RowChange[] = []
  const payloads = await PayloadLoader.open(rows)
  await rows.scan('mailbox', (key, value) => {
    const { registrationId, sequence } = readMailboxKey(key)
    payloads.found(sequence, NOBODY)
    const isLost = value.length === SHARED_ENTRY.length && payloads.book.keyOf(sequence) === undefined
    if (isLost || !ids.has(registrationId)) changes.push(removal('mailbox', Buffer.from(key)))
  })
  await rows.scanKeys('terms', (key) => {
    if (!ids.has(readMailboxKey(key).registrationId)) changes.push(removal('terms', Buffer.from(key)))
  })
  return changes
}

/** Calls whose cancelling event is lost cancel nothing any more. */
async function withoutCancel(rows: Rows): Promise<readonly RowChange[]> {
  const changes: RowChange[] = []
  await rows.scan('calls', (key, value) => {
    const call = decodeCall(value)
    if (call.cancelBytes === 0 || rows.get('cancels', key) !== undefined) return
    changes.push({ table: 'calls', key: Buffer.from(key), value: encodeCall({ ...call, cancelBytes: 0 }) })
  })
  return changes
}

async function nextFeedSequence(rows: Rows): Promise<RowChange> {
  const row = rows.get('meta', FEED_SEQUENCE_KEY)
  let next = row === undefined ? 1 : new FieldReader(row).number()
  await rows.scanKeys('feed', (key) => {
    next = Math.max(next, readRegistrationId(key) + 1)
  })
  await rows.scan('webhooks', (_key, value) => {
    const webhook = new FieldReader(value)
    webhook.text()
    webhook.text()
    next = Math.max(next, webhook.number() + 1)
  })
  return { table: 'meta', key: FEED_SEQUENCE_KEY, value: encodeFields([next + SKIPPED]) }
}

/** Deadlines that took a recovery into account must not take it for a later one again. */
function recoveriesOf(rows: Rows, { recovery }: Known): RowChange {
  const { list, newest } = readRecoveries(rows)
  return recoveriesChange({ list, newest: Math.max(newest, recovery) })
}

async function nextIds(rows: Rows, { heardMs, newestId }: Known, wallMs: number): Promise<RowChange> {
  const state = readState(rows)
  const lastMs = Math.max(heardMs, state?.heartbeatMs ?? 0) || wallMs
  let sequence = state?.nextSequence ?? 1
  await rows.scanKeys('mailbox', (key) => {
    sequence = Math.max(sequence, readMailboxKey(key).sequence + 1)
  })
  for (const table of ['calls', 'races'] as const)
    await rows.scanKeys(table, (key) => {
      sequence = Math.max(sequence, readRegistrationId(key) + 1)
    })
  const registrationId = Math.max(state?.nextRegistrationId ?? 1, newestId + 1)
  return stateChange({
    heartbeatMs: lastMs,
    heardMs: Math.max(heardMs, state?.heardMs ?? 0) || wallMs,
    earliestWallMs: state?.earliestWallMs ?? wallMs,
    isClean: false,
    nextRegistrationId: registrationId + SKIPPED,
    nextSequence: sequence + SKIPPED,
  })
}

function removal(table: Table, key: Buffer): RowChange {
  return { table, key, value: undefined }
}
