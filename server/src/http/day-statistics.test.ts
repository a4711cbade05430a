import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask } from '../../../test/helpers/ask.ts'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { createCharts } from '../charts/charts.ts'
import { Statistics } from '../observe/observe.ts'
import { createMemoryStore } from '../store/memory/memory.ts'

const PATH = 'GET /rtc-api/statistics/day'

/** A minute in which acme had one event, and globex two. */
async function open(test: Parameters<typeof openHttp>[0]) {
  const clock = createFakeClock()
  const statistics = new Statistics(clock.wallMs())
  const charts = createCharts({
    ...{ store: createMemoryStore({ clock }).charts, statistics, clock, log: { error: () => undefined } },
    organizations: async () => [],
    gauges: async () => ({ registrations: 1, connected: 1, mailboxEvents: 0 }),
  })
  statistics.of('acme').qos1.events += 1
  statistics.of('globex').qos1.events += 2
  await clock.advance(60_000)
  const url = await (await openHttp(test, { charts })).listen()
  return async (token: string, query = '') => {
    const answer = await ask(url, PATH + query, { headers: { authorization: `Bearer ${token}` } })
    return { ...answer, body: JSON.parse(answer.text) }
  }
}

describe('statistics of a day', () => {
  it("are a backend's own, whatever it asks for", async (test) => {
    const read = await open(test)
    for (const query of ['', '?organizationId=acme', '?organizationId=globex', '?other=1']) {
      const { status, headers, body } = await read('backend', query)
      assert.deepEqual([status, headers['cache-control']], [200, 'no-store'])
      assert.deepEqual([body.organizationId, body.stepSeconds, body.qos1.events.length], ['acme', 60, 1440])
      assert.equal(body.qos1.events.at(-1), 1, query)
    }
  })

  it('are of any organization, and of all, for SERVICE, in steps of its choice', async (test) => {
    const read = await open(test)
    const globex = (await read('service', '?organizationId=globex&stepSeconds=3600')).body
    assert.deepEqual(
      [globex.qos1.events.length, globex.qos1.events.at(-1), globex.minutes.at(-1)],
      [24, 2, 1],
    )
    assert.equal((await read('service')).body.qos1.events.at(-1), 3)
    assert.equal((await read('service', '?organizationId=__proto__')).status, 404)
  })

  it('are for nobody else', async (test) => {
    const read = await open(test)
    for (const query of ['', '?organizationId=acme']) {
      const { status, body } = await read('alice', query)
      assert.deepEqual([status, body.error], [403, 'forbidden'])
      assert.equal((await read('stranger', query)).status, 401)
    }
  })

  it('are refused for steps and organizations that cannot be', async (test) => {
    const read = await open(test)
    for (const wrong of ['', '0', '61', '-60', '60.0', '6e1', '1e9', '60&stepSeconds=60']) {
      const { status, body } = await read('service', `?stepSeconds=${wrong}`)
      assert.deepEqual([status, body.error], [400, 'invalid_request'], wrong)
      assert.equal(typeof body.stepSeconds, 'string', wrong)
    }
    const { status, body } = await read('service', '?organizationId=a%2Fb&stepSeconds=7')
    assert.deepEqual([status, Object.keys(body).sort().slice(2)], [400, ['organizationId', 'stepSeconds']])
  })
})
