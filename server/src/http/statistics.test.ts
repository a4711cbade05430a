import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask, post } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { noLimits } from '../../../test/helpers/no-limits.ts'

const PATH = 'GET /rtc-api/statistics'
const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

/** Figures that tell which organization they are of: a one stands for acme's, a two for globex's. */
async function openWithFigures(test: Parameters<typeof openHttp>[0]) {
  const limits = noLimits({ organizationSharePercent: 50, linksMax: 100 })
  limits.ledger.links.take(['organization/acme', 'caller/acme/alice'], 20)
  limits.ledger.links.take(['organization/globex', 'caller/globex/alice'], 10)
  const fixture = await openHttp(test, { limits })
  const { statistics, delivery, clock } = fixture
  for (const [figure, organizationId] of [
    [1, 'acme'],
    [2, 'globex'],
  ] as const) {
    const { qos0, qos1, ended, deliveryMs, expiryLatenessMs } = statistics.of(organizationId)
    Object.assign(qos0, {
      events: figure,
      sent: figure,
      not_connected: figure,
      dropped_congested: figure,
      answered: figure,
    })
    Object.assign(qos1, { events: figure, queued: figure, acknowledged: figure, expired: figure })
    Object.assign(qos1, { mailbox_full: figure, woken: figure, answered: figure })
    Object.assign(qos1, { registration_ended: figure, superseded: figure })
    Object.assign(ended, { expired: figure, unregistered: figure })
    for (let time = 0; time < figure; time++)
      for (const times of [deliveryMs.qos0, deliveryMs.qos1, expiryLatenessMs]) times.add(1)
    delivery.links.set(organizationId, figure)
  }
  delivery.links.set(undefined, 3)
  const url = await fixture.listen()
  await post(url, '/rtc-api/users/endpoints', { userEndpointId: 'phone', keepAliveSeconds: 60 })
  await clock.advance(1500)
  const read = async (token: string, query = '') => {
    const answer = await ask(url, PATH + query, as(token))
    return { ...answer, body: JSON.parse(answer.text) }
  }
  return { ...fixture, url, read }
}

/** What the answer must be where every counter is `figure`. */
function answerOf(
  organizationId: string | null,
  registrations: number,
  figure: number,
  links: { readonly used: number; readonly max: number },
) {
  const bounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 50, 100, 500, 1000, 5000, 15_000, 60_000]
  const counts = [0, 0, 0, figure, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  return {
    organizationId,
    registrations,
    connected: figure,
    mailboxEvents: figure * 2,
    mailboxBytes: figure * 3,
    qos0: { events: figure, sent: figure, notConnected: figure, discarded: figure, answered: figure },
    qos1: {
      events: figure,
      copies: figure,
      acknowledged: figure,
      expired: figure,
      discarded: 2 * figure,
      registrationEnded: figure,
      superseded: figure,
      mailboxFull: figure,
      woken: figure,
      answered: figure,
    },
    ended: { expired: figure, unregistered: figure },
    deliveryMs: { bounds, qos0: counts, qos1: counts },
    expiryLatenessMs: { bounds, counts },
    links,
    nodes: { answered: 1, silent: [] },
  }
}

describe('statistics', () => {
  it("are a backend's own, whatever it asks for, with their times", async (test) => {
    const { read, clock } = await openWithFigures(test)
    for (const query of ['', '?organizationId=acme', '?organizationId=globex', '?other=1']) {
      const { status, headers, body } = await read('backend', query)
      assert.deepEqual([status, headers['cache-control']], [200, 'no-store'])
      const { at, since, shares, ...rest } = body
      assert.deepEqual({ ...rest, links: shares.links }, answerOf('acme', 1, 1, { used: 20, max: 45 }), query)
      assert.deepEqual(Object.keys(shares), [
        ...['links', 'waiters', 'bulkBytes', 'answerBytes', 'unfinishedBytes', 'writeBytes'],
        'historyBytes',
      ])
      assert.equal(at, new Date(clock.wallMs()).toISOString())
      assert.equal(Date.parse(at) - Date.parse(since), 1500)
    }
  })

  it('are of any organization, and of all, for SERVICE', async (test) => {
    const { read } = await openWithFigures(test)
    const figuresOf = async (query: string) => {
      const { at, since, shares, ...rest } = (await read('service', query)).body
      return { ...rest, links: shares.links }
    }
    assert.deepEqual(await figuresOf('?organizationId=acme'), answerOf('acme', 1, 1, { used: 20, max: 45 }))
    assert.deepEqual(
      await figuresOf('?organizationId=globex'),
      answerOf('globex', 0, 2, { used: 10, max: 40 }),
    )
    assert.deepEqual(await figuresOf(''), answerOf(null, 1, 3, { used: 30, max: 100 }))
    assert.equal((await read('service', '?organizationId=__proto__')).status, 404, 'there is none')
  })

  it('are for nobody else', async (test) => {
    const { read } = await openWithFigures(test)
    for (const query of ['', '?organizationId=acme', '?organizationId=globex']) {
      const { status, body } = await read('alice', query)
      assert.deepEqual([status, body.error], [403, 'forbidden'], query)
      assert.equal((await read('stranger', query)).status, 401)
    }
  })

  it('are refused for an organization that cannot be', async (test) => {
    const { read } = await openWithFigures(test)
    for (const wrong of ['', 'a%2Fb', 'acme&organizationId=globex', 'a'.repeat(129), '%00']) {
      const { status, body } = await read('service', `?organizationId=${wrong}`)
      assert.deepEqual([status, body.error], [400, 'invalid_request'], wrong)
      assert.equal(typeof body.organizationId, 'string', wrong)
    }
  })
})
