import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { MovingFolder } from '../../../../../test/helpers/moving-folder.ts'
import { createDice, type Dice } from '../../../../../test/sim/dice.ts'
import { systemClock } from '../../../clock/clock.ts'
import { DamageError, StoreLostError } from '../disk/damage.ts'
import { openDiskRows } from '../disk/disk-rows.ts'
import type { Files } from '../disk/files.ts'
import { readManifest } from '../disk/manifest.ts'
import { inlineMerger } from '../disk/mergers.ts'
import type { Sizes } from '../disk/sizes.ts'
import { surveyStore } from '../repair/survey.ts'
import type { RowChange, Rows, Table } from '../rows.ts'
import { type BackUpOptions, backUp, type Place } from './back-up.ts'
import { assertNoBackup, MARKER, readMarker } from './marker.ts'
import { paceOf } from './pace.ts'
import { restore } from './restore.ts'

const SMALL: Sizes = {
  firstPartBytes: 4096,
  partBytesMax: 8192,
  flushBytes: 8192,
  runBytes: 8192,
  level1Bytes: 32_768,
  garbageBytesMin: 8192,
}
const USED: readonly Table[] = ['liveness', 'mailbox', 'history']
const KEY = 'sealing.key'

const clock = systemClock()

function open(files: Files, storeId = '00112233445566ff'): Promise<Rows> {
  return openDiskRows({ files, merger: inlineMerger(files), clock, newStoreId: () => storeId, sizes: SMALL })
}

function numbered(number: number): Buffer {
  const key = Buffer.alloc(8)
  key.writeUInt32BE(number, 4)
  return key
}

/** Some rows are written over and over, others come and go in order, as the engine has it. */
function changesOf(dice: Dice, step: number): readonly RowChange[] {
  const value = Buffer.alloc(1 + dice.roll(400), dice.roll(256))
  const changes: RowChange[] = [
    { table: 'liveness', key: numbered(dice.roll(40)), value },
    { table: 'history', key: numbered(step), value },
    { table: 'mailbox', key: numbered(step), value },
  ]
  if (step > 20) changes.push({ table: 'mailbox', key: numbered(step - 20), value: undefined })
  return changes
}

type Image = readonly (readonly [string, string][])[]

/** All rows that are used, as text. */
async function imageOf(rows: Rows): Promise<Image> {
  const image: [string, string][][] = []
  for (const table of USED) {
    const seen: [string, string][] = []
    await rows.scan(table, (key, value) => void seen.push([hex(key), hex(value)]))
    image.push(seen)
  }
  return image
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

class Oracle {
  readonly #tables = USED.map(() => new Map<string, string>())

  apply(changes: readonly RowChange[]): void {
    for (const { table, key, value } of changes) {
      const rows = this.#tables[USED.indexOf(table)]
      if (value === undefined) rows?.delete(hex(key))
      else rows?.set(hex(key), hex(value))
    }
  }

  image(): Image {
    return this.#tables.map((rows) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

/** A store, and what it held after each of its commits. */
class Written {
  readonly folder = new MovingFolder('/data/store')
  readonly beside = new MovingFolder('/data')
  /** By number of the commit; the first is 1. */
  readonly images: Image[] = [new Oracle().image()]
  /** By number of the commit: the moment at which it was confirmed. */
  readonly confirmedAt: number[] = [0]
  readonly #oracle = new Oracle()
  readonly #dice: Dice
  #rows: Rows | undefined

  constructor(seed: number) {
    this.#dice = createDice(seed)
    this.beside.write(KEY, Buffer.alloc(32, 7))
  }

  async write(commits: number): Promise<void> {
    this.#rows ??= await open(this.folder.files())
    for (let count = 0; count < commits; count++) {
      const changes = changesOf(this.#dice, this.images.length)
      await this.#rows.commit(changes)
      this.#oracle.apply(changes)
      this.images.push(this.#oracle.image())
      this.confirmedAt.push(this.folder.moments - 1)
    }
  }

  /** The newest commit that was confirmed by a moment. */
  lastCommitAt(moment: number): number {
    return this.confirmedAt.findLastIndex((at) => at <= moment)
  }

  async close(): Promise<void> {
    await this.#rows?.close()
  }

  get place(): Place {
    return { files: this.beside.files(), store: this.folder.files() }
  }
}

function newPlace(name: string): Place & { readonly folder: MovingFolder; readonly beside: MovingFolder } {
  const folder = new MovingFolder(`/${name}/store`)
  const beside = new MovingFolder(`/${name}`)
  return { files: beside.files(), store: folder.files(), folder, beside }
}

const usual = { clock, bytesPerSecond: 1e12, keyFiles: [KEY], withKeys: true }
const take = (from: BackUpOptions['from'], to: Place) => backUp({ ...usual, from, to })
const bringBack = (from: Place, to: Place) =>
  restore({ from, to, newStoreId: () => 'aabbccddeeff0011', sizes: SMALL })

/** What `rollcall check` would say. */
function assertNothingWrong({ store }: Place): void {
  const wrong = surveyStore(store).findings.filter(({ isGood }) => !isGood)
  assert.deepEqual(wrong, [])
}

/** Lets only so many operations on files happen; gives what the work said of the next. */
async function cuttingOff(
  { beside, folder }: ReturnType<typeof newPlace>,
  operations: number,
  work: () => Promise<unknown>,
): Promise<unknown> {
  let left = operations
  const cut = () => {
    if (left-- <= 0) throw new Error('cut off')
  }
  for (const place of [beside, folder]) place.beforeChange = cut
  try {
    await work()
    return undefined
  } catch (error) {
    return error
  } finally {
    for (const place of [beside, folder]) place.beforeChange = () => {}
  }
}

async function restoredImage(backup: Place): Promise<Image> {
  const to = newPlace('restored')
  await bringBack(backup, to)
  assertNothingWrong(to)
  const rows = await open(to.store)
  try {
    return await imageOf(rows)
  } finally {
    await rows.close()
  }
}

describe('a backup of a store that goes on', () => {
  it('is the store as it was at one moment, wherever it begins and however the store goes on', async () => {
    const written = new Written(1)
    await written.write(150)
    await written.close()
    const dice = createDice(2)
    const { folder } = written
    let overtaken = 0
    for (let start = written.confirmedAt[1] ?? 0; start < folder.moments; start += 1 + dice.roll(50)) {
      const pace = 1 + dice.roll(4)
      const seen = folder.seenFrom(start, () => (dice.roll(pace) === 0 ? dice.roll(4) : 0))
      const to = newPlace('backup')
      const passing = { ...clock, sleep: async () => seen.pass() }
      const from = { files: written.beside.files(), store: seen }
      const { lastCommit } = await backUp({ ...usual, clock: passing, from, to })
      assertNothingWrong(to)
      assert.ok(lastCommit >= written.lastCommitAt(start), `${lastCommit} at ${start}`)
      assert.deepEqual(await restoredImage(to), written.images[lastCommit], `of commit ${lastCommit}`)
      if (seen.moment > start) overtaken++
    }
    assert.ok(overtaken > 20, `${overtaken}`)
  })

  it('goes on where it was cut off, at any operation on its files, though the store went on meanwhile', async () => {
    const written = new Written(3)
    await written.write(60)
    let isCutOff = true
    let keptSometimes = false
    for (let operation = 0; isCutOff; operation++) {
      const to = newPlace('backup')
      const cutOff = await cuttingOff(to, operation, () => take(written.place, to))
      isCutOff = cutOff !== undefined
      // The last operation only makes durable that it is complete.
      if (isCutOff && readMarker(to.files)?.state !== 'complete') {
        await assert.rejects(bringBack(to, newPlace('restored')), /unfinished backup|is no backup/)
        await written.write(2)
        const { filesKept } = await take(written.place, to)
        keptSometimes ||= filesKept > 0
      }
      assert.deepEqual(await restoredImage(to), written.images.at(-1))
      const names = [...to.files.list(), ...to.store.list()]
      assert.deepEqual(
        names.filter((name) => name.endsWith('.tmp')),
        [],
      )
    }
    await written.close()
    assert.ok(keptSometimes)
  })

  it('is refused where something else is: a file, a store, a complete backup, one of another store', async () => {
    const written = new Written(4)
    await written.write(30)
    await written.close()
    const file = newPlace('file')
    file.beside.write('notes.txt', Buffer.from('mine'))
    await assert.rejects(take(written.place, file), /\/file is not empty \(notes\.txt\)/)
    const store = newPlace('store')
    await (await open(store.store)).close()
    await assert.rejects(take(written.place, store), /\/store is not empty/)
    const complete = newPlace('complete')
    await take(written.place, complete)
    await assert.rejects(take(written.place, complete), /\/complete is a complete backup already/)
    const other = newPlace('other')
    await cuttingOff(other, 8, () => take(written.place, other))
    assert.equal(readMarker(other.files)?.state, 'unfinished')
    const another = newPlace('another')
    await (await open(another.store, 'ffffffffffffffff')).close()
    await assert.rejects(take(another, other), /unfinished backup of another store/)
  })

  it('leaves keys out when asked to, also one that an earlier try has taken', async () => {
    const written = new Written(12)
    await written.write(10)
    await written.close()
    const to = newPlace('backup')
    await cuttingOff(to, 12, () => take(written.place, to))
    assert.ok(to.files.list().includes(KEY))
    const { keyFiles } = await backUp({ ...usual, withKeys: false, from: written.place, to })
    assert.deepEqual(keyFiles, [])
    assert.deepEqual(to.files.list(), [MARKER])
    assert.deepEqual(await restoredImage(to), written.images.at(-1))
  })

  it('names the file of the store that is damaged, and is not complete then', async () => {
    const written = new Written(5)
    await written.write(60)
    await written.close()
    const manifest = readManifest(written.folder.files())
    const name = `${String(manifest?.runs[0]?.number).padStart(8, '0')}.rows`
    written.folder.write(name, flipped(written.folder.content(name), 300))
    const to = newPlace('backup')
    await assert.rejects(take(written.place, to), (error) => {
      assert.ok(error instanceof DamageError)
      assert.equal(error.file, `/data/store/${name}`)
      return true
    })
    assert.equal(readMarker(to.files)?.state, 'unfinished')
  })

  it('keeps to its rate, reading and writing together', async () => {
    const fake = createFakeClock()
    const pace = paceOf(fake, 1000)
    const doneAt: number[] = []
    const startMs = fake.monotonicMs()
    const work = async () => {
      for (let count = 0; count < 3; count++) {
        await pace(500)
        doneAt.push(fake.monotonicMs() - startMs)
      }
    }
    const working = work()
    for (let turn = 0; turn < 200; turn++) {
      await fake.advance(10)
    }
    await working
    assert.deepEqual(doneAt, [500, 1000, 1500])
  })
})

function flipped(content: Buffer, at: number): Buffer {
  const bytes = Buffer.from(content)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes
}

describe('a restore', () => {
  it('refuses a backup with a flipped bit anywhere that matters, and names the file', async () => {
    const written = new Written(6)
    await written.write(80)
    await written.close()
    const backup = newPlace('backup')
    await take(written.place, backup)
    const whole = await restoredImage(backup)
    const dice = createDice(7)
    let refused = 0
    for (const folder of [backup.beside, backup.folder])
      for (const name of folder.files().list()) {
        const content = folder.content(name)
        for (let tries = 0; tries < 12; tries++) {
          folder.write(name, flipped(content, dice.roll(content.length)))
          const image = await restoredImage(backup).catch((error: unknown) => error)
          if (image instanceof Error) {
            assert.ok(image instanceof DamageError, image.message)
            assert.match(image.message, new RegExp(`${folder.path}/`))
            refused++
          } else assert.deepEqual(image, whole, name)
        }
        folder.write(name, content)
      }
    assert.ok(refused > 50, `${refused}`)
  })

  it('refuses a backup that lacks a file, and writes nothing then', async () => {
    const written = new Written(8)
    await written.write(80)
    await written.close()
    const backup = newPlace('backup')
    await take(written.place, backup)
    for (const folder of [backup.beside, backup.folder])
      for (const name of folder
        .files()
        .list()
        .filter((name) => name !== MARKER && !name.endsWith('.copy'))) {
        const content = folder.content(name)
        await folder.files().remove(name)
        const to = newPlace('restored')
        await assert.rejects(bringBack(backup, to), (error) => {
          assert.ok(error instanceof DamageError)
          assert.equal(error.file, `${folder.path}/${name}`)
          return true
        })
        assert.deepEqual([...to.files.list(), ...to.store.list()], [])
        folder.write(name, content)
      }
  })

  it('refuses a folder that is not empty, and one that is no backup', async () => {
    const written = new Written(9)
    await written.write(10)
    await written.close()
    await assert.rejects(bringBack(written.place, newPlace('restored')), /\/data is no backup/)
    const backup = newPlace('backup')
    await take(written.place, backup)
    const full = newPlace('full')
    await (await open(full.store)).close()
    await assert.rejects(bringBack(backup, full), /\/full is not empty/)
  })

  it('that did not come to its end is no store, and neither is a backup', async () => {
    const written = new Written(10)
    await written.write(30)
    await written.close()
    const backup = newPlace('backup')
    await take(written.place, backup)
    assert.throws(
      () => assertNoBackup(backup.files),
      /\/backup is a backup: `rollcall restore \/backup FOLDER`/,
    )
    const to = newPlace('restored')
    for (let operation = 3; ; operation++) {
      const cut = newPlace('restored')
      const cutOff = await cuttingOff(cut, operation, () => bringBack(backup, cut))
      if (cutOff === undefined) break
      // The last operation only makes durable that the marker is gone.
      if (cut.files.list().includes(MARKER))
        assert.throws(() => assertNoBackup(cut.files), /was not restored to its end/)
      else assert.notEqual(readManifest(cut.store), undefined)
    }
    await bringBack(backup, to)
    assert.doesNotThrow(() => assertNoBackup(to.files))
  })

  it('makes a store of its own: the owner of the old one neither writes to it nor confirms anything', async () => {
    const written = new Written(11)
    await written.write(30)
    const backup = newPlace('backup')
    await take(written.place, backup)
    const to = newPlace('restored')
    await bringBack(backup, to)
    assert.deepEqual(to.beside.content(KEY), written.beside.content(KEY))
    const before = readManifest(written.folder.files())
    const after = readManifest(to.store)
    assert.notEqual(after?.storeId, before?.storeId)
    // Somebody puts the restored store where the old one was, while its owner still runs.
    for (const name of written.folder.files().list()) await written.folder.files().remove(name)
    for (const name of to.store.list()) written.folder.write(name, to.folder.content(name))
    await assert.rejects(written.write(1), StoreLostError)
    const rows = await open(written.folder.files())
    assert.deepEqual(await imageOf(rows), written.images.at(-1))
    await rows.close()
  })
})
