import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { eventually } from '../../../../../test/helpers/run-server.ts'
import type { Rows } from '../rows.ts'
import { StoreLostError } from './damage.ts'
import { openDiskRows } from './disk-rows.ts'
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

/** The next part of the log is made: nothing goes on in the background any more. */
function settled(folder: string): Promise<void> {
  const logs = () => (readManifest(nodeFiles(folder))?.logs ?? []).length
  return eventually(() => logs() > 1, 'the next part of the log is there')
}

function row(name: string) {
  return [{ table: 'mailbox' as const, key: Buffer.from(name), value: Buffer.from(name) }]
}

/** A part of the log that is being made ready appears while its folder is emptied. */
const GONE_FOR_SURE = { recursive: true, maxRetries: 10, retryDelay: 20 }

describe('a store that has been lost', () => {
  it('confirms nothing once its folder is gone, and says so once', async () => {
    const folder = join(scratch, 'removed')
    const { rows, told } = await open(folder)
    await rows.commit(row('before'))
    rmSync(folder, GONE_FOR_SURE)
    await assert.rejects(rows.commit(row('after')), /is gone/)
    await assert.rejects(rows.commit(row('later')), StoreLostError)
    assert.equal(told.length, 1)
    await rows.close()
  })

  it('is told of a folder that went while nobody wrote', async () => {
    const folder = join(scratch, 'idle')
    const { rows, told } = await open(folder)
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
