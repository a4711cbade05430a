import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock, systemRandom } from '../../server/src/clock/clock.ts'
import { readConfiguration } from '../../server/src/config/config.ts'
import type { Log } from '../../server/src/observe/observe.ts'
import { startServer } from '../../server/src/server.ts'

const DAY_MS = 86_400_000

test('a server whose wall clock jumps says so in its log and counts it', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'rollcall-jump-'))
  const told: (readonly [string, unknown])[] = []
  const silent = () => undefined
  const warn: Log['warn'] = (message, fields) => void told.push([message, fields])
  const log: Log = { error: silent, warn, info: silent, debug: silent, child: () => log }
  const clock = systemClock()
  let aheadMs = 0
  const server = await startServer(
    readConfiguration({ PORT: '0', DATA_DIR: dataDir, DRAIN_SECONDS: '0' }, undefined),
    {
      clock: { ...clock, wallMs: () => clock.wallMs() + aheadMs },
      random: systemRandom(),
      log,
      pageFolders: { console: dataDir, ring: dataDir },
    },
  )
  t.after(async () => {
    await server.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  for (const byMs of [3 * DAY_MS, -3 * DAY_MS]) {
    aheadMs += byMs
    const isTold = () => told.some(([, fields]) => JSON.stringify(fields).includes(String(byMs / 1000)))
    while (!isTold()) await clock.sleep(50)
  }
  const jumps = told.filter(([message]) => message === 'the wall clock jumped')
  assert.deepEqual(
    jumps.map(([, fields]) => fields),
    [{ bySeconds: 259_200 }, { bySeconds: -259_200 }],
  )
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  assert.match(metrics, /^rollcall_wall_clock_jumps_total 2$/m)
})
