import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DayStatistics } from '@rollcall/protocol/statistics'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { Statistics } from '../observe/observe.ts'
import { createMemoryStore } from '../store/memory/memory.ts'
import type { ChartRow, ChartStore } from '../store/store.ts'
import { createCharts, type Gauges } from './charts.ts'

const MINUTE_MS = 60_000
const NOBODY: Gauges = { registrations: 0, connected: 0, mailboxEvents: 0 }

/** A server that may be started anew over its store. */
function setup() {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const gauges = new Map<string | null, Gauges>()
  const puts: (readonly ChartRow[])[] = []
  const trouble: { error?: Error } = {}
  const counting: ChartStore = {
    async put(rows) {
      if (trouble.error !== undefined) throw trouble.error
      puts.push(rows)
      await store.charts.put(rows)
    },
    list: (organizationId, fromWallMs) => store.charts.list(organizationId, fromWallMs),
  }
  const start = () => {
    const statistics = new Statistics(clock.wallMs())
    const charts = createCharts({
      ...{ store: counting, statistics, clock, log: { error: () => undefined } },
      organizations: async (max) => [...gauges.keys()].flatMap((id) => id ?? []).slice(0, max),
      gauges: async (id) => gauges.get(id) ?? NOBODY,
    })
    return { statistics, charts }
  }
  return { clock, gauges, puts, trouble, start }
}

/** The last values of a series, oldest first. */
function last(series: readonly (number | null)[], count: number): readonly (number | null)[] {
  return series.slice(-count)
}

async function minutes(clock: ReturnType<typeof createFakeClock>, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await clock.advance(MINUTE_MS)
    // Turns of the event loop that the recorder takes.
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

describe('the charts of a day', () => {
  it('have what came in each minute, by itself, of each organization and of all', async () => {
    const { clock, gauges, start } = setup()
    const { statistics, charts } = start()
    gauges.set('acme', { registrations: 5, connected: 3, mailboxEvents: 2 })
    gauges.set(null, { registrations: 7, connected: 4, mailboxEvents: 2 })
    statistics.of('acme').qos1.events += 2
    statistics.of('acme').qos1.acknowledged += 1
    statistics.of('acme').qos1.woken += 4
    await minutes(clock, 1)
    statistics.of('acme').qos1.events += 3
    statistics.of('globex').qos0.events += 1
    await minutes(clock, 1)
    await minutes(clock, 1)
    const acme = await charts.day('acme', 60)
    assert.deepEqual(last(acme.qos1.events, 4), [null, 2, 3, 0])
    assert.deepEqual(last(acme.qos1.acknowledged, 3), [1, 0, 0])
    assert.deepEqual(last(acme.qos1.woken, 4), [null, 4, 0, 0])
    assert.deepEqual(last(acme.registrations, 3), [5, 5, 5])
    assert.deepEqual([acme.registrations.length, acme.stepSeconds, acme.organizationId], [1440, 60, 'acme'])
    const all = await charts.day(null, 60)
    assert.deepEqual(last(all.qos0.events, 3), [0, 1, 0])
    assert.deepEqual(last(all.qos1.events, 3), [2, 3, 0])
    assert.deepEqual(last(all.connected, 3), [4, 4, 4])
    const nobody = await charts.day('initech', 60)
    assert.deepEqual(last(nobody.qos1.events, 4), [null, 0, 0, 0])
    assert.deepEqual(last(nobody.qos1.events, 1), last(nobody.registrations, 1))
    await charts.close()
  })

  it('survive a restart, which is a gap, and begin with nought counted', async () => {
    const { clock, start } = setup()
    const first = start()
    first.statistics.of('acme').qos1.events += 4
    await minutes(clock, 2)
    first.statistics.of('acme').qos1.events += 1
    await clock.advance(20_000)
    await first.charts.close()
    await clock.advance(3 * MINUTE_MS)
    const second = start()
    second.statistics.of('acme').qos1.events += 6
    await minutes(clock, 1)
    const { qos1, minutes: known } = await second.charts.day('acme', 60)
    assert.deepEqual(last(qos1.events, 6), [4, 0, 1, null, null, 6])
    assert.deepEqual(last(known, 6), [1, 1, 1, 0, 0, 1])
    await second.charts.close()
  })

  it('a stop and a start within one minute lose nothing of it', async () => {
    const { clock, start } = setup()
    const first = start()
    await minutes(clock, 1)
    first.statistics.of('acme').qos1.events += 1
    await clock.advance(10_000)
    await first.charts.close()
    const second = start()
    second.statistics.of('acme').qos1.events += 2
    await minutes(clock, 1)
    const { qos1 } = await second.charts.day('acme', 60)
    assert.deepEqual(last(qos1.events, 1), [3])
    await second.charts.close()
  })

  it('of several processes over one store are one: counts and links add up, what the store says does not', async () => {
    const { clock, gauges, start } = setup()
    const one = start()
    await clock.advance(7)
    const other = start()
    gauges.set('acme', { registrations: 9, connected: 4, mailboxEvents: 3 })
    one.statistics.of('acme').qos1.events += 2
    other.statistics.of('acme').qos1.events += 5
    await minutes(clock, 1)
    for (const { charts } of [one, other]) {
      const day = await charts.day('acme', 60)
      const { qos1, registrations, connected, mailboxEvents } = day
      const newest = [qos1.events, registrations, connected, mailboxEvents].map((series) => series.at(-1))
      assert.deepEqual(newest, [7, 9, 8, 3])
    }
    await Promise.all([one.charts.close(), other.charts.close()])
  })

  it('may be told in longer steps: counts add up, gauges are the last', async () => {
    const { clock, gauges, start } = setup()
    const { statistics, charts } = start()
    for (let n = 1; n <= 12; n++) {
      statistics.of('acme').qos1.events += 1
      gauges.set('acme', { registrations: n, connected: 0, mailboxEvents: 0 })
      await minutes(clock, 1)
    }
    const { qos1, registrations, minutes: known, from } = await charts.day('acme', 300)
    assert.equal(qos1.events.length, 288)
    assert.deepEqual(
      [last(known, 3), last(qos1.events, 3), last(registrations, 3)],
      [
        [5, 5, 2],
        [5, 5, 2],
        [5, 10, 12],
      ],
    )
    assert.equal(Date.parse(from) % 300_000, 0)
    await charts.close()
  })

  it('say how long delivery took, within its buckets', async () => {
    const { clock, start } = setup()
    const { statistics, charts } = start()
    for (let n = 0; n < 99; n++) statistics.of('acme').deliveryMs.qos1.add(0.05)
    statistics.of('acme').deliveryMs.qos1.add(1e9)
    await minutes(clock, 1)
    const { deliveryMs }: DayStatistics = await charts.day('acme', 60)
    const [p50] = last(deliveryMs.qos1.p50, 1)
    assert(typeof p50 === 'number' && p50 > 0 && p50 <= 0.1)
    assert.deepEqual(last(deliveryMs.qos1.p99, 1), [0.1])
    assert.deepEqual(last(deliveryMs.qos0.p99, 1), [null])
    await charts.close()
  })

  it('cost one write a minute, and a few rows, however many events there are', async () => {
    const { clock, puts, start } = setup()
    const { statistics, charts } = start()
    for (let n = 0; n < 10_000; n++) statistics.of(`${n % 3}`).qos0.events++
    await clock.advance(MINUTE_MS - 1)
    assert.equal(puts.length, 0)
    await minutes(clock, 1)
    assert.equal(puts.length, 1)
    assert.equal(puts[0]?.length, 4)
    await charts.close()
  })

  it('of too many organizations those that do most have theirs; of the others it is not said that nothing happened', async () => {
    const { clock, puts, start } = setup()
    const { statistics, charts } = start()
    for (let n = 0; n < 300; n++) statistics.of(`${n}`).qos0.events += n + 1
    await minutes(clock, 1)
    assert.equal(puts[0]?.length, 201)
    assert.deepEqual(last((await charts.day('299', 60)).qos0.events, 1), [300])
    assert.deepEqual(last((await charts.day('0', 60)).qos0.events, 1), [null])
    assert.deepEqual(last((await charts.day(null, 60)).qos0.events, 1), [45_150])
    statistics.of('0').qos0.events += 5
    await minutes(clock, 1)
    assert.deepEqual(last((await charts.day('0', 60)).qos0.events, 2), [null, 5], 'not what was before')
    await charts.close()
  })

  it('what the store does not take now it takes later', async () => {
    const { clock, trouble, start } = setup()
    const { statistics, charts } = start()
    statistics.of('acme').qos0.events += 1
    trouble.error = new Error('EIO')
    await minutes(clock, 20)
    delete trouble.error
    statistics.of('acme').qos0.events += 2
    await minutes(clock, 1)
    const { qos0 } = await charts.day('acme', 60)
    const known = qos0.events.filter((count) => count !== null)
    assert.deepEqual([known.length, known[0], known.at(-1)], [21, 1, 2])
    await charts.close()
  })

  it('a wall clock that is set back makes nothing up', async () => {
    const { clock, start } = setup()
    const { statistics, charts } = start()
    await minutes(clock, 5)
    clock.jumpWall(-2 * MINUTE_MS)
    statistics.of('acme').qos0.events += 3
    await minutes(clock, 3)
    const { qos0 } = await charts.day('acme', 60)
    assert.equal(
      qos0.events.reduce<number>((sum, count) => sum + (count ?? 0), 0),
      3,
    )
    await charts.close()
  })
})
