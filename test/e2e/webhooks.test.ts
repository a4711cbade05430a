import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { createClient, type RollcallClient, requestToken } from '@rollcall/client/client'
import type { LifecycleEvent } from '@rollcall/protocol/lifecycle'
import { bury } from '../helpers/dead-letters.ts'
import { offer } from '../helpers/demo.ts'
import { connectPhone, type Phone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { ofOneProcess } from '../helpers/several-nodes.ts'
import { WebhookReceiver } from '../helpers/webhook-receiver.ts'

const HASHES = {
  acme: 'sha256$MHxgn4faQ8PVY0KKT379-YV_SHH9EEZXMsSrEamFoIw',
  service: 'sha256$L1t4OWrcO2yz2cX_al5Cjh9TyvaebkDjyqkVXImPVq4',
}
const CLIENTS = [
  { id: 'backend', secretHash: HASHES.acme, organizationId: 'acme', grants: ['client_credentials'] },
  { id: 'phone-user', secretHash: HASHES.acme, organizationId: 'acme', grants: ['client_credentials'] },
  { id: 'globex-backend', secretHash: HASHES.acme, organizationId: 'globex', grants: ['client_credentials'] },
  {
    id: 'service',
    secretHash: HASHES.service,
    authorities: ['ROLE_SERVICE'],
    grants: ['client_credentials'],
  },
]

describe('webhooks', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let acme: WebhookReceiver
  let globex: WebhookReceiver
  let token = ''
  let user: RollcallClient
  const phones: Phone[] = []

  const hook = (receiver: WebhookReceiver, more: object = {}) => ({
    id: 'hook',
    url: receiver.url,
    secret: receiver.secret,
    events: ['*'],
    ...more,
  })
  const writeDirectory = (acmeHooks: readonly object[], globexHooks: readonly object[]) =>
    writeFile(
      join(data.path, 'directory.json'),
      JSON.stringify({
        organizations: [
          { id: 'acme', webhooks: acmeHooks },
          { id: 'globex', webhooks: globexHooks },
        ],
        clients: CLIENTS,
      }),
    )
  const env = () => ({
    DIRECTORY_FILE: join(data.path, 'directory.json'),
    WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.0/8',
    ...(server === undefined ? {} : { PORT: String(server.port) }),
  })
  const tokenOf = async (clientId: string) => {
    const clientSecret = clientId === 'service' ? 'service-secret' : 'acme-secret'
    const grant = { type: 'client_credentials' } as const
    return (await requestToken({ url: server.url, clientId, clientSecret, grant })).accessToken
  }
  const connect = async (endpointId: string): Promise<Phone> => {
    const phone = await connectPhone(server.url, 'phone-user', token)
    phones.push(phone)
    await phone.subscribe(`users/endpoints/${endpointId}`)
    return phone
  }
  const call = async (clientId: string, path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${await tokenOf(clientId)}`, ...init.headers }
    const response = await fetch(`${server.url}/rtc-api${path}`, { ...init, headers })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text), text }
  }
  /** What was told about an endpoint, short. */
  const told = (receiver: WebhookReceiver, endpointId: string) =>
    distinct(receiver.taken)
      .filter(({ userEndpointId }) => userEndpointId === endpointId)
      .map(({ type, reason }) => `${type.replace(/^User(Endpoint)?(.*)Event$/, '$2')} ${reason}`)

  before(async () => {
    data = await makeDataDir()
    acme = new WebhookReceiver()
    globex = new WebhookReceiver()
    await acme.start()
    await globex.start()
    await writeDirectory([hook(acme)], [hook(globex)])
    server = await startProcess(data.path, env())
  })
  beforeEach(async () => {
    acme.behave = undefined
    token = await tokenOf('phone-user')
    user = createClient({ url: server.url, token })
  })
  afterEach(async () => {
    for (const phone of phones.splice(0)) await phone.end()
  })
  after(async () => {
    await server.kill()
    await acme.stop()
    await globex.stop()
    await data.remove()
  })

  it('tell the life of an endpoint and what became of events, in order, signed', async () => {
    await user.register({ userEndpointId: 'life', keepAliveSeconds: 600 })
    const phone = await connect('life')
    const backend = createClient({ url: server.url, token: await tokenOf('backend') })
    const { eventId } = await backend.sendEvent(offer('phone-user', { qos: 1 }, { note: 'PLANTED' }))
    await eventually(() => phone.received.length === 1, 'the event arrives')
    await phone.client.endAsync()
    await eventually(() => told(acme, 'life').includes('Disconnected client_disconnected'), 'the end is told')
    const second = await connect('life')
    second.client.stream.destroy()
    await eventually(() => told(acme, 'life').includes('Disconnected connection_lost'), 'the loss is told')
    await connect('life')
    await user.unregister('life')
    await eventually(() => told(acme, 'life').length === 9, 'everything is told')
    assert.deepEqual(told(acme, 'life'), [
      'Registered requested',
      'Connected subscribed',
      'EventAcknowledged acknowledged',
      'Disconnected client_disconnected',
      'Connected subscribed',
      'Disconnected connection_lost',
      'Connected subscribed',
      'Unregistered requested',
      'Disconnected endpoint_unregistered',
    ])
    assert.equal(acme.taken.find(({ type }) => type === 'UserEventAcknowledgedEvent')?.eventId, eventId)
    assert(acme.got.every(({ isGenuine }) => isGenuine))
    assert(!JSON.stringify(acme.got).includes('PLANTED'), 'the event itself is nobody else’s')
    assert.equal(globex.got.length, 0)
  })

  it('tell expiries, of endpoints and of events', async () => {
    await user.register({ userEndpointId: 'short', keepAliveSeconds: 1 })
    await user.register({ userEndpointId: 'waits', keepAliveSeconds: 600 })
    const backend = createClient({ url: server.url, token: await tokenOf('backend') })
    const mortal = offer('phone-user', { qos: 1, ttlSeconds: 1, userEndpointId: 'waits' })
    const { eventId } = await backend.sendEvent(mortal)
    await eventually(() => told(acme, 'short').length === 2, 'the expiry is told')
    await eventually(() => told(acme, 'waits').length === 2, 'the end of the event is told')
    assert.deepEqual(told(acme, 'short'), ['Registered requested', 'Expired keepalive_missed'])
    assert.deepEqual(told(acme, 'waits'), ['Registered requested', 'EventExpired lifetime_ended'])
    assert.equal(acme.taken.find(({ type }) => type === 'UserEventExpiredEvent')?.eventId, eventId)
  })

  it('lose nothing when the server is killed while the receiver fails in every way', async () => {
    const location = 'http://127.0.0.1:1/elsewhere'
    const ways: readonly ((typeof acme)['behave'] & object)[] = [
      (response) => response.writeHead(500).end(),
      (response) => response.writeHead(302, { location }).end(),
      (response) => response.socket?.end('garbage\r\n\r\n'),
      (response) => response.socket?.destroy(),
    ]
    let attempts = 0
    acme.behave = (response) => ways[attempts++ % ways.length]?.(response)
    await user.register({ userEndpointId: 'kept-0', keepAliveSeconds: 600 })
    await connect('kept-0')
    await eventually(() => attempts >= 4, 'it was tried in every way', 40_000)
    const firstIds = new Set(acme.got.slice(-4).map(({ id }) => id))
    assert.equal(firstIds.size, 1, 'a message keeps its id')
    // From here on it hangs, and then is not there at all.
    acme.behave = () => undefined
    for (let index = 1; index < 30; index++)
      await user.register({ userEndpointId: `kept-${index}`, keepAliveSeconds: 600 })
    await server.kill()
    await acme.stop()
    server = await startProcess(data.path, env())
    await user.unregister('kept-29')
    // Of several processes the one that sends them knows: each look is a connection of its own.
    const headers = { connection: 'close' }
    let seen = await call('backend', '/webhooks', { headers })
    await eventually(async () => {
      seen = await call('backend', '/webhooks', { headers })
      return seen.body.webhooks[0].lastFailure === 'connection_refused'
    }, 'the receiver is seen to be down')
    const { body, text } = seen
    const [state] = body.webhooks
    assert.deepEqual([state.id, state.url, state.enabled], ['hook', acme.url, true])
    assert(state.pending >= 32 && state.nextAttemptAt !== undefined, JSON.stringify(state))
    assert(!text.includes('whsec_') && !text.includes('secret'))
    acme.behave = undefined
    await acme.start()
    await eventually(() => told(acme, 'kept-29').length === 2, 'everything is told in the end', 60_000)
    assert.deepEqual(told(acme, 'kept-0'), [
      'Registered requested',
      'Connected subscribed',
      'Disconnected server_restarted',
    ])
    for (let index = 1; index < 29; index++)
      assert.deepEqual(told(acme, `kept-${index}`), ['Registered requested'])
    assert.deepEqual(told(acme, 'kept-29'), ['Registered requested', 'Unregistered requested'])
    assert(isAscending(distinct(acme.taken).map(({ sequence }) => sequence)))
    assert.equal(acme.got.find(({ events }) => events[0]?.userEndpointId === 'kept-0')?.id, [...firstIds][0])
  })

  it('of one organization do not wait for those of another', async () => {
    acme.behave = () => undefined
    await user.register({ userEndpointId: 'held-up', keepAliveSeconds: 600 })
    await eventually(() => acme.got.at(-1)?.events.at(-1)?.userEndpointId === 'held-up', 'it hangs')
    const other = createClient({ url: server.url, token: await tokenOf('globex-backend') })
    await other.register({ userEndpointId: 'quick', keepAliveSeconds: 600 })
    await eventually(() => told(globex, 'quick').length === 1, 'the other is told', 3000)
  })

  it('are read again with the directory, and nothing is lost on the way', async () => {
    const moved = new WebhookReceiver()
    await moved.start()
    acme.behave = (response) => response.writeHead(503).end()
    await user.register({ userEndpointId: 'moved', keepAliveSeconds: 600 })
    await writeDirectory([hook(moved)], [hook(globex)])
    await eventually(() => told(moved, 'moved').length === 1, 'the new address is told', 20_000)
    await writeDirectory([hook(acme)], [hook(globex)])
    acme.behave = undefined
    await eventually(async () => {
      const { body } = await call('backend', '/webhooks')
      return body.webhooks[0].url === acme.url
    }, 'the old address is back')
    await moved.stop()
  })

  it('are looked after by their own organization and by SERVICE', async () => {
    assert.equal((await call('service', '/webhooks')).status, 400)
    assert.equal((await call('service', '/webhooks?organizationId=acme')).body.webhooks.length, 1)
    assert.equal((await call('service', '/webhooks?organizationId=__proto__')).status, 404)
    for (const path of ['/webhooks/nobody/deadLetters', '/webhooks/__proto__/deadLetters'])
      assert.equal((await call('backend', path)).status, 404, path)
    const dead = '/webhooks/hook/deadLetters'
    assert.deepEqual(await call('backend', dead), {
      status: 200,
      body: { deadLetters: [] },
      text: '{"deadLetters":[]}',
    })
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'cursor=x', 'cursor=-1', 'cursor=1&cursor=2'])
      assert.equal((await call('backend', `${dead}?${query}`)).status, 400, query)
    const json = { 'content-type': 'application/json' }
    const post = (body: string) => call('backend', `${dead}/replay`, { method: 'POST', headers: json, body })
    for (const body of ['[]', '7', '{"ids":"x"}', '{"ids":[1]}', '{"ids":{}}', '{'])
      assert.equal((await post(body)).status, 400, body)
    assert.deepEqual((await post('{"ids":["unknown"]}')).body, { count: 0 })
    assert.deepEqual((await call('backend', `${dead}/replay`, { method: 'POST' })).body, { count: 0 })
    assert.equal((await call('backend', dead, { method: 'DELETE' })).status, 204)
    assert.equal((await fetch(`${server.url}/rtc-api/webhooks`)).status, 401)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    assert.match(metrics, /rollcall_webhook_events_total\{outcome="delivered"\} [1-9]/)
    assert.match(metrics, /rollcall_feed_events \d/)
  })
})

describe('webhooks to private addresses', () => {
  it('are not sent where the configuration does not allow it', async () => {
    const data = await makeDataDir()
    const receiver = new WebhookReceiver()
    await receiver.start()
    const urls = [receiver.url, `https://127.0.0.1:${receiver.port}`, `http://localhost:${receiver.port}`]
    const webhooks = urls.map((url, index) => ({
      id: `hook-${index}`,
      url,
      secret: receiver.secret,
      events: ['*'],
    }))
    const file = join(data.path, 'directory.json')
    await writeFile(
      file,
      JSON.stringify({ organizations: [{ id: 'acme', webhooks }], clients: CLIENTS.slice(0, 2) }),
    )
    const server = await startProcess(data.path, { DIRECTORY_FILE: file })
    const grant = { type: 'client_credentials' } as const
    const { accessToken } = await requestToken({
      url: server.url,
      clientId: 'backend',
      clientSecret: 'acme-secret',
      grant,
    })
    await createClient({ url: server.url, token: accessToken }).register({ keepAliveSeconds: 600 })
    const headers = { authorization: `Bearer ${accessToken}`, connection: 'close' }
    await eventually(async () => {
      const answer = await fetch(`${server.url}/rtc-api/webhooks`, { headers })
      const { webhooks } = (await answer.json()) as { webhooks: { lastFailure?: string }[] }
      return webhooks.every(({ lastFailure }) => lastFailure === 'address_refused')
    }, 'all are refused')
    assert.equal(receiver.got.length, 0)
    await server.kill()
    await receiver.stop()
    await data.remove()
  })
})

describe('dead letters', () => {
  it('are listed, sent again once the receiver takes them, and dropped', {
    skip: ofOneProcess('begins with what it wrote into a data folder'),
  }, async () => {
    const data = await makeDataDir()
    const receiver = new WebhookReceiver()
    await receiver.start()
    const endpoints = [0, 1, 2].map((index) => ({ userId: 'alice', userEndpointId: `endpoint-${index}` }))
    await bury(data.path, { webhookId: 'hook', endpoints, failure: 'status_500' })
    const file = join(data.path, 'directory.json')
    const { url, secret } = receiver
    const webhooks = [{ id: 'hook', url, secret, events: ['UserEndpointRegisteredEvent'] }]
    await writeFile(
      file,
      JSON.stringify({ organizations: [{ id: 'acme', webhooks }], clients: CLIENTS.slice(0, 2) }),
    )
    const server = await startProcess(data.path, {
      DIRECTORY_FILE: file,
      WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.1',
    })
    const client = { url: server.url, clientId: 'backend', clientSecret: 'acme-secret' }
    const { accessToken } = await requestToken({ ...client, grant: { type: 'client_credentials' } })
    const call = (method: string, path = '', body?: object) =>
      fetch(`${server.url}/rtc-api/webhooks/hook/deadLetters${path}`, {
        method,
        headers: {
          authorization: `Bearer ${accessToken}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    const list = async (query = ''): Promise<Page> => (await (await call('GET', query)).json()) as Page

    const first = await list('?limit=2')
    assert.deepEqual(
      first.deadLetters.map(({ event, failure }) => [event.userEndpointId, failure]),
      [
        ['endpoint-0', 'status_500'],
        ['endpoint-1', 'status_500'],
      ],
    )
    const rest = await list(`?limit=2&cursor=${first.nextCursor}`)
    assert.deepEqual([rest.deadLetters.length, rest.nextCursor], [1, undefined])

    receiver.behave = (response) => response.writeHead(503).end()
    assert.equal((await call('POST', '/replay')).status, 202)
    await eventually(() => receiver.got.length > 0, 'they are tried')
    assert.equal((await list()).deadLetters.length, 3)
    receiver.behave = undefined
    const { event } = first.deadLetters[1] ?? assert.fail()
    assert.deepEqual(await (await call('POST', '/replay', { ids: [event.id] })).json(), { count: 1 })
    await eventually(async () => (await list()).deadLetters.length === 2, 'one was taken')
    assert.deepEqual(receiver.taken, [event])
    assert.equal((await call('DELETE')).status, 204)
    assert.deepEqual(await list(), { deadLetters: [] })
    await server.kill()
    await receiver.stop()
    await data.remove()
  })
})

type Page = {
  readonly deadLetters: readonly { readonly event: LifecycleEvent; readonly failure: string }[]
  readonly nextCursor?: string
}

/** Each event once, where it was delivered more often. */
function distinct(events: readonly LifecycleEvent[]): readonly LifecycleEvent[] {
  return [...new Map(events.map((event) => [event.id, event])).values()]
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0))
}
