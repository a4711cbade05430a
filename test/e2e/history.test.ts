import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient, type RollcallClient, type Token } from '@rollcall/client/client'
import type { HistoryPage, HistoryRecord } from '@rollcall/protocol/history'
import { offer, signIn, tokenOf } from '../helpers/demo.ts'
import { connectPhone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const SECRET = '4111-1111-1111-1111'
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

describe('the history', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let bob: Token
  let alice: Token
  let acme: RollcallClient
  let acmeToken: string

  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path)
    bob = await signIn(server.url, 'bob')
    alice = await signIn(server.url, 'alice')
    acmeToken = await tokenOf(server.url, 'acme-backend')
    acme = createClient({ url: server.url, token: acmeToken })
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  const get = (token: string, path: string) =>
    fetch(`${server.url}/rtc-api/events${path}`, { headers: { authorization: `Bearer ${token}` } })

  async function find(eventId: string, token = acmeToken): Promise<HistoryRecord> {
    const answer = await get(token, `/${eventId}`)
    assert.equal(answer.status, 200)
    const record: HistoryRecord = JSON.parse(await answer.text())
    return record
  }

  async function list(query: string, token = acmeToken): Promise<HistoryPage> {
    const answer = await get(token, query)
    assert.equal(answer.status, 200, query)
    const page: HistoryPage = JSON.parse(await answer.text())
    return page
  }

  async function outcomes(eventId: string): Promise<string> {
    const { endpoints } = await find(eventId)
    return endpoints.map(({ userEndpointId, outcome }) => `${userEndpointId} ${outcome}`).join(', ')
  }

  const register = (token: Token, userEndpointId: string, keepAliveSeconds = 600) =>
    createClient({ url: server.url, token: token.accessToken }).register({ userEndpointId, keepAliveSeconds })

  it('tells what became of an event at each endpoint, with times', async () => {
    await register(bob, 'phone')
    await register(bob, 'tab')
    const phone = await connectPhone(server.url, 'bob', bob.accessToken)
    await phone.subscribe('users/endpoints/phone')
    const lost = await acme.sendEvent(offer('bob', { qos: 0 }))
    assert.equal(await outcomes(lost.eventId), 'phone sent, tab not_connected')
    const kept = await acme.sendEvent(offer('bob', { qos: 1 }, { n: 1.5 }))
    await eventually(
      async () => (await outcomes(kept.eventId)) === 'phone acknowledged, tab queued',
      'the phone acknowledges',
    )
    const record = await find(kept.eventId)
    const [first, second] = record.endpoints
    assert.deepEqual(Object.keys(first ?? {}), [
      'userEndpointId',
      'outcome',
      'queuedAt',
      'sentAt',
      'acknowledgedAt',
    ])
    assert.deepEqual(Object.keys(second ?? {}), ['userEndpointId', 'outcome', 'queuedAt'])
    assert.match(first?.acknowledgedAt ?? '', INSTANT)
    assert.ok((first?.acknowledgedAt ?? '') >= (first?.queuedAt ?? 'x'))
    assert.deepEqual(
      [record.id, record.organizationId, record.userId, record.qos, record.event['n']],
      [kept.eventId, 'acme', 'bob', 1, 1.5],
    )
    await createClient({ url: server.url, token: bob.accessToken }).unregister('tab')
    assert.equal(await outcomes(kept.eventId), 'phone acknowledged, tab discarded')
    await phone.end()
  })

  it('remembers what nobody was registered for, and what ran out', async () => {
    const nobody = await acme.sendEvent(offer('nobody', { qos: 1 }))
    assert.deepEqual([nobody.count, await outcomes(nobody.eventId)], [0, ''])
    await register(alice, 'short', 1)
    const { eventId } = await acme.sendEvent(offer('alice', { qos: 1, userEndpointId: 'short' }))
    await eventually(async () => (await outcomes(eventId)) === 'short discarded', 'the endpoint expires')
    const short = await register(alice, 'away')
    const late = await acme.sendEvent(offer('alice', { qos: 1, userEndpointId: short, ttlSeconds: 1 }))
    await eventually(async () => (await outcomes(late.eventId)) === 'away expired', 'the event expires')
  })

  it('shows and stores events masked', async () => {
    const phone = await connectPhone(server.url, 'bob', bob.accessToken)
    await phone.subscribe('users/endpoints/phone')
    for (const qos of [0, 1]) {
      const command = offer('bob', { qos, masks: ['$.card'] }, { card: SECRET, n: qos })
      const { eventId } = await acme.sendEvent(command)
      const text = await (await get(acmeToken, `/${eventId}`)).text()
      assert.equal(text.includes(SECRET), false)
      assert.equal(JSON.parse(text).event.card, '*'.repeat(SECRET.length))
    }
    await eventually(() => phone.received.length === 2, 'both arrive')
    assert.deepEqual(
      phone.received.map(({ event }) => event['card']),
      [SECRET, SECRET],
    )
    await phone.end()
  })

  it('is for backends of the organization, SERVICE, sender and recipient, and nobody else', async () => {
    const toAlice = await acme.sendEvent(offer('alice', { qos: 1 }))
    const fromBob = await createClient({ url: server.url, token: bob.accessToken }).sendEvent(offer('alice'))
    const service = await tokenOf(server.url, 'platform-service')
    const globex = await tokenOf(server.url, 'globex-backend')
    const readers: readonly [string, string, number][] = [
      [toAlice.eventId, acmeToken, 200],
      [toAlice.eventId, service, 200],
      [toAlice.eventId, alice.accessToken, 200],
      [toAlice.eventId, bob.accessToken, 404],
      [toAlice.eventId, globex, 404],
      [fromBob.eventId, bob.accessToken, 200],
      [fromBob.eventId, alice.accessToken, 200],
      [fromBob.eventId, globex, 404],
    ]
    for (const [eventId, token, status] of readers) {
      const answer = await get(token, `/${eventId}`)
      await answer.text()
      assert.equal(answer.status, status)
    }
    assert.deepEqual((await list('', globex)).events, [])
    assert.deepEqual((await list('?organizationId=globex', service)).events, [])
    assert.equal((await list('?limit=1&organizationId=acme', service)).events[0]?.id, fromBob.eventId)
    const { nextCursor } = await list('?limit=1')
    assert.equal((await get(globex, `?limit=1&cursor=${nextCursor}`)).status, 400)
    assert.equal((await get(acmeToken, '?limit=201')).status, 400)
  })

  it('pages through everything once, newest first, and survives kill -9', async () => {
    const sent: string[] = []
    for (let n = 0; n < 30; n++)
      sent.push((await acme.sendEvent(offer('paged', { qos: n % 2 }, { n }))).eventId)
    const last = await acme.sendEvent(offer('paged', { qos: 1 }))
    sent.push(last.eventId)
    // What was sent before at QoS 0 became durable with it, at the latest.
    await server.kill()
    server = await startProcess(data.path, { PORT: String(server.port) })
    const seen: string[] = []
    for (let query: string | undefined = ''; query !== undefined; ) {
      const page: HistoryPage = await list(`?userId=paged&limit=7${query}`)
      seen.push(...page.events.map(({ id }) => id))
      query = page.nextCursor && `&cursor=${page.nextCursor}`
    }
    assert.deepEqual(seen, sent.reverse())
  })
})
