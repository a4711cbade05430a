import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'
import { Victim } from './victim.ts'

const CLI = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url))
const MIB = 1024 * 1024
const TRIES_MAX_MS = 60_000

/** Kinds of disks, with what makes one in a file of so many MiB. */
const KINDS = [
  { kind: 'tmpfs', sizeMib: 48, make: undefined },
  { kind: 'ext4', sizeMib: 64, make: ['mkfs.ext4', '-q', '-F'] },
  { kind: 'btrfs', sizeMib: 128, make: ['mkfs.btrfs', '-q', '-f'] },
] as const

/** A disk of its own; `undefined` where this machine has no such kind, or this process may not mount one. */
async function diskOf(t: TestContext, { kind, sizeMib, make }: (typeof KINDS)[number]) {
  const scratch = await makeDataDir()
  const path = join(scratch.path, 'disk')
  const image = join(scratch.path, 'image')
  mkdirSync(path)
  writeFileSync(image, '')
  truncateSync(image, sizeMib * MIB)
  const [program, ...args] = make ?? []
  const isMade = program === undefined || spawnSync(program, [...args, image]).status === 0
  const what = make === undefined ? ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs'] : ['-o', 'loop', image]
  const isMounted = isMade && spawnSync('mount', [...what, path]).status === 0
  t.after(async () => {
    if (isMounted) spawnSync('umount', [path])
    await scratch.remove()
  })
  if (!isMounted) t.skip(`SKIPPED: ${kind} cannot be made and mounted here`)
  return isMounted ? path : undefined
}

/** Takes all the room that is left. */
function fill(disk: string): string {
  const path = join(disk, 'filler')
  const file = openSync(path, 'w')
  try {
    for (let bytes = MIB; bytes >= 512; ) {
      try {
        writeSync(file, Buffer.alloc(bytes, 1))
      } catch {
        bytes /= 2
      }
    }
  } finally {
    closeSync(file)
  }
  return path
}

describe('a disk', () => {
  for (const kind of KINDS)
    it(`of ${kind.kind} that is full and freed again loses nothing, and the server goes on by itself`, async (t) => {
      const disk = await diskOf(t, kind)
      if (disk === undefined) return
      const victim = await Victim.start(t, { disk })
      assert.equal(await victim.send(), 200)
      const filler = fill(disk)
      const statuses: number[] = []
      while (statuses.length < 600 && !statuses.includes(503)) statuses.push(...(await victim.sendMany()))
      assert.ok(statuses.includes(503), 'it is full')
      rmSync(filler)
      await eventually(async () => (await victim.send()) === 200, 'it takes events again', TRIES_MAX_MS)
      await victim.assertNothingLost()
    })

  for (const kind of KINDS.filter((one) => one.kind !== 'ext4'))
    it(`of ${kind.kind} that is read-only is refused by a start, and can be checked`, async (t) => {
      const disk = await diskOf(t, kind)
      if (disk === undefined) return
      const dataDir = join(disk, 'data')
      assert.equal(await (await startProcess(dataDir)).terminate(), 0)
      assert.equal(spawnSync('mount', ['-o', 'remount,ro', disk]).status, 0)
      const env = { PATH: process.env['PATH'], DATA_DIR: dataDir }
      const { status, stdout } = spawnSync(process.execPath, [CLI, 'check'], { env, encoding: 'utf8' })
      assert.equal(status, 0)
      assert.match(stdout, /Nothing is wrong\.\n$/)
      await assert.rejects(startProcess(dataDir), /EROFS: read-only file system.*\/store/)
    })

  it('of ext4 that becomes read-only under a running server: 503, the reason, and nothing is lost', async (t) => {
    const disk = await diskOf(t, KINDS[1])
    if (disk === undefined) return
    const victim = await Victim.start(t, { disk })
    assert.equal(await victim.send(), 200)
    // What the kernel does by itself where it finds that the file system is not as it should be.
    if (spawnSync('mount', ['-o', 'remount,abort', disk]).status !== 0)
      return t.skip('SKIPPED: this kernel does not let go of an ext4 by itself')
    assert.equal(await victim.send(), 503)
    assert.equal(await victim.isReady(), false)
    assert.match(victim.server.output(), /"code":"EROFS".*the store cannot write/)
    await victim.server.kill()
    const image = join(disk, '..', 'image')
    assert.equal(spawnSync('umount', [disk]).status, 0)
    assert.ok(Number(spawnSync('e2fsck', ['-p', image]).status) < 4, 'the file system is mended')
    assert.equal(spawnSync('mount', ['-o', 'loop', image, disk]).status, 0)
    assert.equal(await (await startProcess(victim.server.dataDir)).terminate(), 0)
    await victim.assertNothingLost()
  })
})
