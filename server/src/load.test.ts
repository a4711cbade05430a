import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createFakeClock } from '../../test/helpers/fake-clock.ts'
import { noLimits } from '../../test/helpers/no-limits.ts'
import { sharingOf, watchLoad } from './load.ts'
import { createMetrics, Statistics } from './observe/observe.ts'

function setUp() {
  const clock = createFakeClock()
  const limits = noLimits({ shedLagMs: 500, shedWritePercent: 75 })
  const lines: unknown[] = []
  const log = {
    info: (text: string, facts?: object) => void lines.push(['info', text.slice(0, 4), facts]),
    warn: (text: string, facts?: object) => void lines.push(['warn', text.slice(0, 4), facts]),
  }
  const stop = watchLoad({ clock, log, ...limits })
  return { clock, limits, lines, stop }
}

it('a loop that lags is overload, told in one line, and calm again later, told in one line', async () => {
  const { clock, limits, lines, stop } = setUp()
  await clock.advance(1_000)
  assert.equal(limits.shedding.level, 'calm')
  for (let turn = 0; turn < 4; turn++) await clock.stall(1_300)
  assert.equal(limits.shedding.level, 'overloaded')
  await clock.advance(5_000)
  assert.equal(limits.shedding.level, 'calm')
  assert.deepEqual(lines, [
    ['warn', 'load', { from: 'calm', to: 'overloaded', lagMs: 1_200, writePercent: 0 }],
    ['info', 'load', { from: 'overloaded', to: 'calm', lagMs: 0, writePercent: 0 }],
  ])
  stop()
  assert.equal(clock.pending(), 0)
})

it('bytes that wait to be written are load, and the metrics show whose share was refused', async () => {
  const { clock, limits, lines } = setUp()
  const { max } = limits.ledger.writeBytes.figures
  const release = limits.ledger.writeBytes.take(['organization/acme', 'caller/acme/a'], max * 0.9)
  assert.equal(limits.ledger.writeBytes.take(['organization/acme', 'caller/acme/a'], max), undefined)
  await clock.advance(100)
  assert.equal(limits.shedding.level, 'overloaded')
  assert.equal(lines.length, 1)
  assert.throws(() => limits.shedding.admit('bulk'), /overloaded/)
  limits.work.spend({ organizationId: 'acme', userId: 'a' }, 1_500)
  limits.work.spendStranger('127.0.0.1', 250)
  const metrics = createMetrics(new Statistics(0))
  const queues = () => new Map([['signatureChecks', { used: 3, max: 9, refused: { share: 2, full: 1 } }]])
  metrics.observeSharing(sharingOf(limits, () => new Map([['historyBytes', 7]]), queues))
  for (let scrape = 0; scrape < 2; scrape++) {
    const { body } = await metrics.render()
    for (const line of [
      `rollcall_shared_used{thing="writeBytes"} ${max * 0.9}`,
      `rollcall_shared_max{thing="writeBytes"} ${max}`,
      'rollcall_share_refused_total{thing="writeBytes",why="full"} 1',
      'rollcall_share_refused_total{thing="links",why="share"} 0',
      'rollcall_shared_used{thing="signatureChecks"} 3',
      'rollcall_share_refused_total{thing="signatureChecks",why="share"} 2',
      'rollcall_work_seconds_total{who="caller"} 1.5',
      'rollcall_work_seconds_total{who="stranger"} 0.25',
      'rollcall_share_evicted_total{thing="historyBytes"} 7',
      'rollcall_load_level 2',
      'rollcall_shed_total{what="bulk"} 1',
    ])
      assert.ok(body.includes(`${line}\n`), line)
  }
  release?.()
})
