import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { TABLES } from '../../server/src/store/embedded/embedded.ts'
import { MemoryDisk } from '../helpers/memory-disk.ts'
import {
  assertNames,
  assertTrue,
  type Events,
  fill,
  lose,
  repair,
  repairOn,
  SHARED_PAYLOAD,
  start,
} from './scene.ts'

const EVENTS = 150
const PAGE_BYTES = 512

const store = new MemoryDisk()
const all = new Map<string, string>()
let waiting: Events = new Map()

before(async () => {
  const payloads = (id: string) => `${id} ${'x'.repeat(40 + ((Number(id.split('-')[1]) * 37) % 200))}`
  all.set('shared', SHARED_PAYLOAD)
  waiting = await fill(store, EVENTS, { onEvent: (id) => all.set(id, payloads(id)) })
  const names = [...store.files.keys()].join(' ')
  assert.match(names, /\.rows/)
  assert.match(names, /\.log/)
})

/** The store with one file changed. */
function changed(name: string, change: (bytes: Buffer) => Uint8Array | undefined): MemoryDisk {
  const disk = store.copy()
  const bytes = disk.files.get(name)
  assert.ok(bytes !== undefined)
  disk.put(name, change(Buffer.from(bytes)))
  return disk
}

/** Starts, or is refused with the file's name. Repaired, it starts, and delivers nothing that is not true. */
async function assertRight(disk: MemoryDisk, name: string): Promise<'same' | 'refused'> {
  const fate = await start(disk.copy())
  if (fate.kind === 'delivered') {
    assert.deepEqual(fate.events, waiting, name)
    return 'same'
  }
  assertNames(fate.damage, new RegExp(`/(${name}|manifest)$`))
  return 'refused'
}

async function assertRepairs(disk: MemoryDisk): Promise<Events> {
  const findings = await repair(disk)
  assert.ok(findings.some(({ isGood }) => !isGood))
  assert.ok((await repair(disk)).every(({ isGood }) => isGood))
  const fate = await start(disk)
  assert.equal(fate.kind, 'delivered', fate.kind === 'refused' ? fate.damage.message : '')
  assert.ok(fate.kind === 'delivered')
  assertTrue(fate.events, all)
  return fate.events
}

const NAMES = () => [...store.files.keys()].filter((name) => name !== 'manifest.copy')

describe('a store whose files are not what was written', () => {
  it('is refused, naming the file, wherever a file was cut short', async () => {
    for (const name of NAMES()) {
      const length = store.files.get(name)?.length ?? 0
      for (let bytes = 0; bytes < length; bytes += length > 3000 ? 149 : 1)
        assert.equal(
          await assertRight(
            changed(name, (whole) => whole.subarray(0, bytes)),
            name,
          ),
          'refused',
        )
    }
  })

  it('delivers no damaged event, whichever bit was flipped', async () => {
    let refused = 0
    for (const name of NAMES()) {
      const length = store.files.get(name)?.length ?? 0
      for (let at = 0; at < length; at += length > 3000 ? 211 : 11) {
        const flip = (bytes: Buffer) => {
          bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))
          return bytes
        }
        if ((await assertRight(changed(name, flip), name)) === 'refused') refused++
      }
    }
    assert.ok(refused > 100, `${refused}`)
  })

  it('delivers everything or is refused, whichever page was zeroed', async () => {
    for (const name of NAMES()) {
      const length = store.files.get(name)?.length ?? 0
      for (let at = 0; at < length; at += PAGE_BYTES)
        await assertRight(
          changed(name, (bytes) => bytes.fill(0, at, Math.min(bytes.length, at + PAGE_BYTES))),
          name,
        )
    }
  })

  it('is refused, naming the file, when one is missing, and starts when repaired', async () => {
    for (const name of NAMES()) {
      const disk = changed(name, () => undefined)
      assert.equal(await assertRight(disk, name), 'refused')
      await assertRepairs(disk)
    }
  })

  it('is refused, naming the file, when another store’s lies in its place, or beside it', async () => {
    const other = new MemoryDisk()
    await fill(other, EVENTS, { storeId: 'ffeeddccbbaa9988' })
    for (const [name, bytes] of other.files) {
      if (!name.endsWith('.log') && !name.endsWith('.rows')) continue
      const disk = store.copy()
      disk.put(name, bytes)
      const fate = await start(disk.copy())
      if (fate.kind === 'delivered') assert.deepEqual(fate.events, waiting)
      else {
        assertNames(fate.damage, new RegExp(name))
        await assertRepairs(disk)
      }
    }
    const beside = store.copy()
    const [name, bytes] = [...other.files].find(([known]) => known.endsWith('.rows')) ?? []
    assert.ok(name !== undefined)
    beside.put('00999999.rows', bytes)
    assert.equal(await assertRight(beside, '00999999.rows'), 'refused')
    assert.deepEqual(await assertRepairs(beside), waiting)
    assert.ok(beside.files.has('00999999.rows.damaged'))
  })

  it('leaves what is nobody’s alone', async () => {
    const disk = store.copy()
    disk.put('notes.txt', Buffer.from('mine'))
    assert.equal(await assertRight(disk, 'notes.txt'), 'same')
    assert.ok((await repair(disk)).every(({ isGood }) => isGood))
    assert.ok(disk.files.has('notes.txt'))
  })
})

describe('a repair', () => {
  it('gives up one event for one flipped bit of its own', async () => {
    let looked = 0
    for (const [name, bytes] of store.files) {
      if (!name.endsWith('.rows')) continue
      const found = /(event-\d+) x{30}/.exec(bytes.toString('latin1'))
      if (found === null) continue
      const [, eventId = ''] = found
      const disk = changed(name, (own) => {
        own[found.index + eventId.length + 3] = 0x79
        return own
      })
      const got = await assertRepairs(disk)
      for (const id of waiting.keys()) if (id !== eventId) assert.ok(got.has(id), `${name}: ${id}`)
      looked++
    }
    assert.ok(looked > 0)
  })

  it('gives up the events of one commit for one damaged record of the log', async () => {
    let looked = 0
    for (const [name, bytes] of store.files) {
      if (!name.endsWith('.log')) continue
      for (let at = 0; at < bytes.length; at += PAGE_BYTES * 3) {
        const disk = changed(name, (own) => own.fill(0, at, at + PAGE_BYTES))
        if ((await assertRight(disk, name)) === 'same') continue
        const got = await assertRepairs(disk)
        const lost = [...waiting.keys()].filter((id) => !got.has(id))
        assert.ok(lost.length <= 1, `${name} ${at}: ${lost}`)
        looked++
      }
    }
    assert.ok(looked > 0)
  })

  it('loses nothing when only the manifest is damaged: there is a copy', async () => {
    for (const change of [() => undefined, () => Buffer.alloc(0), (bytes: Buffer) => bytes.fill(0, 10, 30)]) {
      const disk = changed('manifest', change)
      assert.equal(await assertRight(disk, 'manifest'), 'refused')
      assert.deepEqual(await assertRepairs(disk), waiting)
    }
  })

  it('leaves a store that goes on, whichever of its tables is lost', async () => {
    for (const table of TABLES) {
      const disk = store.copy()
      const rows = await lose(disk, table)
      const got = await assertRepairs(disk)
      const isMail = ['registrations', 'liveness', 'mailbox', 'payloads'].includes(table)
      if (!isMail) assert.deepEqual(got, waiting, table)
      if (table === 'payloads') {
        assert.equal(rows, 1)
        assert.deepEqual(
          [...waiting.keys()].filter((id) => !got.has(id)),
          ['shared'],
        )
      }
    }
  })

  it('makes an empty store when nothing says any more what belongs together', async () => {
    const disk = changed('manifest', () => Buffer.from('nonsense'))
    disk.put('manifest.copy', undefined)
    assert.equal(await assertRight(disk, 'manifest'), 'refused')
    assert.equal((await assertRepairs(disk)).size, 0)
  })

  it('survives a crash at any of its steps, and goes on when it is run again', async () => {
    const damaged = changed([...store.files.keys()].find((name) => name.endsWith('.rows')) ?? '', (bytes) =>
      bytes.fill(0, 0, 40),
    )
    const whole = await assertRepairs(damaged.copy())
    let crashes = 0
    for (; ; crashes++) {
      const disk = damaged.copy()
      if (await disk.dieAfter(crashes, repairOn)) break
      disk.cutPower()
      const fate = await start(disk.copy())
      if (fate.kind === 'refused') await repair(disk)
      const again = await start(disk)
      assert.ok(again.kind === 'delivered', `${crashes}`)
      assert.deepEqual(again.events, whole, `${crashes}`)
    }
    assert.ok(crashes > 20, `${crashes}`)
  })
})
