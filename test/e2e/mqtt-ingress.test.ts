import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@rollcall/client/client'
import type { IClientOptions, IClientPublishOptions, IPublishPacket, MqttClient, Packet } from 'mqtt'
import { offer, signIn, tokenOf } from '../helpers/demo.ts'
import { connectPhone, type Phone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const TOPIC = 'users/events'
const RESPONSES = 'users/events/responses/results'

describe('a backend over MQTT', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  const tokens = new Map<string, string>()
  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path)
    for (const user of ['alice', 'bob', 'carol']) {
      tokens.set(user, (await signIn(server.url, user)).accessToken)
      await register(user, 'phone')
    }
    for (const client of ['acme-backend', 'globex-backend', 'platform-service'])
      tokens.set(client, await tokenOf(server.url, client))
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  function register(user: string, userEndpointId: string): Promise<string> {
    const client = createClient({ url: server.url, token: tokens.get(user) ?? '' })
    return client.register({ userEndpointId, keepAliveSeconds: 600 })
  }

  function open(user: string, options: IClientOptions = {}): Promise<Phone> {
    return connectPhone(server.url, user, tokens.get(user) ?? '', options)
  }

  async function openPhone(user: string, id: string): Promise<Phone> {
    await register(user, id)
    const phone = await open(user)
    await phone.subscribe(`users/endpoints/${id}`)
    return phone
  }

  /** Publishes and resolves with the reason code of PUBACK, 0 where there is none; rejects where it says no. */
  async function publish(
    { client }: Pick<Phone, 'client'>,
    body: unknown,
    options: IClientPublishOptions = { qos: 1 },
  ): Promise<number> {
    const codes = new Map<unknown, number>()
    // MQTT.js tells only those that say no.
    const onPacket = (packet: Packet): void => {
      if (packet.cmd === 'puback') codes.set(packet.messageId, packet.reasonCode ?? 0)
    }
    client.on('packetreceive', onPacket)
    try {
      const packet = await client.publishAsync(TOPIC, JSON.stringify(body), options)
      return codes.get(packet?.messageId) ?? 0
    } finally {
      client.off('packetreceive', onPacket)
    }
  }

  for (const version of [4, 5] as const)
    it(`publishes what arrives, in order, and PUBACKs come in order: MQTT ${version}`, async () => {
      const id = `ordered-${version}`
      const phone = await openPhone('bob', id)
      const acme = await open('acme-backend', { protocolVersion: version })
      const sent: unknown[] = []
      const acknowledged: unknown[] = []
      acme.client.on(
        'packetsend',
        (packet: Packet) => packet.cmd === 'publish' && sent.push(packet.messageId),
      )
      acme.client.on(
        'packetreceive',
        (packet: Packet) => packet.cmd === 'puback' && acknowledged.push(packet.messageId),
      )
      const published = Array.from({ length: 300 }, (_, n) =>
        // Events of QoS 0 and none at all between them end sooner.
        publish(acme, offer(n % 3 === 2 ? 'nobody' : 'bob', { userEndpointId: id, qos: 1 }, { n })),
      )
      await Promise.all(published)
      assert.deepEqual(acknowledged, sent)
      await eventually(() => phone.received.length === 200, '200 events arrive')
      assert.deepEqual(
        phone.received.map(({ event }) => event['n']),
        Array.from({ length: 300 }, (_, n) => n).filter((n) => n % 3 !== 2),
      )
      await publish(acme, offer('bob', { userEndpointId: id }, { n: 'at most once' }), { qos: 0 })
      await eventually(() => phone.received.length === 201, 'the event of QoS 0 arrives')
      await acme.end()
      await phone.end()
    })

  it('has every event that was acknowledged, after kill -9', async () => {
    await register('bob', 'durable')
    const acme = await open('acme-backend', { protocolVersion: 5 })
    let acknowledged = 0
    const all = Array.from({ length: 500 }, (_, n) =>
      publish(acme, offer('bob', { userEndpointId: 'durable', qos: 1 }, { n })).then(
        () => acknowledged++,
        () => undefined,
      ),
    )
    await eventually(() => acknowledged > 100, '100 are acknowledged')
    await server.kill()
    const before = acknowledged
    acme.client.end(true)
    await Promise.race([Promise.all(all), new Promise((resolve) => setTimeout(resolve, 200))])
    server = await startProcess(data.path, { PORT: String(server.port) })
    const phone = await open('bob')
    await phone.subscribe('users/endpoints/durable')
    await eventually(() => phone.received.length >= before, 'all acknowledged ones arrive')
    assert.deepEqual(
      phone.received.slice(0, before).map(({ event }) => event['n']),
      Array.from({ length: before }, (_, n) => n),
    )
    await phone.end()
  })

  it('learns count and id, or the error, on its response topic', async () => {
    const acme = await open('acme-backend', { protocolVersion: 5 })
    const other = await open('globex-backend', { protocolVersion: 5 })
    for (const { subscribe } of [acme, other]) assert.deepEqual(await subscribe(RESPONSES), [0])
    const results = collect(acme.client)
    const ask = (body: unknown, n: number, qos: 0 | 1 = 1) => {
      const properties = { responseTopic: RESPONSES, correlationData: Buffer.from([n]) }
      return publish(acme, body, { qos, properties })
    }
    assert.equal(await ask(offer('bob', { userEndpointId: 'phone' }, { id: 'mine' }), 1), 0)
    assert.equal(await ask(offer('nobody'), 2), 0x10)
    await assert.rejects(ask({ userId: 'bob' }, 3), (error: Error & { code?: number }) => error.code === 0x83)
    await ask({ userId: '+' }, 4, 0)
    await eventually(() => results.size === 4, 'four results')
    assert.deepEqual(results.get(1), { count: 1, eventId: 'mine' })
    assert.equal(results.get(2)?.['count'], 0)
    assert.equal(results.get(3)?.['error'], 'invalid_request')
    assert.match(String(results.get(4)?.['userId']), /must be a string/)
    assert.equal(other.received.length, 0)
    await acme.end()
    await other.end()
  })

  it('gives a repeated key its first answer', async () => {
    const phone = await openPhone('bob', 'keyed')
    const acme = await open('acme-backend', { protocolVersion: 5 })
    for (let n = 0; n < 3; n++)
      await publish(acme, offer('bob', { userEndpointId: 'keyed', qos: 1, idempotencyKey: 'once' }, { n }))
    await publish(acme, offer('bob', { userEndpointId: 'keyed', qos: 1 }, { n: 'last' }))
    await eventually(() => phone.received.length >= 2, 'two events')
    assert.deepEqual(
      phone.received.map(({ event }) => event['n']),
      [0, 'last'],
    )
    await acme.end()
    await phone.end()
  })

  it('reaches its own organization only, and SERVICE any that it names', async () => {
    const [bob, carol] = [await openPhone('bob', 'mine'), await openPhone('carol', 'mine')]
    const acme = await open('acme-backend', { protocolVersion: 5 })
    assert.equal(await publish(acme, offer('carol', { organizationId: 'globex', qos: 1 })), 0x10)
    const service = await open('platform-service', { protocolVersion: 5 })
    await assert.rejects(
      publish(service, offer('carol')),
      (error: Error & { code?: number }) => error.code === 0x83,
    )
    const toCarol = offer('carol', { organizationId: 'globex', userEndpointId: 'mine', qos: 1 }, { n: 1 })
    assert.equal(await publish(service, toCarol), 0)
    await eventually(() => carol.received.length === 1, 'carol gets hers')
    assert.equal(bob.received.length, 0)
    for (const phone of [bob, carol, acme, service]) await phone.end()
  })

  it('is the only one who may', async () => {
    const five = await open('bob', { protocolVersion: 5 })
    await assert.rejects(
      publish(five, offer('bob')),
      (error: Error & { code?: number }) => error.code === 0x87,
    )
    assert.deepEqual(await five.subscribe(RESPONSES), [0x87])
    const four = await open('bob', { protocolVersion: 4 })
    const closed = new Promise<void>((resolve) => four.client.once('close', () => resolve()))
    four.client.publish(TOPIC, JSON.stringify(offer('bob')), { qos: 0 })
    await closed
    await five.end()
    await four.end()
  })

  it('loses an MQTT 3.1.1 connection over a body that is no command', async () => {
    const acme = await open('acme-backend', { protocolVersion: 4 })
    const closed = new Promise<void>((resolve) => acme.client.once('close', () => resolve()))
    acme.client.publish(TOPIC, '{"userId":', { qos: 1 })
    await closed
    await acme.end()
  })
})

/** Results by the number in their correlation data. */
function collect(client: MqttClient): ReadonlyMap<number, Record<string, unknown>> {
  const results = new Map<number, Record<string, unknown>>()
  client.on('message', (_topic, payload, { properties }: IPublishPacket) => {
    results.set(properties?.correlationData?.[0] ?? -1, JSON.parse(payload.toString()))
  })
  return results
}
