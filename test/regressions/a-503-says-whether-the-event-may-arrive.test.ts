import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDelivery } from '../../server/src/delivery/delivery.ts'
import { createSealer } from '../../server/src/masks/masks.ts'
import { createLog, createMetrics, Statistics } from '../../server/src/observe/observe.ts'
import { openEmbeddedStore } from '../../server/src/store/embedded/embedded.ts'
import { post } from '../helpers/ask.ts'
import { createFakeClock, seededRandom } from '../helpers/fake-clock.ts'
import { FakeDisk } from '../helpers/fake-disk.ts'
import { openHttp } from '../helpers/http-fixture.ts'
import { noLimits } from '../helpers/no-limits.ts'

const PATH = '/rtc-api/users/endpoints/sendEvent'
const PHONE = { organizationId: 'acme', userId: 'bob', userEndpointId: 'phone' }

const command = (id: string) => ({
  userId: 'bob',
  qos: 1,
  event: { id, type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' },
})

/** The front and delivery over a store whose disk fails when the test says so. */
async function open(test: Parameters<typeof openHttp>[0]) {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const statistics = new Statistics(clock.wallMs())
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  const delivery = createDelivery({
    store,
    clock,
    sealer: createSealer(Buffer.alloc(32), seededRandom(1)),
    newId: () => 'made',
    metrics: createMetrics(statistics),
    statistics,
    log: createLog('silent'),
    limits: { mailboxEventsMax: 10, mailboxBytesMax: 100_000 },
    quotas: noLimits(),
    organizationOf: () => undefined,
  })
  const wanted = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
  await store.registrations.register({ ...PHONE, ...wanted }, 10)
  const { listen } = await openHttp(test, { delivery })
  return { clock, disk, store, url: await listen() }
}

test('an event whose write failed under way is named in the 503, and comes; a later one is not, and does not', async (t) => {
  const { clock, disk, store, url } = await open(t)
  disk.failure = new Error('EIO')
  const undecided = await post(url, PATH, command('under way'))
  assert.equal(undecided.status, 503)
  assert.equal(undecided.headers['event-id'], 'under%20way')
  assert.equal(undecided.headers['retry-after'], '1')
  const { error, eventId } = JSON.parse(undecided.text)
  assert.deepEqual({ error, eventId }, { error: 'unavailable', eventId: 'under way' })

  const refused = await post(url, PATH, command('too late'))
  assert.equal(refused.status, 503)
  assert.equal(refused.headers['event-id'], undefined)
  assert.equal(JSON.parse(refused.text).eventId, undefined)

  disk.failure = undefined
  await clock.advance(1_000)
  assert.equal((await store.history.find('under way', {}))?.endpoints[0]?.outcome, 'queued')
  assert.equal(await store.history.find('too late', {}), undefined)
})

test('in a bulk request each event says so of itself', async (t) => {
  const { disk, url } = await open(t)
  disk.failure = new Error('EIO')
  const bad = { ...command('bad'), event: {} }
  const answer = await post(url, `${PATH}s`, [command('a'), bad, command('b')])
  const told = JSON.parse(answer.text).map((one: Record<string, string>) => [one['error'], one['eventId']])
  assert.deepEqual(told, [
    ['unavailable', 'a'],
    ['invalid_request', undefined],
    ['unavailable', 'b'],
  ])
})

test('the same Idempotency-Key gives the first answer once the disk is back, and nothing is sent twice', async (t) => {
  const { clock, disk, store, url } = await open(t)
  disk.failure = new Error('EIO')
  const headers = { 'idempotency-key': 'k' }
  assert.equal((await post(url, PATH, command('e'), headers)).status, 503)
  disk.failure = undefined
  await clock.advance(1_000)
  const again = await post(url, PATH, command('e'), headers)
  assert.deepEqual([again.status, again.text, again.headers['event-id']], [200, '1', 'e'])
  assert.equal((await store.totals()).mailboxEvents, 1)
})
