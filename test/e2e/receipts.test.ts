import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient, type RollcallClient, type Token } from '@rollcall/client/client'
import type { Packet } from 'mqtt'
import { backend, offer, signIn, tokenOf } from '../helpers/demo.ts'
import { connectPhone, type Phone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { ofOneProcess } from '../helpers/several-nodes.ts'

const CANCELLED = { type: 'CallCancelledEvent', timestamp: '2026-01-01T00:00:00Z' }

let server: ServerProcess
let data: Awaited<ReturnType<typeof makeDataDir>>
let bob: Token
let acme: RollcallClient
let acmeToken: string

before(async () => {
  data = await makeDataDir()
  server = await startProcess(data.path, { RECEIPT_WAITERS_MAX: '5' })
  bob = await signIn(server.url, 'bob')
  acme = await backend(server.url, 'acme-backend')
  acmeToken = await tokenOf(server.url, 'acme-backend')
})
after(async () => {
  await server.kill()
  await data.remove()
})

function register(userEndpointId: string): Promise<string> {
  return createClient({ url: server.url, token: bob.accessToken }).register({
    userEndpointId,
    keepAliveSeconds: 600,
  })
}

/** Only what a test registered is there for the next. */
async function unregisterAll(): Promise<void> {
  const own = createClient({ url: server.url, token: bob.accessToken })
  for (const { id } of await own.endpoints()) await own.unregister(id)
}

/** A phone that acknowledges only when told to. */
type Deaf = Phone & { acknowledgeAll(): void }

/** A real client whose acknowledgements are kept back. MQTT.js has no way of its own to do so and go on receiving. */
async function connectDeaf(userEndpointId: string): Promise<Deaf> {
  const phone = await connectPhone(server.url, 'bob', bob.accessToken)
  const { client } = phone
  const waiting: (() => void)[] = []
  const send: (...all: unknown[]) => void = Reflect.get(client, '_sendPacket').bind(client)
  Reflect.set(client, '_sendPacket', (packet: Packet, done?: () => void, ...rest: unknown[]) => {
    if (packet.cmd !== 'puback') return send(packet, done, ...rest)
    waiting.push(() => send(packet))
    done?.()
  })
  await phone.subscribe(`users/endpoints/${userEndpointId}`)
  return {
    ...phone,
    acknowledgeAll() {
      for (const acknowledge of waiting.splice(0)) acknowledge()
    },
  }
}

async function connect(userEndpointId: string): Promise<Phone> {
  const phone = await connectPhone(server.url, 'bob', bob.accessToken)
  await phone.subscribe(`users/endpoints/${userEndpointId}`)
  return phone
}

function types(phone: Phone): readonly unknown[] {
  return phone.received.map(({ event }) => event['type'])
}

function numbers(phone: Phone): readonly unknown[] {
  return phone.received.map(({ event }) => event['n'])
}

type Told = { count: number; acknowledged: string | null; connected: string | null; applied: string | null }

async function sendAndWait(
  seconds: number,
  command: object,
  { key, signal }: { key?: string; signal?: AbortSignal } = {},
): Promise<Told & { elapsedMs: number; status: number }> {
  const startedAtMs = performance.now()
  const response = await fetch(`${server.url}/rtc-api/users/endpoints/sendEvent`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${acmeToken}`,
      'content-type': 'application/json',
      prefer: `wait=${seconds}`,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body: JSON.stringify(command),
    ...(signal === undefined ? {} : { signal }),
  })
  const text = await response.text()
  return {
    status: response.status,
    count: Number(text),
    acknowledged: response.headers.get('acknowledged'),
    connected: response.headers.get('connected'),
    applied: response.headers.get('preference-applied'),
    elapsedMs: performance.now() - startedAtMs,
  }
}

describe('an event with a lifetime', () => {
  it('is never delivered late, and is recorded as expired', async () => {
    await unregisterAll()
    await register('away')
    const { eventId } = await acme.sendEvent(offer('bob', { qos: 1, ttlSeconds: 1 }, { n: 'late' }))
    await acme.sendEvent(offer('bob', { qos: 1, ttlSeconds: 60 }, { n: 'in time' }))
    await acme.sendEvent(offer('bob', { qos: 1 }, { n: 'at any time' }))
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const phone = await connect('away')
    await eventually(() => phone.received.length >= 2, 'what is in time arrives')
    assert.deepEqual(numbers(phone), ['in time', 'at any time'])
    await eventually(async () => (await outcomesOf(eventId))['away'] === 'expired', 'it is recorded')
    await phone.end()
  })

  it('ends also while the server is down', async () => {
    await unregisterAll()
    await register('away')
    await acme.sendEvent(offer('bob', { qos: 1, ttlSeconds: 1 }, { n: 'late' }))
    await acme.sendEvent(offer('bob', { qos: 1 }, { n: 'kept' }))
    await server.kill()
    await new Promise((resolve) => setTimeout(resolve, 1000))
    await restart()
    const phone = await connect('away')
    await eventually(() => phone.received.length >= 1, 'what is kept arrives')
    assert.deepEqual(numbers(phone), ['kept'])
    await phone.end()
  })

  it('must end ahead', async () => {
    const command = offer('bob', { qos: 1, expiresAt: '2020-01-01T00:00:00Z' })
    await assert.rejects(acme.sendEvent(command), { code: 'invalid_request' })
  })
})

describe('an event with a collapse key', () => {
  it('takes the place of the unsent one, not of one that is in flight', async () => {
    await unregisterAll()
    await register('away')
    await register('deaf')
    const deaf = await connectDeaf('deaf')
    for (const n of [1, 2, 3])
      await acme.sendEvent(offer('bob', { qos: 1, ...(n === 2 ? {} : { collapseKey: 'k' }) }, { n }))
    await eventually(() => deaf.received.length === 3, 'all three are in flight')
    const away = await connect('away')
    await eventually(() => away.received.length >= 2, 'the newest arrives')
    assert.deepEqual(numbers(away), [2, 3])
    deaf.acknowledgeAll()
    await Promise.all([deaf.end(), away.end()])
  })
})

describe('cancelOthers on the acknowledgement', () => {
  const ring = () => offer('bob', { qos: 1, cancelOthers: { on: 'acknowledged', event: CANCELLED } })

  it('tells the others, once, when the first acknowledges', async () => {
    await unregisterAll()
    for (const id of ['answers', 'rings', 'away']) await register(id)
    const [answers, rings] = await Promise.all([connectDeaf('answers'), connectDeaf('rings')])
    const { eventId } = await acme.sendEvent(ring())
    await eventually(() => answers.received.length + rings.received.length === 2, 'both ring')
    answers.acknowledgeAll()
    await eventually(() => rings.received.length === 2, 'the other hears of it')
    assert.deepEqual(types(rings), ['CallOfferedEvent', 'CallCancelledEvent'])
    rings.acknowledgeAll()
    const away = await connect('away')
    await eventually(() => away.received.length > 0, 'the one that was away hears of it')
    await acme.sendEvent(offer('bob', { qos: 1 }, { n: 'after' }))
    await eventually(() => [answers, rings, away].every(hasLast), 'whatever comes has come')
    assert.deepEqual(types(away), ['CallCancelledEvent', 'CallOfferedEvent'])
    assert.deepEqual(types(rings), ['CallOfferedEvent', 'CallCancelledEvent', 'CallOfferedEvent'])
    assert.deepEqual(types(answers), ['CallOfferedEvent', 'CallOfferedEvent'])
    await eventually(async () => (await outcomesOf(eventId))['rings'] === 'acknowledged', 'noted')
    assert.deepEqual(await outcomesOf(eventId), {
      answers: 'acknowledged',
      rings: 'acknowledged',
      away: 'discarded',
    })
    await Promise.all([answers.end(), rings.end(), away.end()])
  })

  it('happens exactly once over kill -9, whenever it comes', async () => {
    await unregisterAll()
    for (const id of ['answers', 'rings']) await register(id)
    for (const pauseMs of [0, 2, 5, 20, 300]) {
      const answers = await connectDeaf('answers')
      await acme.sendEvent(ring())
      await eventually(() => answers.received.length >= 1, 'it rings')
      answers.acknowledgeAll()
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      await server.kill()
      await answers.end()
      await restart()
      // Where the acknowledgement was lost, it rings again and is acknowledged again.
      const again = await connect('answers')
      const rings = await connect('rings')
      await acme.sendEvent(offer('bob', { qos: 1 }, { n: 'after' }))
      await eventually(() => [again, rings].every(hasLast), 'whatever comes has come')
      await eventually(() => types(rings).includes('CallCancelledEvent'), `cancelled after ${pauseMs} ms`)
      const ids = rings.received.filter(({ event }) => event['type'] === CANCELLED.type)
      assert.equal(ids.length, 1, `once after ${pauseMs} ms`)
      assert.ok(!types(again).includes('CallCancelledEvent'))
      await Promise.all([again.end(), rings.end()])
      await eventually(async () => (await waitingEvents()) === 0, 'all is acknowledged')
    }
  })
})

describe('Prefer: wait', () => {
  it('says at once that nothing is connected', async () => {
    await unregisterAll()
    await register('away')
    const { elapsedMs, ...told } = await sendAndWait(20, offer('bob', { qos: 1 }))
    assert.deepEqual(told, { status: 200, count: 1, acknowledged: '0', connected: '0', applied: 'wait=20' })
    assert.ok(elapsedMs >= 490 && elapsedMs < 10_000, `${elapsedMs} ms`)
  })

  it('answers as soon as all have acknowledged', async () => {
    await unregisterAll()
    for (const id of ['a', 'b']) await register(id)
    const phones = await Promise.all([connect('a'), connect('b')])
    const { elapsedMs, ...told } = await sendAndWait(20, offer('bob', { qos: 1 }))
    assert.deepEqual(told, { status: 200, count: 2, acknowledged: '2', connected: '2', applied: 'wait=20' })
    assert.ok(elapsedMs < 5000, `${elapsedMs} ms`)
    await Promise.all(phones.map((phone) => phone.end()))
  })

  it('waits its time for those who are not there, and tells how many acknowledged', async () => {
    await unregisterAll()
    for (const id of ['there', 'away']) await register(id)
    const phone = await connect('there')
    const { elapsedMs, ...told } = await sendAndWait(1, offer('bob', { qos: 1 }))
    assert.deepEqual(told, { status: 200, count: 2, acknowledged: '1', connected: '1', applied: 'wait=1' })
    assert.ok(elapsedMs >= 990, `${elapsedMs} ms`)
    await phone.end()
  })

  it('counts one that comes meanwhile, and does not wait for one that ended', async () => {
    await unregisterAll()
    for (const id of ['comes', 'ends', 'expires']) await register(id)
    const waiting = sendAndWait(20, offer('bob', { qos: 1, graceMs: 20_000 }))
    await eventually(async () => (await waitingEvents()) === 3, 'it is accepted')
    const phone = await connect('comes')
    await eventually(() => phone.received.length === 1, 'it arrives')
    const own = createClient({ url: server.url, token: bob.accessToken })
    await Promise.all([own.unregister('ends'), own.unregister('expires')])
    const { elapsedMs, ...told } = await waiting
    assert.deepEqual(told, { status: 200, count: 3, acknowledged: '1', connected: '1', applied: 'wait=20' })
    assert.ok(elapsedMs < 10_000, `${elapsedMs} ms`)
    await phone.end()
  })

  it('does not wait for what expired', async () => {
    await unregisterAll()
    await register('away')
    const { elapsedMs, ...told } = await sendAndWait(
      20,
      offer('bob', { qos: 1, ttlSeconds: 1, graceMs: 20_000 }),
    )
    assert.deepEqual(told, { status: 200, count: 1, acknowledged: '0', connected: '0', applied: 'wait=20' })
    assert.ok(elapsedMs >= 990 && elapsedMs < 10_000, `${elapsedMs} ms`)
  })

  it('is over at once at QoS 0, without endpoints, and for a repeated key', async () => {
    await unregisterAll()
    const none = await sendAndWait(20, offer('bob', { qos: 1 }))
    assert.deepEqual([none.count, none.acknowledged], [0, '0'])
    await register('a')
    const phone = await connect('a')
    const fast = await sendAndWait(20, offer('bob'))
    assert.deepEqual([fast.count, fast.acknowledged, fast.connected], [1, '0', '1'])
    const first = await sendAndWait(20, offer('bob', { qos: 1 }), { key: 'once' })
    assert.deepEqual([first.count, first.acknowledged], [1, '1'])
    const second = await sendAndWait(20, offer('bob', { qos: 1 }), { key: 'once' })
    assert.deepEqual([second.count, second.acknowledged, second.applied], [1, null, null])
    assert.ok([none, fast, second].every(({ elapsedMs }) => elapsedMs < 5000))
    await phone.end()
  })

  it('takes no more than it may, before anything is sent, and frees the places of those who leave', {
    skip: ofOneProcess('each has places of its own'),
  }, async () => {
    await unregisterAll()
    await register('away')
    const leaving = new AbortController()
    const waiting = Array.from({ length: 5 }, (_, n) =>
      sendAndWait(30, offer('bob', { qos: 1, graceMs: 30_000 }, { n }), { signal: leaving.signal }).catch(
        () => undefined,
      ),
    )
    await eventually(async () => (await waitingEvents()) === 5, 'all five wait')
    assert.equal((await sendAndWait(30, offer('bob', { qos: 1 }, { n: 'too many' }))).status, 503)
    assert.equal(await waitingEvents(), 5, 'it was not sent')
    leaving.abort()
    await Promise.all(waiting)
    await eventually(
      async () => (await sendAndWait(1, offer('bob', { qos: 1 }, { n: 'next' }))).status === 200,
      'there is room again',
    )
  })

  it('ends when the server stops', async () => {
    await unregisterAll()
    await register('away')
    const waiting = sendAndWait(30, offer('bob', { qos: 1, graceMs: 30_000 }))
    await eventually(async () => (await waitingEvents()) === 1, 'it waits')
    assert.equal(await server.terminate(), 0)
    const { elapsedMs, ...told } = await waiting
    assert.deepEqual(told, { status: 200, count: 1, acknowledged: '0', connected: '0', applied: 'wait=0' })
    assert.ok(elapsedMs < 10_000, `${elapsedMs} ms`)
    await restart()
  })
})

async function restart(): Promise<void> {
  server = await startProcess(data.path, { PORT: String(server.port), RECEIPT_WAITERS_MAX: '5' })
}

function hasLast(phone: Phone): boolean {
  return numbers(phone).includes('after')
}

/** What became of an event, by endpoint. */
async function outcomesOf(eventId: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.url}/rtc-api/events/${eventId}`, {
    headers: { authorization: `Bearer ${acmeToken}` },
  })
  const record: { endpoints?: { userEndpointId: string; outcome: string }[] } = JSON.parse(
    await response.text(),
  )
  return Object.fromEntries((record.endpoints ?? []).map((part) => [part.userEndpointId, part.outcome]))
}

async function waitingEvents(): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  return Number(/^rollcall_mailbox_events (\d+)/m.exec(metrics)?.[1])
}
