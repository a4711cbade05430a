import assert from 'node:assert/strict'
import { RollcallError } from '@rollcall/protocol/error-code'
import {
  DamageError,
  type Files,
  inlineMerger,
  openDiskRows,
  openEmbeddedStore,
  type RowChange,
  repairStore,
  type Sizes,
  type Table,
} from '../../server/src/store/embedded/embedded.ts'
import type { Registration, Store } from '../../server/src/store/store.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { entriesOf, liveOf } from '../helpers/mailbox-entries.ts'
import type { MemoryDisk } from '../helpers/memory-disk.ts'

/** So small that a few hundred events or commits see everything: parts of the log, runs, merges. */
export const SMALL: Sizes = {
  firstPartBytes: 4096,
  partBytesMax: 16_384,
  flushBytes: 16_384,
  runBytes: 8192,
  level1Bytes: 32_768,
  garbageBytesMin: 8192,
}
const USERS = ['alice', 'bob', 'carol']
/** Has what two endpoints share. */
const READERS = [...USERS, 'dave']
const STORE_ID = '00112233445566ff'

const clock = createFakeClock()

/** What there was to be delivered, by event id. */
export type Events = ReadonlyMap<string, string>

async function openStore(files: Files, storeId = STORE_ID): Promise<Store> {
  const rows = await openDiskRows({
    files,
    clock,
    merger: inlineMerger(files),
    newStoreId: () => storeId,
    sizes: SMALL,
  })
  try {
    return await openEmbeddedStore({ rows, clock })
  } catch (error) {
    await rows.close()
    throw error
  }
}

function endpointOf(userId: string) {
  return { organizationId: 'acme', userId, userEndpointId: 'phone' }
}

/**
 * Fills a new store with events for three people, each recorded, some of them acknowledged, and leaves it closed.
 *
 * @param onCommit called after each event, with what waits then
 */
export async function fill(
  disk: MemoryDisk,
  events: number,
  {
    storeId = STORE_ID,
    onEvent,
  }: { readonly storeId?: string; readonly onEvent?: (id: string) => void } = {},
): Promise<Events> {
  const store = await openStore(disk.open(), storeId)
  const at = { nowWallMs: clock.wallMs() }
  const registrations: Registration[] = []
  for (const userId of USERS) {
    const wanted = { keepAliveSeconds: 3600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
    const outcome = await store.registrations.register({ ...endpointOf(userId), ...wanted }, 1)
    assert(outcome.kind === 'registered')
    registrations.push(outcome.registration)
  }
  const waiting = new Map<string, string>()
  await shareOne(store, waiting)
  for (let number = 0; number < events; number++) {
    const registration = registrations[number % USERS.length]
    assert(registration !== undefined)
    const eventId = `event-${number}`
    const payload = `${eventId} ${'x'.repeat(40 + ((number * 37) % 200))}`
    const event = { eventId, payload: Buffer.from(payload), sealed: false, acceptedAtWallMs: at.nowWallMs }
    const record = {
      ...{ eventId, organizationId: 'acme', userId: registration.userId, senderId: 'backend' },
      ...({ type: 'CallOfferedEvent', qos: 1 } as const),
      ...{ acceptedAtWallMs: at.nowWallMs, event: event.payload },
    } as const
    const request = { ...endpointOf(registration.userId), event, record, eventsMax: 1e6, bytesMax: 1e9 }
    const { accepted } = await store.mailboxes.append(request)
    waiting.set(eventId, payload)
    const [first] = accepted
    assert(first !== undefined)
    if (number % 4 === 3) {
      const entry = { registration, sequence: first.sequence, eventId }
      await store.mailboxes.end([entry], 'acknowledged', NO_BOUNDS)
      waiting.delete(eventId)
    }
    onEvent?.(eventId)
  }
  await store.close()
  return waiting
}

/** One large event for two endpoints, whose payload lies on disk once. */
async function shareOne(store: Store, waiting: Map<string, string>): Promise<void> {
  const user = { organizationId: 'acme', userId: 'dave' }
  for (const userEndpointId of ['phone', 'tab']) {
    const wanted = { keepAliveSeconds: 3600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
    await store.registrations.register({ ...user, userEndpointId, ...wanted }, 9)
  }
  const payload = SHARED_PAYLOAD
  const event = { eventId: 'shared', payload: Buffer.from(payload), sealed: false, acceptedAtWallMs: 0 }
  await store.mailboxes.append({ ...user, event, ...NO_BOUNDS })
  waiting.set('shared', payload)
}

/** Of an event that two endpoints share. */
export const SHARED_PAYLOAD = `shared ${'z'.repeat(5000)}`
const NO_BOUNDS = { eventsMax: 1e6, bytesMax: 1e9 }

/** Loses rows without a trace, as no disk does, so that a repair meets each kind of loss. */
export async function lose(disk: MemoryDisk, table: Table): Promise<number> {
  const files = disk.open()
  const rows = await openDiskRows({
    ...{ files, clock, merger: inlineMerger(files), newStoreId: () => STORE_ID, sizes: SMALL },
  })
  const changes: RowChange[] = []
  await rows.scanKeys(table, (key) => changes.push({ table, key: Buffer.from(key), value: undefined }))
  await rows.commit(changes)
  await rows.close()
  disk.put('manifest', undefined)
  return changes.length
}

/** All that devices would get, by event id; then appends one more to each, to see that the store goes on. */
async function deliver(files: Files): Promise<Events> {
  const store = await openStore(files)
  const got = new Map<string, string>()
  try {
    for (const userId of READERS) {
      const [registration] = await liveOf(store, endpointOf(userId))
      if (registration === undefined) continue
      for (const { payload } of await entriesOf(store, registration, 0, 1e6)) {
        const text = Buffer.from(payload).toString()
        got.set(text.split(' ')[0] ?? '', text)
      }
    }
    await store.history.list({}, undefined, 1000)
    return got
  } finally {
    await store.close()
  }
}

export type Fate =
  | { readonly kind: 'delivered'; readonly events: Events }
  | { readonly kind: 'refused'; readonly damage: DamageError }

/** Starts a store that something has happened to. @throws whatever is not damage */
export async function start(disk: MemoryDisk): Promise<Fate> {
  try {
    return { kind: 'delivered', events: await deliver(disk.open()) }
  } catch (error) {
    // While it runs, what is damaged is refused, and everything else goes on.
    const cause = error instanceof RollcallError && error.code === 'unavailable' ? error.cause : error
    if (cause instanceof DamageError) return { kind: 'refused', damage: cause }
    throw error
  }
}

export function repair(disk: MemoryDisk) {
  return repairOn(disk.open())
}

export function repairOn(files: Files) {
  return repairStore({ files, clock, newStoreId: () => STORE_ID, sizes: SMALL })
}

/** A refusal names the file, what is wrong, and the commands that help. */
export function assertNames(damage: DamageError, file: RegExp): void {
  assert.match(damage.file, file)
  assert.ok(damage.message.includes(damage.file) && damage.message.includes(damage.what))
  assert.match(damage.message, /`rollcall check`.*`rollcall repair --drop-damaged`/)
}

/** Nothing is delivered that was not sent just so. */
export function assertTrue(events: Events, sent: Events): void {
  for (const [eventId, payload] of events) assert.equal(payload, sent.get(eventId), eventId)
}
