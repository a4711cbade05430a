import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { NO_REDIS } from '../helpers/redis-server.ts'
import { tallyText, violationText } from '../history/verdict-text.ts'
import { ChaosRun } from './chaos-run.ts'

/** A short one, of which some troubles come once: `npm run chaos` goes on with all of them for as long as is wanted. */
describe('processes on a Redis Cluster that are killed, frozen and drained under phones and backends', {
  skip: NO_REDIS ?? false,
}, () => {
  let run: ChaosRun
  before(async () => {
    run = await ChaosRun.start({ seed: 5, nodes: 3, devices: 24, isCluster: true })
  })
  after(() => run?.close())

  it('keep what they promised', { timeout: 150_000 }, async () => {
    const [sender] = run.senders
    assert(sender !== undefined)
    await run.crowd.hearTwice(sender)
    await run.suffer(async ({ nodes, cluster }) => {
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      await Promise.all([nodes.kill(0, 500), nodes.freeze(1, 2_500), cluster?.failOver()])
      await Promise.all([nodes.roll(), cluster?.kill(0)])
    })
    const verdict = await run.judge()
    const complaints = [...verdict.violations.map(violationText), ...run.troubles.scene.complaints]
    assert.deepEqual(complaints, [])
    // The directory is a file here; that it changes at every process is for the simulated cluster.
    for (const { name, held } of verdict.tallies)
      if (name !== 'R14') assert.ok(held > 0, `${name}\n${tallyText(verdict)}`)
  })
})
