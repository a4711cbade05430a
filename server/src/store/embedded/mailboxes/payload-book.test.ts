import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { FakeDisk } from '../../../../../test/helpers/fake-disk.ts'
import { ENTRY_BYTES } from '../../bounds.ts'
import { depthOf } from '../../contract/entries.ts'
import { ENDPOINT, Scene } from '../../contract/scene.ts'
import type { AppendRequest, Registration } from '../../store.ts'
import { openEmbeddedStore } from '../assembly.ts'
import { payloadKey } from '../keys.ts'
import type { RowChange } from '../rows.ts'
import { isShared } from './payload-book.ts'

const LARGE = 'x'.repeat(60_000)
const BOUNDS = { eventsMax: 1_000, bytesMax: 1e9 }

async function open(disk = new FakeDisk()) {
  const clock = createFakeClock()
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  const refuse = () => Promise.reject(new Error('not here'))
  const { wallMs, advance, jumpWall, stall } = clock
  const close = () => store.close()
  const under = { store, ended: [], wallMs, advance, jumpWall, stall, reopen: refuse, crash: refuse, close }
  const scene = new Scene(under)
  const rows = (table: 'mailbox' | 'payloads') => disk.table(table).size
  const find = async (userEndpointId: string) => {
    const found = await scene.find({ ...ENDPOINT, userEndpointId })
    assert(found !== undefined)
    return found
  }
  return { clock, disk, store, scene, rows, find }
}

type Opened = Awaited<ReturnType<typeof open>>

async function registerMany({ scene }: Opened, count: number): Promise<readonly Registration[]> {
  const names = Array.from({ length: count }, (_, index) => `e${index}`)
  return Promise.all(names.map((userEndpointId) => scene.register({ userEndpointId, keepAliveSeconds: 600 })))
}

/** To all endpoints; returns the sequences. */
async function append({ scene }: Opened, payload: string, wanted: Partial<AppendRequest> = {}) {
  const { organizationId, userId } = ENDPOINT
  const event = {
    eventId: 'large',
    payload: Buffer.from(payload),
    sealed: false,
    acceptedAtWallMs: scene.under.wallMs(),
  }
  const request = { organizationId, userId, event, ...BOUNDS, ...wanted }
  const { accepted } = await scene.store.mailboxes.append(request)
  return accepted.map(({ sequence }) => sequence)
}

function bytesOf(changes: readonly RowChange[]): number {
  return changes.reduce((sum, { key, value }) => sum + key.byteLength + (value?.byteLength ?? 0), 0)
}

describe('what many entries share', () => {
  it('is written once, however many endpoints there are', async () => {
    const opened = await open()
    await registerMany(opened, 100)
    const before = opened.disk.commits.length
    await append(opened, LARGE, { collapseKey: 'one' })
    const written = opened.disk.commits.slice(before).reduce((sum, changes) => sum + bytesOf(changes), 0)
    assert.ok(written < LARGE.length + 100 * 150, `${written} bytes`)
    assert.deepEqual([opened.rows('payloads'), opened.rows('mailbox')], [1, 100])
    await append(opened, LARGE, { collapseKey: 'one' })
    assert.deepEqual([opened.rows('payloads'), opened.rows('mailbox')], [1, 100], 'one in place of the other')
    await opened.store.close()
  })

  it('is not for what is small, or goes to one', async () => {
    const opened = await open()
    await registerMany(opened, 4)
    await append(opened, 'small'.repeat(200))
    await append(opened, LARGE, { userEndpointId: 'e0' })
    assert.equal(opened.rows('payloads'), 0)
    assert.deepEqual([isShared(1e6, 1), isShared(1_000, 3), isShared(3_000, 3)], [false, false, true])
    await opened.store.close()
  })

  it('goes with the last entry, whichever way the entries end, over restarts', async () => {
    let opened = await open()
    const { disk } = opened
    await registerMany(opened, 6)
    const cancel = { eventId: 'cancel', payload: Buffer.from(LARGE), sealed: false }
    const sequences = await append(opened, LARGE, { cancelOthers: cancel })
    await append(opened, LARGE, {
      event: {
        eventId: 'mortal',
        payload: Buffer.from(LARGE),
        sealed: false,
        acceptedAtWallMs: 0,
        expiresAtWallMs: opened.scene.under.wallMs() + 5_000,
      },
    })
    await opened.scene.discard(await opened.find('e0'), sequences[0] ?? 0)
    await opened.scene.unregister({ ...ENDPOINT, userEndpointId: 'e1' })
    assert.equal(opened.rows('payloads'), 2)
    await opened.store.close()

    opened = await open(disk)
    const first = await opened.find('e2')
    assert.deepEqual(await opened.scene.payloads(first), [LARGE, LARGE])
    const cancelled = await opened.scene.acknowledge(first, sequences[2] ?? 0, BOUNDS)
    await cancelled?.durable
    assert.equal(cancelled?.accepted.length, 3)
    assert.equal(opened.rows('payloads'), 2, 'what was won is gone, the cancelling event has come')
    await opened.clock.advance(10_000)
    assert((await opened.scene.lapsed(100)).length > 0)
    await opened.clock.advance(1_000)
    assert.deepEqual([opened.rows('payloads'), opened.rows('mailbox')], [1, 3])
    await opened.store.close()

    opened = await open(disk)
    for (let index = 0; index < 6; index++)
      await opened.scene.unregister({ ...ENDPOINT, userEndpointId: `e${index}` })
    assert.deepEqual([opened.rows('payloads'), opened.rows('mailbox')], [0, 0])
    await opened.store.close()
  })

  it('is never missing and never left over, after whichever commit the process dies', async () => {
    const opened = await open()
    await registerMany(opened, 3)
    for (let round = 0; round < 6; round++) {
      const sequences = await append(opened, LARGE, round % 2 === 0 ? { collapseKey: 'k' } : {})
      for (const [index, sequence] of sequences.entries())
        if (round + index < 5) await opened.scene.discard(await opened.find(`e${index}`), sequence)
      await opened.clock.advance(300)
    }
    const { commits } = opened.disk
    await opened.store.close()
    for (let count = 1; count <= commits.length; count++) {
      const disk = new FakeDisk()
      const rows = disk.open()
      for (const changes of commits.slice(0, count)) await rows.commit(changes)
      const before = disk.table('payloads').size
      const again = await open(disk)
      assert.equal(again.rows('payloads'), before, 'nothing was left over')
      const listed = await again.scene.list()
      for (const registration of listed) {
        const payloads = await again.scene.payloads(registration)
        assert.equal(payloads.length, await depthOf(again.store, registration))
        assert.ok(payloads.every((payload) => payload === LARGE))
      }
      await again.store.close()
    }
  })

  it('is counted once in what mailboxes take on disk', async () => {
    const opened = await open()
    await registerMany(opened, 10)
    const { gauges } = opened.store
    const sequences = await append(opened, LARGE)
    await append(opened, LARGE, { userEndpointId: 'e0' })
    assert.equal(gauges.mailboxDiskBytes('acme'), 2 * LARGE.length + 11 * ENTRY_BYTES)
    for (let index = 0; index < 9; index++)
      await opened.scene.discard(await opened.find(`e${index}`), sequences[index] ?? 0)
    assert.equal(gauges.mailboxDiskBytes('acme'), 2 * LARGE.length + 2 * ENTRY_BYTES)
    await opened.scene.discard(await opened.find('e9'), sequences[9] ?? 0)
    assert.equal(gauges.mailboxDiskBytes(), LARGE.length + ENTRY_BYTES)
    await opened.store.close()
  })

  it('that nothing refers to is taken away at a start', async () => {
    const opened = await open()
    await registerMany(opened, 3)
    const [first = 0] = await append(opened, LARGE)
    await opened.store.close()
    const orphans = [payloadKey(first - 1, 1), payloadKey(first + 3, 2)]
    const value = Buffer.from('orphan')
    await opened.disk.open().commit(orphans.map((key) => ({ table: 'payloads', key, value })))
    const again = await open(opened.disk)
    assert.equal(again.rows('payloads'), 1)
    assert.deepEqual(await again.scene.payloads(await again.find('e2')), [LARGE])
    await again.store.close()
  })

  it('is not needed by entries of former versions, each with a copy of its own', async () => {
    const opened = await open()
    await registerMany(opened, 3)
    await append(opened, LARGE)
    await opened.store.close()
    const { disk } = opened
    const [payload] = disk.table('payloads').values()
    for (const key of disk.table('mailbox').keys()) disk.table('mailbox').set(key, payload ?? Buffer.of())
    disk.table('payloads').clear()
    const again = await open(disk)
    for (const name of ['e0', 'e1', 'e2'])
      assert.deepEqual(await again.scene.payloads(await again.find(name)), [LARGE])
    for (const name of ['e0', 'e1', 'e2']) await again.scene.unregister({ ...ENDPOINT, userEndpointId: name })
    assert.equal(again.rows('mailbox'), 0)
    await again.store.close()
  })
})
