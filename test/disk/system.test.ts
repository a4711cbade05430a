import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually, makeDataDir } from '../helpers/run-server.ts'
import { Victim } from './victim.ts'

const SOURCE = fileURLToPath(new URL('shim.c', import.meta.url))
const TRIES_MAX_MS = 60_000

let scratch: Awaited<ReturnType<typeof makeDataDir>>
let preload: string | undefined

before(async () => {
  scratch = await makeDataDir()
  const library = join(scratch.path, 'shim.so')
  const { status } = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl'])
  preload = status === 0 && process.platform === 'linux' ? library : undefined
})
after(() => scratch.remove())

const WITHOUT = 'SKIPPED: a C compiler is needed, and a system that preloads libraries'

describe('a server whose system refuses', () => {
  for (const code of ['EIO', 'ENOSPC', 'EROFS'])
    it(`answers 503 for as long as operations fail with ${code}, says why, and loses nothing`, async (t) => {
      if (preload === undefined) return t.skip(WITHOUT)
      const victim = await Victim.start(t, { preload })
      for (const operation of ['write', 'sync', 'open', 'rename']) {
        const before = victim.answered.length
        assert.equal(await victim.send(), 200)
        victim.fault(`${operation} ${code}`)
        const statuses = await victim.sendMany()
        assert.ok(
          statuses.every((status) => status === 200 || status === 503),
          `${operation} ${statuses}`,
        )
        if (operation === 'write' || operation === 'sync') {
          assert.deepEqual(statuses, [503], operation)
          assert.equal(await victim.isReady(), false)
        }
        victim.fault('')
        await eventually(() => victim.isReady(), `ready after ${operation}`, TRIES_MAX_MS)
        await eventually(
          async () => (await victim.send()) === 200,
          `takes events after ${operation}`,
          TRIES_MAX_MS,
        )
        assert.ok(victim.answered.length > before + 1)
      }
      assert.match(victim.server.output(), new RegExp(`${code}`))
      await victim.assertNothingLost()
    })

  it('answers 503 while a sync takes 8 s, and loses nothing', async (t) => {
    if (preload === undefined) return t.skip(WITHOUT)
    const victim = await Victim.start(t, { preload })
    victim.fault('sync 8000')
    const slow = victim.send()
    await eventually(async () => !(await victim.isReady()), 'it says that a write does not end', TRIES_MAX_MS)
    assert.equal(await victim.send(), 503)
    victim.fault('')
    await slow
    await eventually(() => victim.isReady(), 'ready', TRIES_MAX_MS)
    assert.equal(await victim.send(), 200)
    await victim.assertNothingLost()
  })
})
