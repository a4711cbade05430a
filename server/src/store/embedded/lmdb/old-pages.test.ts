import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { open } from 'lmdb'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { DamageError } from '../disk/damage.ts'
import { nodeFiles } from '../disk/node-files.ts'
import { checkFolder, openFolderStore, repairFolder } from '../embedded.ts'
import { OLD_TABLES, openOldRows } from './last-release.ts'
import { assertOldPages } from './old-pages.ts'

const DATA = gunzipSync(
  readFileSync(new URL('../../../../../test/fixtures/data-folder-0.1/data.mdb.gz', import.meta.url)),
)
const PAGE_BYTES = 4096
const scratch = mkdtempSync(join(tmpdir(), 'rollcall-old-pages-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
let folders = 0

function folderWith(data: Uint8Array): { readonly dataDir: string; readonly store: string } {
  const dataDir = join(scratch, String(folders++))
  const store = join(dataDir, 'store')
  mkdirSync(store, { recursive: true })
  writeFileSync(join(store, 'data.mdb'), data)
  return { dataDir, store }
}

function changed(change: (data: Buffer) => void): Buffer {
  const data = Buffer.from(DATA)
  change(data)
  return data
}

function isRefused(store: string): boolean {
  try {
    assertOldPages(nodeFiles(store), 'data.mdb')
    return false
  } catch (error) {
    assert(error instanceof DamageError)
    return true
  }
}

async function countIn(store: string): Promise<number> {
  const rows = openOldRows(store)
  try {
    return OLD_TABLES.reduce((sum, table) => sum + [...rows.rows(table)].length, 0)
  } finally {
    await rows.close()
  }
}

const clock = createFakeClock()
const keptBeside = 'sealing.key'

/** Neither a start nor a check reaches LMDB; a repair gives the old store up, and keeps its file. */
async function assertRefused(data: Uint8Array, what: RegExp): Promise<void> {
  const { dataDir, store } = folderWith(data)
  await assert.rejects(openFolderStore({ dataDir, clock }), (error) => {
    assert(error instanceof DamageError)
    assert.equal(error.file, join(store, 'data.mdb'))
    assert.match(error.message, what)
    assert.match(error.message, /rollcall check.*Restore a backup, or give up.*repair --drop-damaged/)
    return true
  })
  assert.deepEqual(readFileSync(join(store, 'data.mdb')), Buffer.from(data), 'nothing has changed')
  const { findings } = await checkFolder({ dataDir, keptBeside })
  assert.deepEqual(
    findings.map(({ file, isGood }) => ({ file, isGood })),
    [{ file: 'data.mdb', isGood: false }],
  )
  await repairFolder({ dataDir, keptBeside }, clock)
  assert.deepEqual(readFileSync(join(store, 'data.mdb.damaged')), Buffer.from(data))
  await (await openFolderStore({ dataDir, clock })).close()
}

describe('the data file of the last release, before LMDB maps it', () => {
  it('is refused by its name when it is cut short at any page, or empty', async () => {
    await assertRefused(Buffer.alloc(0), /data\.mdb is empty/)
    await assertRefused(DATA.subarray(0, DATA.length / 2), /data\.mdb has lost its end: it has 110592 bytes/)
    await assertRefused(DATA.subarray(0, 4_200), /data\.mdb is damaged at byte 4096: that is no first page/)
    const whole = folderWith(DATA).store
    let refused = 0
    for (let bytes = DATA.length - PAGE_BYTES; bytes > 0; bytes -= PAGE_BYTES) {
      const { store } = folderWith(DATA.subarray(0, bytes))
      if (isRefused(store)) refused++
      else assert.equal(await countIn(store), await countIn(whole), 'only pages that nobody uses are gone')
    }
    assert(refused > 40, `${refused}`)
  })

  it('is refused when one of its first pages is not what it should be, in each of its parts', async () => {
    const parts = [18, 24, 28, 48]
    for (const page of [0, PAGE_BYTES])
      for (const at of parts)
        await assertRefused(
          changed((data) => data.writeUInt16LE(0x1111, page + at)),
          /data\.mdb (is damaged at byte (0|4096|4369)|was not written)/,
        )
  })

  it('is refused when any page that is in use is zeroed', () => {
    let refused = 0
    for (let at = 0; at < DATA.length; at += PAGE_BYTES)
      if (isRefused(folderWith(changed((data) => data.fill(0, at, at + PAGE_BYTES))).store)) refused++
    // The others are free, or further pages of a value that has several.
    assert(refused > 20, `${refused}`)
  })

  it('is taken as LMDB leaves it: with large values, many tables, deep trees, and free pages at its end', async () => {
    const { store } = folderWith(DATA)
    assertOldPages(nodeFiles(store), 'data.mdb')
    const path = join(scratch, 'large')
    const root = open<Uint8Array, Uint8Array>({ path, maxDbs: 20, encoding: 'binary', keyEncoding: 'binary' })
    const tables = ['a', 'b', 'c'].map((name) =>
      root.openDB<Uint8Array, Uint8Array>(name, { encoding: 'binary', keyEncoding: 'binary' }),
    )
    for (const table of tables)
      await table.transaction(() => {
        for (let n = 0; n < 3_000; n++)
          void table.put(Buffer.from(`key-${n}`), Buffer.alloc(n % 50 === 0 ? 9_000 : 40, n % 251))
      })
    await tables[2]?.clearAsync()
    await root.close()
    assertOldPages({ ...nodeFiles(path) }, 'data.mdb')
  })

  it('is not taken for the old store once it keeps the last release out: the manifest is missing', async () => {
    const { dataDir, store } = folderWith(DATA)
    await (await openFolderStore({ dataDir, clock })).close()
    rmSync(join(store, 'manifest'))
    const names = readdirSync(store)
    await assert.rejects(openFolderStore({ dataDir, clock }), /manifest is missing/)
    assert.deepEqual(
      readdirSync(store).filter((name) => names.includes(name)),
      names,
      'nothing was removed',
    )
    await repairFolder({ dataDir, keptBeside }, clock)
    await (await openFolderStore({ dataDir, clock })).close()
  })
})
