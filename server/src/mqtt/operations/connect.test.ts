import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { generate, type IConnectPacket } from 'mqtt-packet'
import { connectClient } from '../../../../test/helpers/mqtt-client.ts'
import { type MqttFixture, openMqtt } from '../../../../test/helpers/mqtt-fixture.ts'
import { openRaw } from '../../../../test/helpers/raw-link.ts'

const TOKEN = 'alice.access.token'
const LIFETIME_MS = 60_000

/** What CONNACK says to alice's CONNECT with `changes`, in MQTT 3.1.1 and 5. */
async function codes(
  t: Parameters<typeof openRaw>[0],
  fixture: MqttFixture,
  changes: Partial<IConnectPacket>,
): Promise<readonly number[]> {
  const answers: number[] = []
  for (const protocolVersion of [4, 5] as const) {
    const link = await openRaw(t, fixture.tcpPort)
    link.send(connectPacket({ ...changes, protocolVersion }))
    const answer = await link.read(4)
    assert.equal(answer[0], 0x20)
    assert.equal(answer[2], 0, 'no session is ever present')
    answers.push(answer[3] ?? -1)
    if (answer[3] !== 0) await link.closed
    link.socket.destroy()
  }
  return answers
}

function connectPacket(changes: Partial<IConnectPacket>): Buffer {
  const protocolVersion = changes.protocolVersion ?? 4
  const packet = { clientId: 'phone', username: 'alice', password: Buffer.from(TOKEN), ...changes }
  return generate(
    { cmd: 'connect', protocolId: 'MQTT', clean: true, ...packet, protocolVersion },
    { protocolVersion },
  )
}

test('who is accepted, and how everybody else is refused', async (t) => {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'alice')
  fixture.auth.add('revoked.access.token', 'alice')
  fixture.auth.revoked.add('revoked.access.token')
  fixture.auth.add('expired.access.token', 'alice', { ttlMs: -1 })
  const check = (changes: Partial<IConnectPacket>) => codes(t, fixture, changes)
  assert.deepEqual(await check({}), [0, 0])
  assert.deepEqual(await check({ username: 'bob' }), [5, 0x87], 'not the user of the token')
  assert.deepEqual(await check({ username: '' }), [5, 0x87], 'a user name that is no user')
  for (const password of ['forged.access.token', 'revoked.access.token', 'expired.access.token'])
    assert.deepEqual(await check({ password: Buffer.from(password) }), [5, 0x87], password)
  for (const password of ['', 'no token', 'a.b', 'a.b.c.d', 'ä.ö.ü', '\u0000.\u0000.\u0000'])
    assert.deepEqual(await check({ password: Buffer.from(password) }), [4, 0x86], password)
  for (const clientId of ['#', 'a+b', 'a/b', '$SYS', 'x'.repeat(129), 'a\u0007'])
    assert.deepEqual(await check({ clientId }), [2, 0x85], clientId)
  for (const clientId of ['__proto__', 'constructor', 'toString', 'x'.repeat(128), 'Ünïcödé'])
    assert.deepEqual(await check({ clientId }), [0, 0], clientId)
})

test('without a user name: only MQTT 5 allows a password alone', async (t) => {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'alice')
  const phone = await openRaw(t, fixture.tcpPort)
  // mqtt-packet does not generate such a packet: flags are clean and password, the token follows the client id.
  const body = [
    0,
    4,
    ...Buffer.from('MQTT'),
    5,
    0x42,
    0,
    0,
    0,
    0,
    1,
    0x61,
    0,
    TOKEN.length,
    ...Buffer.from(TOKEN),
  ]
  phone.send(Buffer.from([0x10, body.length, ...body]))
  assert.equal((await phone.read(4))[3], 0)
  const nobody = await openRaw(t, fixture.tcpPort)
  nobody.send(generate({ cmd: 'connect', protocolVersion: 4, clean: true, clientId: 'phone' }))
  assert.equal((await nobody.read(4))[3], 4)
})

test('without a client id: a clean session in MQTT 3.1.1, an assigned id in MQTT 5', async (t) => {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'alice')
  assert.deepEqual(await codes(t, fixture, { clientId: '', clean: true }), [0, 0])
  const given = { username: 'alice', password: TOKEN, clientId: '', protocolVersion: 5 } as const
  const [one, two] = [await connectClient(t, fixture, given), await connectClient(t, fixture, given)]
  const idOf = ({ connack }: typeof one) => Reflect.get(connack.properties ?? {}, 'assignedClientIdentifier')
  assert.match(idOf(one), /^assigned-[0-9a-f]{32}$/)
  assert.notEqual(idOf(one), idOf(two))
})

test('an empty client id with a session to keep is refused (MQTT 3.1.1 §3.1.3.1)', async (t) => {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'alice')
  // mqtt-packet does not generate such a packet: the clean flag is cleared afterwards.
  const bytes = connectPacket({ protocolVersion: 4, clientId: '', clean: true })
  bytes.writeUInt8(bytes.readUInt8(9) & ~0x02, 9)
  const link = await openRaw(t, fixture.tcpPort)
  link.send(bytes)
  assert.deepEqual([...(await link.read(4))], [0x20, 2, 0, 2])
})

test('versions: MQTT 3.1 gets code 1, an unknown later one 0x84', async (t) => {
  const fixture = await openMqtt(t)
  const body = (name: string, level: number) => [
    0,
    name.length,
    ...Buffer.from(name),
    level,
    2,
    0,
    0,
    0,
    1,
    0x61,
  ]
  for (const [packet, answer] of [
    [body('MQIsdp', 3), [0x20, 2, 0, 1]],
    [body('MQTT', 3), [0x20, 2, 0, 1]],
    [body('MQTT', 0x84), [0x20, 3, 0, 0x84, 0]],
    [body('MQTT', 6), [0x20, 3, 0, 0x84, 0]],
    [body('HTTP', 4), []],
  ] as const) {
    const link = await openRaw(t, fixture.tcpPort)
    link.send(Buffer.from([0x10, packet.length, ...packet]))
    assert.deepEqual([...(await link.rest())], answer)
  }
})

test('MQTT 5 is told the limits; extended authentication is refused', async (t) => {
  const fixture = await openMqtt(t)
  const options = {
    username: 'alice',
    password: fixture.auth.add(TOKEN, 'alice'),
    protocolVersion: 5,
  } as const
  const phone = await connectClient(t, fixture, { ...options, properties: { sessionExpiryInterval: 3600 } })
  assert.deepEqual(phone.connack.properties, {
    receiveMaximum: 64,
    maximumQoS: 1,
    retainAvailable: false,
    maximumPacketSize: 262_144,
    topicAliasMaximum: 0,
    wildcardSubscriptionAvailable: false,
    subscriptionIdentifiersAvailable: false,
    sharedSubscriptionAvailable: false,
    sessionExpiryInterval: 0,
  })
  const link = await openRaw(t, fixture.tcpPort)
  const properties = { authenticationMethod: 'SCRAM-SHA-256' }
  link.send(connectPacket({ protocolVersion: 5, properties }))
  assert.deepEqual([...(await link.rest())], [0x20, 3, 0, 0x8c, 0])
})

test('a will is read over and never published', async (t) => {
  const fixture = await openMqtt(t)
  fixture.registrar.add('alice', 'tablet')
  const options = { username: 'alice', password: fixture.auth.add(TOKEN, 'alice') }
  const tablet = await connectClient(t, fixture, { ...options, clientId: 'tablet' })
  await tablet.subscribe('users/endpoints/tablet')
  const will = { topic: 'users/endpoints/tablet', payload: Buffer.from('boo'), qos: 2 as const, retain: true }
  const phone = await connectClient(t, fixture, { ...options, clientId: 'phone', will, protocolVersion: 5 })
  phone.client.stream.destroy()
  while (!fixture.closed.includes('connection_lost')) await fixture.clock.advance(0)
  fixture.delivery.link('tablet').send({ payload: Buffer.from('after'), qos: 0 })
  assert.deepEqual(
    (await tablet.receive(1)).map(({ payload }) => payload),
    ['after'],
  )
})

test('what cannot be decided is refused, and nothing of it is logged', async (t) => {
  const fixture = await openMqtt(t)
  fixture.auth.authenticate = () => {
    throw new Error(`cannot read ${TOKEN}`)
  }
  assert.deepEqual(await codes(t, fixture, {}), [3, 0x88])
  fixture.auth.authenticate = () => {
    throw new RollcallError('unauthorized')
  }
  fixture.auth.add(TOKEN, 'alice', { ttlMs: -1 })
  fixture.registrar.failure = new RollcallError('unavailable')
  assert.deepEqual(await codes(t, fixture, {}), [3, 0x88])
  assert.equal(fixture.lines.filter((line) => line.includes('"level":50')).length, 4)
  assert.ok(!fixture.lines.join('\n').includes(TOKEN))
})

test('an expired token of a user with a renewed registration connects, for that endpoint only', async (t) => {
  const fixture = await openMqtt(t)
  const { auth, registrar, clock } = fixture
  const expired = { username: 'alice', password: auth.add(TOKEN, 'alice', { ttlMs: LIFETIME_MS }) }
  registrar.add('alice', 'renewed', LIFETIME_MS)
  registrar.add('alice', 'other', LIFETIME_MS)
  await clock.advance(LIFETIME_MS)
  assert.deepEqual(await codes(t, fixture, {}), [5, 0x87], 'registered, but not renewed with a newer token')
  registrar.renew({ organizationId: 'acme', userId: 'alice', userEndpointId: 'renewed' }, LIFETIME_MS)
  const phone = await connectClient(t, fixture, { ...expired, protocolVersion: 5 })
  assert.deepEqual(await phone.subscribe(['user/alice/renewed', 'user/alice/other']), [1, 0x87])
  const line = fixture.lines.find((text) => text.includes('"level":30')) ?? ''
  assert.match(line, /"expiredForSeconds":0/)
  assert.equal(fixture.stale.length, 1, 'and it is counted')
  await connectClient(t, fixture, { ...expired, protocolVersion: 5, clientId: 'again' })
  assert.deepEqual([fixture.stale.length, tellings(fixture)], [2, 2], 'each time')
  assert.deepEqual(await codes(t, fixture, { username: 'bob' }), [5, 0x87])
  assert.deepEqual([fixture.stale.length, tellings(fixture)], [2, 2], 'who is refused did not connect')
  assert.ok(!fixture.lines.join('\n').includes(TOKEN))
  auth.revoked.add(TOKEN)
  assert.deepEqual(await codes(t, fixture, {}), [5, 0x87], 'never a revoked one')
})

test('a backend of no organization connects and may subscribe to nothing', async (t) => {
  const fixture = await openMqtt(t)
  fixture.registrar.add('platform-service', 'an-endpoint')
  const password = fixture.auth.add(TOKEN, 'platform-service', { organizationId: null })
  const service = await connectClient(t, fixture, { username: 'platform-service', password })
  assert.deepEqual(await service.subscribe('users/endpoints/an-endpoint'), [0x80])
})

function tellings({ lines }: MqttFixture): number {
  return lines.filter((line) => JSON.stringify(line).includes('an expired token connects')).length
}
