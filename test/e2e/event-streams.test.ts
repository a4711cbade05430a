import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import {
  type ConnectOptions,
  connect,
  type Event,
  SdkError,
  type Token,
  type WebSocketConstructor,
} from '@rollcall/client/client'
import { WebSocket } from 'ws'
import { Acme } from '../helpers/acme.ts'
import { call } from '../helpers/call.ts'
import { backend, offer, signIn } from '../helpers/demo.ts'
import { registerDevice } from '../helpers/device.ts'
import { eventsOf, openStream, type StreamReader } from '../helpers/event-stream.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const numbersOf = (reader: StreamReader): readonly unknown[] =>
  eventsOf(reader).map(({ data }) => JSON.parse(data).n)

describe('event streams of a server', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let bob: Token
  let acme: Acme
  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path)
    bob = await signIn(server.url, 'bob')
    acme = new Acme(server.url)
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  const open = async (userEndpointId: string, headers = {}): Promise<StreamReader> => {
    const reader = await openStream(server.url, { token: bob.accessToken, userEndpointId, headers })
    assert.equal(reader.status, 200, reader.text)
    await reader.until(({ messages }) => messages[0])
    return reader
  }
  const acknowledge = async (
    userEndpointId: string,
    ids: readonly (string | undefined)[],
  ): Promise<unknown> => {
    const path = `POST users/endpoints/${userEndpointId}/events/acknowledge`
    return (await call(server.url, bob.accessToken, path, { ids })).json
  }

  it('give what waited, in order, again until it is acknowledged, and then never more', async (t) => {
    await registerDevice(t, server.url, 'bob', 'streaming')
    const sent = await Promise.all([1, 2, 3].map((n) => acme.ring('streaming', { n })))
    const first = await open('streaming')
    await first.until((reader) => eventsOf(reader).length === 3)
    const ids = eventsOf(first).map(({ id }) => id)
    assert.deepEqual(await acknowledge('streaming', ids.slice(0, 1)), { acknowledged: 1 })
    first.destroy()
    // Sent at once, they are there in any order.
    await acme.acknowledged(JSON.parse(eventsOf(first)[0]?.data ?? '').id)
    const second = await open('streaming')
    await second.until((reader) => eventsOf(reader).length === 2)
    assert.deepEqual(
      eventsOf(second).map(({ id }) => id),
      ids.slice(1),
      'under the same ids',
    )
    assert.deepEqual(numbersOf(second), numbersOf(first).slice(1))
    second.destroy()
    const resumed = await open('streaming', { 'last-event-id': ids[1] })
    await resumed.until((reader) => eventsOf(reader).length === 1)
    assert.deepEqual(
      eventsOf(resumed).map(({ id }) => id),
      ids.slice(2),
    )
    assert.deepEqual(await acknowledge('streaming', ids), { acknowledged: 2 })
    for (const { eventId } of sent) await acme.acknowledged(eventId)
    resumed.destroy()
  })

  it('are the one link of their endpoint, whichever way it is reached', async (t) => {
    const device = await registerDevice(t, server.url, 'bob', 'both')
    const phone = await device.connect({ protocolVersion: 5 })
    const reader = await open('both')
    await eventually(() => !phone.client.connected, 'the phone is taken over')
    const { eventId } = await acme.ring('both', { n: 1 })
    const [event] = await reader.until((one) => eventsOf(one).length === 1 && eventsOf(one))
    const shown = await call(server.url, (await signInAsBackend()).accessToken, 'GET users/bob/endpoints')
    const link = JSON.parse(shown.text).find(({ id }: { id: string }) => id === 'both').link
    assert.deepEqual([link.protocol, link.transport], ['SSE', 'http'])
    const back = await device.connect({ protocolVersion: 5 })
    const closed = await reader.until(({ messages }) => messages.find(({ name }) => name === 'closed'))
    assert.equal(closed.data, '{"reason":"taken_over"}')
    await eventually(() => back.received.length === 1, 'what was not acknowledged comes again')
    assert.equal(back.received[0]?.event['id'], eventId)
    assert.equal(JSON.parse(event?.data ?? '').id, eventId)
  })

  it('end with their registration, their authorization and the server', async (t) => {
    const device = await registerDevice(t, server.url, 'bob', 'ending')
    const first = await open('ending')
    await device.unregister()
    const closed = await first.until(({ messages }) => messages.find(({ name }) => name === 'closed'))
    assert.equal(closed.data, '{"reason":"endpoint_unregistered"}')
    const alice = await signIn(server.url, 'alice')
    await call(server.url, alice.accessToken, 'POST users/endpoints/register', {
      userEndpointId: 'a',
      keepAliveSeconds: 60,
    })
    const reader = await openStream(server.url, { token: alice.accessToken, userEndpointId: 'a' })
    await reader.until(({ messages }) => messages[0])
    const form = new URLSearchParams({ token: alice.accessToken, client_id: 'customer' })
    assert.equal(
      (await fetch(`${server.url}/security/oauth/revoke`, { method: 'POST', body: form })).status,
      200,
    )
    const ended = await reader.until(({ messages }) => messages.find(({ name }) => name === 'closed'))
    assert.equal(ended.data, '{"reason":"authorization_ended"}')
  })

  it('are refused to whoever is somebody else, of the same and of another organization', async (t) => {
    await registerDevice(t, server.url, 'bob', 'bobs-own')
    const { eventId } = await acme.ring('bobs-own', { n: 1 })
    const reader = await open('bobs-own')
    const [event] = await reader.until((one) => eventsOf(one).length === 1 && eventsOf(one))
    for (const name of ['alice', 'carol']) {
      const { accessToken: token } = await signIn(server.url, name)
      const refused = await openStream(server.url, { token, userEndpointId: 'bobs-own' })
      assert.equal(refused.status, 400, name)
      const path = 'POST users/endpoints/bobs-own/events/acknowledge'
      const answer = await call(server.url, token, path, { ids: [event?.id] })
      assert.deepEqual(
        [answer.status, Reflect.get(Object(answer.json), 'error')],
        [400, 'endpoint_unknown'],
        name,
      )
    }
    assert.equal(await acme.outcome(eventId), 'sent')
    assert.equal(reader.hasEnded, false)
    reader.destroy()
  })

  it('lose nothing where the server is killed, and say so where it stops', async (t) => {
    await registerDevice(t, server.url, 'bob', 'survivor')
    const reader = await open('survivor')
    for (let n = 0; n < 20; n++) await acme.ring('survivor', { n })
    await reader.until((one) => eventsOf(one).length === 20)
    const ids = eventsOf(reader).map(({ id }) => id)
    await server.kill()
    server = await startProcess(data.path, { PORT: String(server.port) })
    const again = await open('survivor')
    await again.until((one) => eventsOf(one).length === 20)
    assert.deepEqual(
      eventsOf(again).map(({ id }) => id),
      ids,
    )
    assert.deepEqual(await acknowledge('survivor', ids), { acknowledged: 20 })
    assert.equal(await server.terminate(), 0)
    const closed = await again.until(({ messages }) => messages.find(({ name }) => name === 'closed'))
    assert.equal(closed.data, '{"reason":"server_draining"}')
    server = await startProcess(data.path, { PORT: String(server.port) })
    acme = new Acme(server.url)
    const none = await open('survivor')
    await acme.ring('survivor', { n: 'after' })
    await none.until((one) => eventsOf(one).length > 0)
    assert.deepEqual(numbersOf(none), ['after'])
    none.destroy()
  })

  async function signInAsBackend(): Promise<{ readonly accessToken: string }> {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'acme-backend',
      client_secret: 'acme-secret',
    })
    const answer = await fetch(`${server.url}/security/oauth/token`, { method: 'POST', body: form })
    return { accessToken: JSON.parse(await answer.text()).access_token }
  }

  /** A WebSocket that a network lets through or not. */
  function gate() {
    const state = { isOpen: false, tried: 0 }
    class Gated extends WebSocket {
      constructor(url: string, protocol: string) {
        state.tried++
        super(state.isOpen ? url : url.replace('/ws', '/nothing'), protocol)
      }
    }
    return { state, WebSocket: Gated as unknown as WebSocketConstructor }
  }

  async function app(t: TestContext, userEndpointId: string, options: Partial<ConnectOptions>) {
    const events: Event[] = []
    let wakeUp = (): void => undefined
    const registration = connect({
      url: server.url,
      getToken: () => bob.accessToken,
      userEndpointId,
      onEvent: (event) => void events.push(event),
      onError: (error) => assert.ok(error instanceof SdkError),
      wake: (run) => {
        wakeUp = run
        return () => undefined
      },
      ...options,
    })
    t.after(() => registration.close())
    await registration.online({ signal: AbortSignal.timeout(20_000) })
    return { registration, events, wakeUp: () => wakeUp() }
  }

  it('serve the SDK where WebSocket does not get through, and it goes back when it does', async (t) => {
    const { state, WebSocket: Gated } = gate()
    const { registration, events, wakeUp } = await app(t, 'sdk', { WebSocket: Gated })
    assert.equal(registration.transport, 'stream')
    const sender = await backend(server.url, 'acme-backend')
    for (let n = 0; n < 100; n++)
      await sender.sendEvent(offer('bob', { userEndpointId: 'sdk', qos: 1 }, { n }))
    await eventually(() => events.length === 100, 'more than a window of events arrives')
    const { eventId } = await acme.ring('sdk', { n: 100 })
    await acme.acknowledged(eventId)
    state.isOpen = true
    const states: string[] = []
    registration.onState(({ status }) => void states.push(status))
    await eventually(() => {
      wakeUp()
      return registration.transport === 'websocket'
    }, 'it goes back')
    await acme.acknowledged((await acme.ring('sdk', { n: 101 })).eventId)
    assert.deepEqual(states, [], 'nobody was offline')
    assert.deepEqual(
      events.map(({ ['n']: n }) => n),
      Array.from({ length: 102 }, (_, n) => n),
    )
  })

  it('serve two apps of one user at a time', async (t) => {
    const [one, two] = await Promise.all([
      app(t, 'tab-1', { transport: 'stream' }),
      app(t, 'tab-2', { transport: 'stream' }),
    ])
    const sender = await backend(server.url, 'acme-backend')
    const { count } = await sender.sendEvent(offer('bob', { qos: 1 }, { n: 'for both' }))
    assert.ok(count >= 2)
    await eventually(() => one.events.length === 1 && two.events.length === 1, 'both have it')
  })
})
