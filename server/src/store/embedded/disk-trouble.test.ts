import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { errno, limitedFiles } from '../../../../test/helpers/limited-files.ts'
import { eventually } from '../../../../test/helpers/run-server.ts'
import { depthOf, entriesOf } from '../contract/entries.ts'
import { ENDPOINT } from '../contract/scene.ts'
import type { Registration } from '../store.ts'
import type { StoreLog } from '../store-log.ts'
import { openEmbeddedStore } from './assembly.ts'
import { openDiskRows } from './disk/disk-rows.ts'
import { readManifest } from './disk/manifest.ts'
import { inlineMerger } from './disk/mergers.ts'
import { makeFolder, nodeFiles } from './disk/node-files.ts'
import type { Rows } from './rows.ts'

const KIB = 1024
const SIZES = {
  firstPartBytes: 16 * KIB,
  partBytesMax: 32 * KIB,
  flushBytes: 64 * KIB,
  runBytes: 64 * KIB,
  level1Bytes: 256 * KIB,
  garbageBytesMin: 32 * KIB,
  lowBytes: 1_000 * KIB,
  fullBytes: 300 * KIB,
  reserveBytesMax: 600 * KIB,
}
const EVENT_BYTES = 2_000
const BOUNDS = { eventsMax: 100_000, bytesMax: 1e9 }

/** A store in a folder of this machine, on a disk that can be small or refuse. */
async function setUp(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-trouble-'))
  makeFolder(folder)
  const clock = createFakeClock()
  const lines: string[] = []
  const say = (message: string, fields: object): void => {
    const err: unknown = Reflect.get(fields, 'err')
    const code: unknown = err instanceof Error ? Reflect.get(err, 'code') : undefined
    if (!message.startsWith('the service stood still'))
      lines.push([message, code, Reflect.get(fields, 'problem')].filter(Boolean).join(' | '))
  }
  const log: StoreLog = { error: say, warn: say, info: say }
  const { files, faults } = limitedFiles(nodeFiles(folder))
  const merger = inlineMerger(files)
  const newStoreId = () => '00112233445566ff'
  const opened: Rows[] = []
  const openRows = async () => {
    const rows = await openDiskRows({ files, clock, log, merger, newStoreId, sizes: SIZES })
    opened.push(rows)
    return rows
  }
  const rows = await openRows()
  const store = await openEmbeddedStore({ rows, clock, log })
  t.after(async () => {
    await store.close().catch(() => {})
    for (const rows of opened) await rows.close().catch(() => {})
    rmSync(folder, { recursive: true, force: true })
  })
  let sent = 0
  const send = (userEndpointId: string) =>
    store.mailboxes.append({
      ...{ ...ENDPOINT, userEndpointId, ...BOUNDS },
      event: {
        ...{ eventId: `event-${++sent}`, payload: Buffer.alloc(EVENT_BYTES, sent % 256), sealed: false },
        acceptedAtWallMs: clock.wallMs(),
      },
    })
  const register = async (userEndpointId: string): Promise<Registration> => {
    const outcome = await store.registrations.register(
      {
        ...{ ...ENDPOINT, userEndpointId, keepAliveSeconds: 86_400 },
        ...{ serverKeepAliveReminderOn: false, authorizedUntilWallMs: clock.wallMs() + 1e9 },
      },
      100,
    )
    assert(outcome.kind === 'registered')
    return outcome.registration
  }
  /** Time passes, and then what is being written has been: a machine that is busy is no disk that hangs. */
  const pass = async (ms: number): Promise<void> => {
    await clock.advance(ms)
    await register('another').catch(() => undefined)
  }
  const acknowledgeAll = async (registration: Registration): Promise<number> => {
    const entries = await entriesOf(store, registration, 0, 100)
    const held = entries.map(({ sequence, eventId }) => ({ registration, sequence, eventId }))
    return (await store.mailboxes.end(held, 'acknowledged', BOUNDS)).ended.length
  }
  return { clock, openRows, faults, folder, lines, store, send, pass, register, acknowledgeAll }
}

type Setting = Awaited<ReturnType<typeof setUp>>

/** Sends until the store takes no more; returns how many it took. */
async function fill({ send, pass }: Setting): Promise<number> {
  for (let taken = 0; ; taken++) {
    try {
      await send('phone')
    } catch {
      return taken
    }
    if (taken % 10 === 0) await pass(1_000)
  }
}

function writesAgain({ pass, store }: Setting): Promise<void> {
  return eventually(async () => {
    await pass(1_000)
    return store.failure() === undefined
  }, 'it writes again')
}

/** Fills more of the log than what is made ahead of it. */
async function registerOften(setting: Setting): Promise<void> {
  let refused = 0
  for (let n = 0; n < 1_500; n++)
    await setting.register('tablet').catch(async () => {
      // Whoever meets the moment at which the reserve is given up is told to come back.
      refused++
      await writesAgain(setting)
    })
  assert(refused <= 5, `${refused} were refused`)
}

/** The commit that finds no room gives the reserve up, and is tried again a moment later. */
async function acknowledgeSoon(setting: Setting, registration: Registration, count: number): Promise<void> {
  for (let acknowledged = 0; acknowledged < count; ) {
    await writesAgain(setting)
    const more = await setting.acknowledgeAll(registration)
    assert(more > 0)
    acknowledged += more
  }
  await setting.pass(1_000)
  await writesAgain(setting)
  assert.equal(await depthOf(setting.store, registration), 0)
}

const isFull = { code: 'unavailable', message: 'The disk is full.' }

describe('a disk that fills up', () => {
  it('is told before it is full, once, and then takes what deletes and no more events', async (t) => {
    const setting = await setUp(t)
    const { faults, lines, store, send, pass, register, acknowledgeAll } = setting
    const phone = await register('phone')
    faults.bytesMax = 4_000 * KIB
    await pass(1_000)
    const taken = await fill(setting)
    assert(taken > 300, `${taken}`)
    await assert.rejects(send('phone'), isFull)
    assert.equal(store.failure(), undefined, 'it writes')
    assert.deepEqual(store.warnings(), ['disk_low', 'disk_full'])
    assert.deepEqual(lines, [
      'the disk is nearly full',
      'the disk is full: no new events until there is room',
    ])

    assert(await store.registrations.keepalive({ ...ENDPOINT, userEndpointId: 'phone' }, undefined))
    await register('tablet')
    for (let acknowledged = 0; acknowledged < taken; ) {
      const more = await acknowledgeAll(phone)
      assert(more > 0)
      acknowledged += more
      await pass(1_000)
    }
    assert.equal(await depthOf(store, phone), 0)
    await eventually(async () => {
      await pass(1_000)
      return store.warnings().length === 0
    }, 'there is room again')
    assert.equal((await send('phone')).accepted.length, 1)
    assert.equal(lines.filter((line) => line === 'the disk has room again').length, 1)
  })

  it('and is filled by others to the last byte, still has room to acknowledge', async (t) => {
    const setting = await setUp(t)
    const { faults, lines, send, pass, register } = setting
    const phone = await register('phone')
    faults.bytesMax = 4_000 * KIB
    for (let n = 0; n < 300; n++) {
      await send('phone')
      if (n % 10 === 0) await pass(1_000)
    }
    // Nothing is left from one moment to the next.
    faults.fillUp()
    await registerOften(setting)
    await acknowledgeSoon(setting, phone, 300)
    await assert.rejects(send('phone'), isFull)
    assert(lines.filter((line) => line.startsWith('the disk is full')).length === 1, lines.join('\n'))
  })

  it('while more of the log waits to become runs than the reserve takes at once, does it in parts', async (t) => {
    const setting = await setUp(t)
    const { faults, send, pass, register } = setting
    const phone = await register('phone')
    faults.bytesMax = 4_000 * KIB
    await pass(1_000)
    faults.runFailure = errno('EIO')
    for (let n = 0; n < 200; n++) await send('phone')
    faults.fillUp()
    faults.runFailure = undefined
    await registerOften(setting)
    await acknowledgeSoon(setting, phone, 200)
  })

  it('and the server is started anew: it starts, from what was kept in reserve', async (t) => {
    const { faults, folder, openRows, pass, register, store } = await setUp(t)
    await register('phone')
    await eventually(async () => {
      await pass(1_000)
      return readdirSync(folder).includes('reserve')
    }, 'something is kept in reserve')
    // Two owners of one process, whom no lock keeps apart, would write the manifest at once.
    await store.close()
    faults.fillUp()
    const rows = await openRows()
    const key = Buffer.from('key')
    await rows.commit([{ table: 'meta', key, value: key }])
    assert.deepEqual(rows.get('meta', key), key)
  })
})

describe('a disk that refuses', () => {
  it('is told in one line with the true reason, and in one when it works again', async (t) => {
    const { faults, lines, send, pass, register, store } = await setUp(t)
    await register('phone')
    await send('phone')
    faults.logFailure = errno('EIO')
    for (let seconds = 0; seconds < 60; seconds++) {
      await assert.rejects(send('phone'), { code: 'unavailable' })
      await pass(1_000)
    }
    assert.deepEqual(lines, ['the store cannot write | EIO'])
    faults.logFailure = undefined
    await eventually(async () => {
      await pass(1_000)
      return store.failure() === undefined
    }, 'it writes again')
    assert.deepEqual(lines, ['the store cannot write | EIO', 'the store writes again'])
  })
})

describe('an event that is damaged on disk', () => {
  it('is refused and not delivered; what is whole is; it is told once, with the file and what helps', async (t) => {
    const { folder, lines, store, send, pass, register } = await setUp(t)
    const [phone, tablet] = [await register('phone'), await register('tablet')]
    await send('phone')
    const isInRun = () => readdirSync(folder).some((name) => name.endsWith('.rows'))
    while (!isInRun()) {
      await send('tablet')
      await pass(10)
    }
    await eventually(() => readManifest(nodeFiles(folder))?.runs.length === 1, 'the run is in use')
    const [run = ''] = readdirSync(folder).filter((name) => name.endsWith('.rows'))
    const bytes = readFileSync(join(folder, run))
    const payload = bytes.indexOf(Buffer.alloc(EVENT_BYTES, 1))
    assert(payload > 0)
    bytes.writeUInt8(bytes.readUInt8(payload + 1_000) ^ 4, payload + 1_000)
    writeFileSync(join(folder, run), bytes)

    const read = () => entriesOf(store, phone, 0, 10)
    // Until the part of the log is let go it is read from memory.
    await eventually(
      () =>
        read().then(
          () => false,
          () => true,
        ),
      'it is read from the run',
    )
    for (let tries = 0; tries < 3; tries++)
      await assert.rejects(read(), {
        code: 'unavailable',
        message: 'What is asked for is damaged on disk.',
      })
    assert.equal((await entriesOf(store, tablet, 0, 1)).length, 1)
    assert.equal(store.failure(), undefined)
    assert.deepEqual(store.warnings(), ['store_damaged'])
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(lines[0] ?? '', new RegExp(`the store is damaged \\| .*${run}.*rollcall check`))
    assert.equal((await send('phone')).accepted.length, 1, 'it is taken as ever')
  })
})
