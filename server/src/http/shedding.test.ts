import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ask, post } from '../../../test/helpers/ask.ts'
import { FakeDelivery } from '../../../test/helpers/fake-delivery.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { noLimits } from '../../../test/helpers/no-limits.ts'

/** What a preview of masks does is tested with the real delivery. */
class PreviewingDelivery extends FakeDelivery {
  override previewMasks(): Buffer {
    return Buffer.from('{}')
  }
}

const ENDPOINTS = '/rtc-api/users/endpoints'
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** A server whose loop has lagged by so much. */
async function openAt(test: Parameters<typeof openHttp>[0], lagMs: number) {
  const limits = noLimits({ shedLagMs: 500 })
  const readiness = {
    notReadyBecause: () => undefined,
    warnings: () => (limits.shedding.level === 'overloaded' ? ['overloaded'] : []),
  }
  const { listen, refused } = await openHttp(test, {
    ...{ limits, readiness },
    delivery: new PreviewingDelivery(),
  })
  for (let atMs = 0; atMs < 300; atMs += 100) limits.shedding.observe({ atMs, lagMs, writePercent: 0 })
  return { url: await listen(), refused }
}

/** What each kind of request is answered. */
async function statusesOf(url: string): Promise<Record<string, number>> {
  const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  const token = (grant: string) =>
    ask(url, 'POST /security/oauth/token', {
      headers: { ...FORM, authorization: '' },
      body: `grant_type=${grant}&username=alice&password=x`,
    })
  const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
  const answers = {
    register: post(url, ENDPOINTS, { userEndpointId: 'phone', keepAliveSeconds: 60 }),
    bulk: post(url, `${ENDPOINTS}/sendEvents`, []),
    history: ask(url, 'GET /rtc-api/events', as('alice')),
    presence: post(url, '/rtc-api/users/presence', { userIds: ['alice'] }),
    preview: post(url, '/rtc-api/masks/preview', { event, masks: ['$.type'] }),
    password: token('password'),
    refresh: token('refresh_token'),
    unknown: ask(url, 'GET /rtc-api/users/endpoints', as('new-alice')),
    unknownRegister: ask(url, `POST ${ENDPOINTS}`, {
      headers: { authorization: 'Bearer new-alice', 'content-type': 'application/json' },
      body: JSON.stringify({ userEndpointId: 'tablet', keepAliveSeconds: 60 }),
    }),
    send: post(url, `${ENDPOINTS}/sendEvent`, { userId: 'alice', event }),
  }
  const statuses = await Promise.all(
    Object.entries(answers).map(async ([name, answer]) => {
      const { status, headers } = await answer
      if (status === 503) assert.equal(headers['retry-after'], '2', name)
      return [name, status] as const
    }),
  )
  return Object.fromEntries(statuses)
}

const CALM = {
  ...{ register: 200, bulk: 200, history: 200, presence: 200, preview: 200, password: 200, refresh: 200 },
  ...{ unknown: 200, unknownRegister: 200, send: 200 },
}
const BUSY = { ...CALM, bulk: 503, history: 503, presence: 503, preview: 503 }

it('a busy server refuses what is dear, and an overloaded one what is new; people stay reachable', async (test) => {
  const calm = await openAt(test, 0)
  assert.deepEqual(await statusesOf(calm.url), CALM)
  const busy = await openAt(test, 600)
  assert.deepEqual(await statusesOf(busy.url), BUSY)
  assert.equal((await ask(busy.url, 'GET /health/ready')).text, '{"status":"ready"}')
  const overloaded = await openAt(test, 1_200)
  assert.deepEqual(await statusesOf(overloaded.url), { ...BUSY, password: 503, unknown: 503 })
  assert.ok(overloaded.refused.includes('temporarily_unavailable'), 'in the words of OAuth')
})

it('readiness says overloaded, and stays 200: there is nowhere else to go', async (test) => {
  const { url } = await openAt(test, 1_200)
  const { status, text } = await ask(url, 'GET /health/ready')
  assert.deepEqual([status, text], [200, '{"status":"ready","warnings":["overloaded"]}'])
})
