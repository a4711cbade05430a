import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { MemoryDisk } from '../../../../../test/helpers/memory-disk.ts'
import { eventually } from '../../../../../test/helpers/run-server.ts'
import type { Rows } from '../rows.ts'
import { StoreLostError } from './damage.ts'
import { openDiskRows } from './disk-rows.ts'
import type { Files } from './files.ts'
import { readManifest } from './manifest.ts'
import { inlineMerger } from './mergers.ts'
import { makeFolder, nodeFiles } from './node-files.ts'

const clock = createFakeClock()
const scratch = mkdtempSync(join(tmpdir(), 'rollcall-fencing-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

/** One process's view of a store, and what it was told. No lock: this is what holds where a lock does not. */
async function open(folder: string): Promise<{ readonly rows: Rows; readonly told: Error[] }> {
  makeFolder(folder)
  const files = nodeFiles(folder)
  const told: Error[] = []
  const rows = await openDiskRows({
    ...{ files, merger: inlineMerger(files), clock, newStoreId: () => '00112233445566ff' },
    onLost: (error) => void told.push(error),
  })
  return { rows, told }
}

const SIZES = {
  ...{ firstPartBytes: 16_384, partBytesMax: 16_384, flushBytes: 32_768, runBytes: 32_768 },
  ...{ level1Bytes: 131_072, garbageBytesMin: 32_768 },
}

/** The same on a disk in memory, whose writes to the log can be held back. */
async function openOn(disk: MemoryDisk): Promise<{ readonly rows: Rows; holdWrites(): () => void }> {
  const files = disk.open()
  let held: Promise<void> = Promise.resolve()
  const holding: Files = {
    ...files,
    async openLog(name) {
      const log = await files.openLog(name)
      return { ...log, write: (...to) => held.then(() => log.write(...to)) }
    },
  }
  const newStoreId = () => '00112233445566ff'
  const merger = inlineMerger(holding)
  const rows = await openDiskRows({ files: holding, merger, clock, newStoreId, sizes: SIZES })
  return {
    rows,
    holdWrites() {
      let release = () => {}
      held = new Promise((resolve) => {
        release = resolve
      })
      return release
    },
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** What was confirmed is there, and nothing that was not. */
async function assertRight(disk: MemoryDisk, more: readonly string[] = []): Promise<void> {
  const { rows } = await openOn(disk)
  for (const name of ['first', 'second', ...more])
    assert.equal(text(rows.get('mailbox', Buffer.from(name))), name)
  assert.equal(rows.get('mailbox', Buffer.from('late')), undefined)
  await rows.close()
}

/** The next part of the log is made: nothing goes on in the background any more. */
function settled(folder: string): Promise<void> {
  const logs = () => (readManifest(nodeFiles(folder))?.logs ?? []).length
  return eventually(() => logs() > 1, 'the next part of the log is there')
}

function row(name: string, bytes = name.length) {
  return [{ table: 'mailbox' as const, key: Buffer.from(name), value: Buffer.from(name.padEnd(bytes)) }]
}

/** A part of the log that is being made ready appears while its folder is emptied. */
const GONE_FOR_SURE = { recursive: true, maxRetries: 10, retryDelay: 20 }

describe('a store that has been lost', () => {
  it('confirms nothing once its folder is gone, and says so once', async () => {
    const folder = join(scratch, 'removed')
    const { rows, told } = await open(folder)
    await rows.commit(row('before'))
    await settled(folder)
    rmSync(folder, GONE_FOR_SURE)
    await assert.rejects(rows.commit(row('after')), /is gone/)
    await assert.rejects(rows.commit(row('later')), StoreLostError)
    assert.equal(told.length, 1)
    await rows.close()
  })

  it('is told of a folder that went while nobody wrote', async () => {
    const folder = join(scratch, 'idle')
    const { rows, told } = await open(folder)
    await settled(folder)
    rmSync(folder, GONE_FOR_SURE)
    await clock.advance(1_000)
    assert.match(told[0]?.message ?? '', /is gone/)
    await rows.close()
  })

  it('stays lost when the folder comes back', async () => {
    const folder = join(scratch, 'back')
    const { rows } = await open(folder)
    renameSync(folder, `${folder}-away`)
    await assert.rejects(rows.commit(row('away')), StoreLostError)
    renameSync(`${folder}-away`, folder)
    await assert.rejects(rows.commit(row('back')), StoreLostError)
    await assert.rejects(rows.reopen(), StoreLostError)
    await rows.close()
  })

  it('does not write over what the next owner wrote', async () => {
    const folder = join(scratch, 'taken')
    const former = await open(folder)
    await former.rows.commit(row('first'))
    await settled(folder)
    const next = await open(folder)
    await next.rows.commit(row('second'))
    await assert.rejects(former.rows.commit(row('third')), /taken over by another process/)
    assert.equal(former.told.length, 1)
    assert.equal(next.told.length, 0)
    await next.rows.close()
    await former.rows.close()
    const last = await open(folder)
    assert.equal(text(last.rows.get('mailbox', Buffer.from('second'))), 'second')
    assert.equal(last.rows.get('mailbox', Buffer.from('third')), undefined)
    await last.rows.close()
  })

  for (const when of ['has opened', 'has written', 'was closed'] as const)
    it(`writes over nothing of the next, though it stood still before its write until that ${when}`, async () => {
      const disk = new MemoryDisk()
      const former = await openOn(disk)
      await former.rows.commit(row('first'))
      const release = former.holdWrites()
      const late = former.rows.commit(row('late'))
      await turns()
      const next = await openOn(disk)
      if (when !== 'has opened') await next.rows.commit(row('second'))
      if (when === 'was closed') await next.rows.close()
      release()
      await assert.rejects(late, StoreLostError)
      if (when === 'has opened') await next.rows.commit(row('second'))
      if (when !== 'was closed') await next.rows.close()
      await assertRight(disk)
      await assertRight(disk)
    })

  it('writes over no part of the log that it had made ahead, or that the next owner uses again', async () => {
    const disk = new MemoryDisk()
    const former = await openOn(disk)
    await former.rows.commit(row('first'))
    await turns()
    const release = former.holdWrites()
    // It goes on in the next part, and stands still there.
    const late = former.rows.commit(row('late', SIZES.firstPartBytes - 1_000))
    await turns()
    const next = await openOn(disk)
    for (let n = 0; n < 200; n++) await next.rows.commit(row('second', 900 + n))
    await next.rows.commit(row('second'))
    release()
    await assert.rejects(late, StoreLostError)
    await next.rows.commit(row('third'))
    await next.rows.close()
    await assertRight(disk, ['third'])
  })

  it('gives way though its manifest, which it had under way, came after that of the next, which goes on', async () => {
    const disk = new MemoryDisk()
    const former = await openOn(disk)
    await former.rows.commit(row('first'))
    await turns()
    const before = disk.files.get('manifest')
    const next = await openOn(disk)
    await next.rows.commit(row('second'))
    disk.put('manifest', before)
    await assert.rejects(former.rows.commit(row('late')), StoreLostError)
    await assertRight(disk.copy())
    await next.rows.commit(row('third'))
    await assertRight(disk.copy(), ['third'])
    await next.rows.close()
    await assertRight(disk, ['third'])
  })

  it('knows the manifest of another epoch, though the file has the same length', async () => {
    const folder = join(scratch, 'epoch')
    const { rows, told } = await open(folder)
    const other = join(scratch, 'epoch-other')
    cpSync(folder, other, { recursive: true })
    await (await open(other)).rows.close()
    const manifest = (path: string) => join(path, 'manifest')
    assert.notEqual(readFileSync(manifest(folder), 'utf8'), readFileSync(manifest(other), 'utf8'))
    renameSync(manifest(other), manifest(folder))
    await assert.rejects(rows.commit(row('stale')), StoreLostError)
    assert.equal(told.length, 1)
    await rows.close()
  })

  it('is still ours after it has written its own manifest anew, again and again', async () => {
    const { rows, told } = await open(join(scratch, 'ours'))
    const large = Buffer.alloc(200_000, 1)
    for (let number = 0; number < 40; number++)
      await rows.commit([{ table: 'mailbox', key: Buffer.from([number]), value: large }])
    assert.deepEqual(told, [])
    await rows.close()
  })
})

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString()
}
