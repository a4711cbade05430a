import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { NO_REDIS } from '../helpers/redis-server.ts'
import { tallyText, violationText } from '../history/verdict-text.ts'
import { ChaosRun } from './chaos-run.ts'

/** Where the faults of a short run left them nothing to look at. */
const SELDOM = ['R8', 'R9', 'R12']

/** A short one, of which each trouble comes once: `npm run chaos` goes on for as long as is wanted. */
describe('processes on one Redis that are killed, frozen and drained under phones and backends', {
  skip: NO_REDIS ?? false,
}, () => {
  let run: ChaosRun
  before(async () => {
    run = await ChaosRun.start({ seed: 5, nodes: 3, devices: 24 })
  })
  after(() => run?.close())

  it('keep what they promised', { timeout: 120_000 }, async () => {
    await run.suffer(async (troubles) => {
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      await Promise.all([troubles.kill(0, 500), troubles.freeze(1, 2_500)])
      await troubles.drain(2)
      await troubles.hangRedis(1_000)
      await troubles.restartRedis(200)
    })
    const verdict = await run.judge()
    assert.deepEqual(verdict.violations.map(violationText), [])
    for (const { name, held } of verdict.tallies)
      if (!SELDOM.includes(name)) assert.ok(held > 0, `${name}\n${tallyText(verdict)}`)
  })
})
