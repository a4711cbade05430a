import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectClient } from '../../../test/helpers/mqtt-client.ts'
import { type MqttFixture, openMqtt } from '../../../test/helpers/mqtt-fixture.ts'

const PHONE = '6F1B2C3D-0000-4000-8000-00000000000A'
const BY_ENDPOINT = `users/endpoints/${PHONE}`
const BY_USER = `user/alice/${PHONE}`

function signIn({ auth, registrar }: MqttFixture) {
  registrar.add('alice', PHONE)
  return { username: 'alice', password: auth.add('alice.access.token', 'alice'), clientId: 'CocoaMQTT-17' }
}

const event = (name: string) => Buffer.from(JSON.stringify({ id: name }))

for (const protocolVersion of [4, 5] as const)
  for (const via of ['ws', 'tcp'] as const)
    test(`MQTT ${protocolVersion} over ${via}: connect, subscribe, receive, acknowledge, leave`, async (t) => {
      const fixture = await openMqtt(t)
      const phone = await connectClient(t, fixture, { ...signIn(fixture), protocolVersion, via })
      assert.equal(phone.connack.returnCode ?? phone.connack.reasonCode, 0)
      assert.equal(fixture.mqtt.linkCount(), 1)
      assert.deepEqual(await phone.subscribe(BY_USER), [1])
      const attachment = fixture.delivery.find(PHONE)
      assert.deepEqual(attachment?.told, ['start'])
      const link = fixture.delivery.link(PHONE)
      const acknowledged = new Promise<void>((resolve) => {
        assert.equal(link.send({ payload: event('e1'), qos: 1, acknowledged: () => resolve() }), true)
      })
      assert.equal(link.send({ payload: event('e2'), qos: 0 }), true)
      assert.deepEqual(await phone.receive(2), [
        { topic: BY_USER, payload: '{"id":"e1"}', qos: 1, dup: false },
        { topic: BY_USER, payload: '{"id":"e2"}', qos: 0, dup: false },
      ])
      await acknowledged
      await phone.client.endAsync()
      while (fixture.closed.length === 0) await fixture.clock.advance(0)
      assert.deepEqual(fixture.closed, ['client_left'])
      assert.deepEqual(attachment?.told, ['start', 'detach'])
      assert.equal(link.send({ payload: event('e3'), qos: 1 }), false)
      assert.equal(fixture.mqtt.linkCount(), 0)
    })

test('subscribed to both topic forms, events come once, on the form subscribed last', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await connectClient(t, fixture, signIn(fixture))
  await phone.subscribe(BY_ENDPOINT)
  await phone.subscribe(BY_USER)
  const link = fixture.delivery.link(PHONE)
  link.send({ payload: event('e1'), qos: 1 })
  await phone.client.unsubscribeAsync(BY_USER)
  link.send({ payload: event('e2'), qos: 1 })
  await phone.subscribe(BY_USER)
  await phone.client.unsubscribeAsync(BY_ENDPOINT)
  link.send({ payload: event('e3'), qos: 1 })
  const received = await phone.receive(3)
  assert.deepEqual(
    received.map(({ topic, payload }) => [topic, payload]),
    [
      [BY_USER, '{"id":"e1"}'],
      [BY_ENDPOINT, '{"id":"e2"}'],
      [BY_USER, '{"id":"e3"}'],
    ],
  )
  assert.deepEqual(fixture.delivery.find(PHONE)?.told, ['start'], 'one link all along')
  await phone.client.unsubscribeAsync(BY_USER)
  assert.equal(fixture.delivery.find(PHONE), undefined, 'detached with the last form')
})

test('both forms in one SUBSCRIBE are one link', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await connectClient(t, fixture, signIn(fixture))
  assert.deepEqual(await phone.subscribe([BY_USER, BY_ENDPOINT]), [1, 1])
  assert.equal(fixture.delivery.attachments.length, 1)
  fixture.delivery.link(PHONE).send({ payload: event('e1'), qos: 0 })
  assert.equal((await phone.receive(1))[0]?.topic, BY_ENDPOINT)
})

test('QoS 2 is granted as 1; granted at QoS 0, a QoS 1 event is delivered once the socket took it', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await connectClient(t, fixture, signIn(fixture))
  assert.deepEqual(await phone.subscribe(BY_USER, 2), [1])
  assert.deepEqual(await phone.subscribe(BY_USER, 0), [0])
  await new Promise<void>((resolve) => {
    fixture.delivery.link(PHONE).send({ payload: event('e1'), qos: 1, acknowledged: () => resolve() })
  })
  assert.equal((await phone.receive(1))[0]?.qos, 0)
})

test('a client id is taken over inside one user only', async (t) => {
  const fixture = await openMqtt(t)
  const first = await connectClient(t, fixture, { ...signIn(fixture), protocolVersion: 5 })
  fixture.auth.add('bob.access.token', 'bob')
  const ofBob = { username: 'bob', password: 'bob.access.token', clientId: 'CocoaMQTT-17' }
  const bob = await connectClient(t, fixture, ofBob)
  const other = {
    username: 'alice',
    password: fixture.auth.add('a.globex.t', 'alice', { organizationId: 'globex' }),
  }
  await connectClient(t, fixture, { ...other, clientId: 'CocoaMQTT-17' })
  assert.equal(fixture.mqtt.linkCount(), 3)
  await connectClient(t, fixture, signIn(fixture))
  assert.equal(await first.closed(), 0x8e)
  assert.equal(bob.client.connected, true)
  assert.deepEqual(fixture.closed, ['taken_over'])
  assert.equal(fixture.mqtt.linkCount(), 3)
})

for (const [reason, code] of [
  ['taken_over', 0x8e],
  ['endpoint_expired', 0x98],
  ['endpoint_unregistered', 0x98],
  ['draining', 0x8b],
] as const)
  test(`delivery closes a link as ${reason}: MQTT 5 is told ${code.toString(16)}`, async (t) => {
    const fixture = await openMqtt(t)
    const phone = await connectClient(t, fixture, { ...signIn(fixture), protocolVersion: 5 })
    await phone.subscribe(BY_USER)
    fixture.delivery.link(PHONE).close(reason)
    assert.equal(await phone.closed(), code)
    assert.deepEqual(fixture.closed, [reason])
    assert.deepEqual(fixture.delivery.attachments[0]?.told, ['start', 'detach'])
  })

test('only the own registered endpoints may be subscribed; nobody learns which others exist', async (t) => {
  const fixture = await openMqtt(t)
  const options = signIn(fixture)
  fixture.registrar.add('bob', 'bobs-phone')
  fixture.registrar.add('alice', 'alices-elsewhere', 1000, 'globex')
  const refused = [
    'users/endpoints/bobs-phone',
    'user/bob/bobs-phone',
    'users/endpoints/alices-elsewhere',
    'users/endpoints/unknown',
    `user/bob/${PHONE}`,
    '#',
    '+/+/+',
    'users/endpoints/+',
    'user/alice/#',
    `$share/group/${BY_ENDPOINT}`,
    '$SYS/broker/uptime',
    `${BY_ENDPOINT}/keepalive`,
    `${BY_ENDPOINT}/`,
    '__proto__',
    'users/endpoints/__proto__',
  ]
  const older = await connectClient(t, fixture, { ...options, protocolVersion: 4, clientId: 'older' })
  const newer = await connectClient(t, fixture, { ...options, protocolVersion: 5, clientId: 'newer' })
  for (const topic of refused) {
    assert.deepEqual(await older.subscribe(topic), [0x80], topic)
    assert.deepEqual(await newer.subscribe(topic), [0x87], topic)
  }
  assert.deepEqual(await newer.subscribe([...refused, BY_USER]), [...refused.map(() => 0x87), 1])
  assert.equal(fixture.delivery.attachments.length, 1)
})

test('a registration that cannot be read refuses its filter and leaves the others', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await connectClient(t, fixture, { ...signIn(fixture), protocolVersion: 5 })
  fixture.registrar.failure = new Error('disk on fire')
  assert.deepEqual(await phone.subscribe([BY_USER, '#']), [0x80, 0x87])
  fixture.registrar.failure = undefined
  assert.deepEqual(await phone.subscribe(BY_USER), [1])
})

test('an event larger than the client takes is dropped as if it had been sent', async (t) => {
  const fixture = await openMqtt(t)
  const properties = { maximumPacketSize: 200 }
  const phone = await connectClient(t, fixture, { ...signIn(fixture), protocolVersion: 5, properties })
  await phone.subscribe(BY_USER)
  const link = fixture.delivery.link(PHONE)
  const how = await new Promise((resolve) => {
    assert.equal(link.send({ payload: Buffer.alloc(200), qos: 1, acknowledged: resolve }), true)
  })
  assert.equal(how, 'discarded')
  assert.equal(link.send({ payload: Buffer.alloc(200), qos: 0 }), 'too_large')
  link.send({ payload: event('fits'), qos: 1 })
  assert.equal((await phone.receive(1))[0]?.payload, '{"id":"fits"}')
})

test('draining tells everybody, spread over the seconds, and takes nobody new', async (t) => {
  const fixture = await openMqtt(t)
  const options = signIn(fixture)
  const phones = await Promise.all(
    ['a', 'b', 'c', 'd'].map((clientId) =>
      connectClient(t, fixture, { ...options, clientId, protocolVersion: 5 }),
    ),
  )
  const drained = fixture.mqtt.drain(2)
  await fixture.clock.advance(0)
  assert.equal(fixture.mqtt.linkCount(), 3)
  await fixture.clock.advance(1000)
  assert.equal(fixture.mqtt.linkCount(), 1)
  await assert.rejects(connectClient(t, fixture, options))
  await assert.rejects(connectClient(t, fixture, { ...options, via: 'tcp' }))
  await fixture.clock.advance(1000)
  await drained
  assert.deepEqual(await Promise.all(phones.map((phone) => phone.closed())), [0x8b, 0x8b, 0x8b, 0x8b])
  assert.equal(fixture.mqtt.linkCount(), 0)
  await fixture.mqtt.close()
  await fixture.mqtt.close()
})
