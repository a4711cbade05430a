import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { NO_REDIS } from '../helpers/redis-server.ts'
import type { Line } from '../history/lines.ts'
import { ChaosRun } from './chaos-run.ts'

/** Devices, backends and troubles would go on for ever, the process with them, and nobody would read why. */
it('a run of chaos that fails in the middle says so, and nothing of it goes on', {
  skip: NO_REDIS ?? false,
  timeout: 60_000,
}, async () => {
  let calls = 0
  const onLine = ({ kind }: Line) => void (kind === 'begin' && calls++)
  const run = await ChaosRun.start({ seed: 1, nodes: 1, devices: 2, isCluster: false, onLine })
  const troubles: Promise<void>[] = []
  const failing = run.suffer(async ({ nodes }) => {
    // It is down when the run is closed, and would be started again.
    troubles.push(nodes.kill(0, 1_000))
    await sleep(300)
    throw new Error('planted')
  })
  await assert.rejects(failing, /planted/)
  await run.close()
  await assert.rejects(Promise.all(troubles), /closed|over/)
  await sleep(500)
  const before = calls
  await sleep(1_000)
  assert.equal(calls, before)
})
