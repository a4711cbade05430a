import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { after, afterEach, before, describe, it } from 'node:test'
import {
  type ConnectOptions,
  connect,
  createBackend,
  createClient,
  type Event,
  type Registration,
  RollcallError,
  SdkError,
  type State,
  TokenError,
  tokenSource,
} from '@rollcall/client/client'
import WebSocket from 'ws'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

/** A user of the demo directory. */
function userToken(url: string, username: string) {
  return tokenSource({
    url,
    clientId: 'customer',
    grant: { type: 'password', username, password: `${username}-password` },
  })
}

function acme(url: string) {
  return createBackend({ url, credentials: { clientId: 'acme-backend', clientSecret: 'acme-secret' } })
}

/** Where nobody listens. */
async function freeAddress(): Promise<string> {
  const placeholder = createServer().listen(0, '127.0.0.1')
  await once(placeholder, 'listening')
  const address = placeholder.address()
  placeholder.close()
  assert.ok(typeof address === 'object')
  return `http://127.0.0.1:${address?.port}`
}

const OFFER = { type: 'CallOfferedEvent' }

describe('the SDK and a real server', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  const open: Registration[] = []

  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path)
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((registration) => registration.close()))
  })

  /** A registration of alice's, and what it told. */
  function reachable(options: Partial<ConnectOptions> = {}) {
    const events: Event[] = []
    const errors: SdkError[] = []
    const states: State[] = []
    const registration = connect({
      url: server.url,
      getToken: userToken(server.url, 'alice'),
      WebSocket,
      backoffFirstMs: 20,
      backoffMaxMs: 200,
      onEvent: (event) => void events.push(event),
      onError: (error) => void errors.push(error),
      ...options,
    })
    registration.onState((state) => void states.push(state))
    open.push(registration)
    return { registration, events, errors, states }
  }

  it('is reachable until it is closed, and unregisters then', async () => {
    const { registration, events, states } = reachable({ userEndpointId: 'alices-tab' })
    await registration.online()
    const receipt = await acme(server.url).send(
      { userId: 'alice', qos: 1, event: OFFER },
      { waitSeconds: 10 },
    )
    assert.deepEqual(receipt, { count: 1, eventId: events[0]?.id, acknowledged: 1, connected: 1 })
    await registration.close({ reason: 'logout' })
    assert.deepEqual(
      states.map(({ status, reason }) => [status, reason]),
      [
        ['online', 'subscribed'],
        ['closed', 'closed_by_app'],
      ],
    )
    assert.deepEqual(
      await acme(server.url)
        .send({ userId: 'alice', event: OFFER })
        .then(({ count }) => count),
      0,
    )
  })

  it('speaks MQTT 3.1.1 too', async () => {
    const { registration, events } = reachable({ mqttVersion: 4 })
    await registration.online()
    await acme(server.url).send({ userId: 'alice', qos: 1, event: OFFER }, { waitSeconds: 10 })
    assert.equal(events.length, 1)
  })

  it('keeps itself alive for longer than its period', async () => {
    const { registration, states } = reachable({ keepAliveSeconds: 1 })
    await registration.online()
    const token = await userToken(server.url, 'alice')({ signal: AbortSignal.timeout(5000), refused: false })
    const client = createClient({ url: server.url, token })
    const [first] = await client.endpoints()
    await eventually(async () => {
      const [now] = await client.endpoints()
      return Date.parse(now?.lastKeepAliveAt ?? '') - Date.parse(first?.registeredAt ?? '') > 1500
    }, 'it outlived its period')
    assert.deepEqual(
      states.map(({ status }) => status),
      ['online'],
    )
  })

  it('answers reminders where timers are slow', async () => {
    const late = { cancel: () => undefined }
    const clock = {
      wallMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      // What is due within the period never comes, as in a hidden tab.
      after: (delayMs: number, run: () => void) => {
        if (delayMs === 500) return late
        const timer = setTimeout(run, delayMs)
        return { cancel: () => clearTimeout(timer) }
      },
    }
    const { registration, events, states } = reachable({ keepAliveSeconds: 1, clock })
    await registration.online()
    const token = await userToken(server.url, 'alice')({ signal: AbortSignal.timeout(5000), refused: false })
    const client = createClient({ url: server.url, token })
    await eventually(async () => {
      const [now] = await client.endpoints()
      return Date.parse(now?.lastKeepAliveAt ?? '') - Date.parse(now?.registeredAt ?? '') > 1500
    }, 'reminders kept it alive')
    assert.deepEqual([states.map(({ status }) => status), events], [['online'], []])
  })

  it('registers again after it has expired, with the same id', async () => {
    const { registration, states, events } = reachable({ userEndpointId: 'forgetful', keepAliveSeconds: 60 })
    await registration.online()
    const token = await userToken(server.url, 'alice')({ signal: AbortSignal.timeout(5000), refused: false })
    await createClient({ url: server.url, token }).unregister('forgetful')
    await eventually(() => states.filter(({ status }) => status === 'online').length === 2, 'it is back')
    assert.ok(states.some(({ status, reason }) => status === 'expired' && reason === 'registration_ended'))
    await acme(server.url).send({ userId: 'alice', qos: 1, event: OFFER }, { waitSeconds: 10 })
    assert.equal(events.length, 1)
  })

  it('hands an event out once, and acknowledges it only after its handler', async () => {
    let finish = (): void => undefined
    const calls: string[] = []
    const { registration } = reachable({
      onEvent: async (event) => {
        calls.push(event.id)
        await new Promise<void>((resolve) => {
          finish = resolve
        })
      },
    })
    await registration.online()
    const first = await acme(server.url).send(
      { userId: 'alice', qos: 1, event: { ...OFFER, id: 'slow' } },
      { waitSeconds: 1 },
    )
    assert.equal(first.acknowledged, 0)
    // The same id again: not a new event for whoever had it.
    const again = acme(server.url).send(
      { userId: 'alice', qos: 1, event: { ...OFFER, id: 'slow' } },
      { waitSeconds: 10 },
    )
    finish()
    assert.equal((await again).acknowledged, 1)
    assert.deepEqual(calls, ['slow'])
  })

  it('loses nothing to a handler that throws or never settles', async () => {
    const seen: string[] = []
    const { registration, errors } = reachable({
      handlerTimeoutMs: 200,
      handlerAttemptsMax: 2,
      onEvent: async (event, { attempt }) => {
        seen.push(`${event.id} ${attempt}`)
        if (event.id === 'throws' && attempt === 1) throw new Error('not now')
        if (event.id === 'hangs') await new Promise(() => undefined)
      },
    })
    await registration.online()
    const backend = acme(server.url)
    for (const id of ['throws', 'hangs', 'last'])
      await backend.send({ userId: 'alice', qos: 1, event: { ...OFFER, id } })
    await eventually(() => seen.includes('last 1'), 'the next one has its turn')
    assert.deepEqual(seen, ['throws 1', 'throws 2', 'hangs 1', 'last 1'])
    assert.deepEqual(
      errors.map(({ code, eventId }) => [code, eventId]),
      [
        ['handler_failed', 'throws'],
        ['handler_timeout', 'hangs'],
      ],
    )
    // What was not acknowledged waits for the next connection.
    await eventually(async () => {
      const { endpoints } = await backend.history.find('last')
      return endpoints[0]?.outcome === 'acknowledged'
    }, 'acknowledged')
    assert.equal((await backend.history.find('hangs')).endpoints[0]?.outcome, 'sent')
  })

  it('asks for another token when one is refused, and says so when none is any good', async () => {
    const good = userToken(server.url, 'alice')
    const refused: boolean[] = []
    const { registration, states } = reachable({
      getToken: (context) => {
        refused.push(context.refused)
        return context.refused ? good({ ...context, refused: false }) : 'no.token.atall'
      },
    })
    await registration.online()
    assert.deepEqual(refused.slice(0, 2), [false, true])
    assert.deepEqual(states.map(({ status, reason }) => [status, reason])[0], [
      'reconnecting',
      'unauthorized',
    ])

    const hopeless = reachable({ getToken: () => 'no.token.atall' })
    await assert.rejects(hopeless.registration.online(), { code: 'unauthorized' })
    assert.equal(hopeless.registration.state.reason, 'unauthorized')
  })

  it('says that credentials are wrong', async () => {
    const getToken = tokenSource({
      url: server.url,
      clientId: 'customer',
      grant: { type: 'password', username: 'alice', password: 'wrong' },
    })
    const { registration } = reachable({ getToken })
    await assert.rejects(registration.online(), (error) => {
      assert.ok(error instanceof TokenError)
      assert.equal(error.code, 'invalid_grant')
      return true
    })
    const backend = createBackend({
      url: server.url,
      credentials: { clientId: 'acme-backend', clientSecret: 'no' },
    })
    await assert.rejects(backend.send({ userId: 'alice', event: OFFER }), { code: 'invalid_client' })
  })

  it('says that nobody is at the address, or somebody else', async () => {
    const getToken = () => 'a.b.c'
    const nobody = reachable({ url: await freeAddress(), getToken })
    await assert.rejects(nobody.registration.online({ signal: AbortSignal.timeout(300) }), (error) => {
      assert.ok(error instanceof SdkError)
      assert.equal(error.code, 'aborted')
      assert.match(error.message, /http:\/\/127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/)
      return true
    })
    assert.equal(nobody.registration.state.status, 'reconnecting')
    const other = reachable({
      getToken,
      fetch: async () => new Response('<html>', { status: 404 }),
    })
    await assert.rejects(other.registration.online(), { code: 'wrong_server' })
    assert.throws(() => reachable({ url: 'rollcall.example.com' }), { code: 'invalid_option' })
  })

  it('stops at once when aborted', async () => {
    const controller = new AbortController()
    const { registration, states } = reachable({ signal: controller.signal, userEndpointId: 'aborted-tab' })
    await registration.online()
    controller.abort()
    assert.equal(registration.state.status, 'closed')
    assert.equal(states.at(-1)?.reason, 'aborted')
    const told = []
    for await (const { status } of registration.states()) told.push(status)
    assert.deepEqual(told, ['closed'])
  })

  it('gives way to whoever takes its endpoint over', async () => {
    const first = reachable({ userEndpointId: 'contested' })
    await first.registration.online()
    const second = reachable({ userEndpointId: 'contested' })
    await second.registration.online()
    await eventually(() => first.registration.state.status === 'closed', 'the first is closed')
    assert.equal(first.registration.state.reason, 'taken_over')
  })

  it('follows the history', async () => {
    const backend = acme(server.url)
    const controller = new AbortController()
    const outcomes: (string | undefined)[] = []
    const following = (async () => {
      const options = { signal: controller.signal, intervalMs: 100 }
      for await (const record of backend.history.follow({ type: 'LineFollowedEvent' }, options))
        outcomes.push(record.endpoints[0]?.outcome)
    })()
    const { registration } = reachable({ getToken: userToken(server.url, 'bob') })
    await registration.online()
    await backend.send({ userId: 'bob', qos: 1, event: { type: 'LineFollowedEvent' } }, { waitSeconds: 10 })
    await eventually(() => outcomes.includes('acknowledged'), 'told')
    controller.abort()
    await following
    const all = []
    for await (const record of backend.history.all({ userId: 'alice', limit: 2 })) all.push(record.id)
    assert.ok(all.length > 4)
    await assert.rejects(backend.history.find('nobody-sent-this'), (error) => {
      assert.ok(error instanceof RollcallError)
      return error.code === 'not_found'
    })
  })
})

describe('the SDK and a server that comes and goes', () => {
  it('comes back after a restart with a token that has ended meanwhile, and gets what waited', async (t) => {
    const data = await makeDataDir()
    t.after(() => data.remove())
    let server = await startProcess(data.path, { ACCESS_TOKEN_TTL_SECONDS: '2' })
    t.after(() => server.kill())
    const { url, port } = server
    const source = userToken(url, 'bob')
    const tokens = new Set<string>()
    const events: Event[] = []
    const states: State[] = []
    const registration = connect({
      url,
      WebSocket,
      keepAliveSeconds: 60,
      backoffFirstMs: 50,
      backoffMaxMs: 500,
      getToken: async (context) => {
        const token = await source(context)
        tokens.add(token)
        return token
      },
      onEvent: (event) => void events.push(event),
      onError: () => undefined,
    })
    t.after(() => registration.close())
    registration.onState((state) => void states.push(state))
    await registration.online()
    const before = states.length

    await server.kill()
    await eventually(() => states.length > before, 'it has noticed')
    server = await startProcess(data.path, { ACCESS_TOKEN_TTL_SECONDS: '2', PORT: String(port) })
    await acme(url).send({ userId: 'bob', qos: 1, event: OFFER })
    await eventually(() => events.length === 1, 'the event that waited')
    assert.equal(registration.state.status, 'online')

    // Two seconds on, its authorization is over: it comes back with a new token.
    await eventually(
      () => tokens.size >= 3 && registration.state.status === 'online',
      'a newer token',
      15_000,
    )
    await acme(url).send({ userId: 'bob', qos: 1, event: OFFER }, { waitSeconds: 10 })
    assert.equal(events.length, 2)
  })
})
