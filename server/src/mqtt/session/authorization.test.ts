import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { connectClient } from '../../../../test/helpers/mqtt-client.ts'
import { type MqttFixture, openMqtt } from '../../../../test/helpers/mqtt-fixture.ts'

const TOKEN = 'alice.access.token'
const PHONE = { organizationId: 'acme', userId: 'alice', userEndpointId: 'phone' }
const TOPIC = 'user/alice/phone'
const LIFETIME_MS = 60_000
/** The front looks at most this late. */
const TICK_MS = 250

/** A subscribed MQTT 5 client whose token, and whose registration's authorization, live for a minute. */
async function subscribed(t: Parameters<typeof connectClient>[0], fixture: MqttFixture) {
  fixture.registrar.add('alice', 'phone', LIFETIME_MS)
  const password = fixture.auth.add(TOKEN, 'alice', { ttlMs: LIFETIME_MS })
  const phone = await connectClient(t, fixture, { username: 'alice', password, protocolVersion: 5 })
  assert.deepEqual(await phone.subscribe(TOPIC), [1])
  return phone
}

test('a link ends with its token, not a moment earlier and at once', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await subscribed(t, fixture)
  await fixture.clock.advance(LIFETIME_MS - 1)
  assert.equal(fixture.mqtt.linkCount(), 1)
  await fixture.clock.advance(1 + TICK_MS)
  assert.equal(await phone.closed(), 0x87)
  assert.deepEqual(fixture.closed, ['authorization_lost'])
  assert.equal(fixture.delivery.find('phone'), undefined)
})

test('keepalives with newer tokens move the end on, without telling the link', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await subscribed(t, fixture)
  for (let renewals = 0; renewals < 3; renewals++) {
    await fixture.clock.advance(LIFETIME_MS / 2 - TICK_MS)
    fixture.registrar.renew(PHONE, LIFETIME_MS)
    await fixture.clock.advance(LIFETIME_MS / 2)
    assert.equal(fixture.mqtt.linkCount(), 1)
  }
  await fixture.clock.advance(LIFETIME_MS / 2 + TICK_MS)
  assert.equal(await phone.closed(), 0x87)
})

test('one endpoint that loses its authorization ends the connection of all', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await subscribed(t, fixture)
  fixture.registrar.add('alice', 'tablet', LIFETIME_MS)
  await phone.subscribe('user/alice/tablet')
  fixture.registrar.renew(PHONE, 10 * LIFETIME_MS)
  await fixture.clock.advance(LIFETIME_MS + TICK_MS)
  assert.equal(await phone.closed(), 0x87)
  assert.deepEqual(
    fixture.delivery.attachments.map(({ isAttached }) => isAttached),
    [false, false],
  )
})

test('an endpoint that is gone when the token ends closes the link as expired', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await subscribed(t, fixture)
  fixture.registrar.remove(PHONE)
  fixture.registrar.add('alice', 'phone', 2 * LIFETIME_MS)
  await fixture.clock.advance(LIFETIME_MS + TICK_MS)
  assert.equal(await phone.closed(), 0x98, 'the new registration of the same id is another one')
})

test('a renewal that cannot be read ends the link', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await subscribed(t, fixture)
  fixture.registrar.renew(PHONE, 10 * LIFETIME_MS)
  fixture.registrar.failure = new Error('disk on fire')
  await fixture.clock.advance(LIFETIME_MS + TICK_MS)
  assert.equal(await phone.closed(), 0x87)
})

test('a store that is away when a renewal is read is waited for, ten seconds at most', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await subscribed(t, fixture)
  const { clock, registrar, mqtt } = fixture
  registrar.renew(PHONE, 2 * LIFETIME_MS)
  registrar.failure = new RollcallError('unavailable')
  await clock.advance(LIFETIME_MS + 8_000)
  assert.equal(mqtt.linkCount(), 1)
  registrar.failure = undefined
  await clock.advance(1_000)
  registrar.failure = new RollcallError('unavailable')
  await clock.advance(LIFETIME_MS - 9_000)
  assert.equal(mqtt.linkCount(), 1, 'it was renewed')
  await clock.advance(12_000)
  assert.equal(await phone.closed(), 0x87)
})

test('a revoked token loses its link within one turn of the wheel', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await subscribed(t, fixture)
  fixture.auth.revoked.add(TOKEN)
  await fixture.clock.advance(16_000)
  assert.equal(await phone.closed(), 0x87)
})

test('a review closes the links of revoked tokens at once, and no other', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await subscribed(t, fixture)
  const { auth, mqtt } = fixture
  auth.add('alice.other.token', 'alice')
  auth.add('bob.access.token', 'bob')
  const others = [
    await connectClient(t, fixture, { username: 'alice', password: 'alice.other.token', protocolVersion: 5 }),
    await connectClient(t, fixture, { username: 'bob', password: 'bob.access.token', protocolVersion: 5 }),
  ]
  auth.revoked.add(TOKEN)
  auth.revoked.add('bob.access.token')
  await mqtt.review(({ userId }) => userId === 'alice')
  assert.equal(await phone.closed(), 0x87)
  assert.equal(mqtt.linkCount(), 2, 'bob is not concerned, and the other token is good')
  await mqtt.review(() => true)
  assert.equal(await others[1]?.closed(), 0x87)
  assert.equal(mqtt.linkCount(), 1)
})

test('a token that is revoked while its CONNECT is judged is refused', async (t) => {
  const fixture = await openMqtt(t)
  const { auth, registrar } = fixture
  auth.add(TOKEN, 'alice', { ttlMs: -LIFETIME_MS })
  registrar.add('alice', 'phone', LIFETIME_MS)
  const look = registrar.look.bind(registrar)
  t.mock.method(registrar, 'look', async (users: Parameters<typeof look>[0]) => {
    auth.revoked.add(TOKEN)
    return look(users)
  })
  const phone = await connectClient(t, fixture, { username: 'alice', password: TOKEN, protocolVersion: 5 })
  assert.equal(phone.connack.reasonCode, 0x87)
  assert.equal(fixture.mqtt.linkCount(), 0)
})

test('a revoked token subscribes to nothing more', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await subscribed(t, fixture)
  fixture.auth.revoked.add(TOKEN)
  phone.client.subscribe(TOPIC, () => {})
  assert.equal(await phone.closed(), 0x87)
})

test('a jump of the wall clock past the end ends the link', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await subscribed(t, fixture)
  fixture.clock.jumpWall(2 * LIFETIME_MS)
  await fixture.clock.advance(16_000)
  assert.equal(await phone.closed(), 0x87)
})

test('a connection with an expired token lives until the last renewal of its user ends', async (t) => {
  const fixture = await openMqtt(t)
  const { clock, registrar, auth } = fixture
  auth.add(TOKEN, 'alice', { ttlMs: -LIFETIME_MS })
  registrar.add('alice', 'phone', LIFETIME_MS)
  registrar.add('alice', 'tablet', 2 * LIFETIME_MS)
  const idle = await connectClient(t, fixture, {
    username: 'alice',
    password: TOKEN,
    protocolVersion: 5,
  })
  await clock.advance(2 * LIFETIME_MS - 1)
  assert.equal(fixture.mqtt.linkCount(), 1)
  registrar.renew({ ...PHONE, userEndpointId: 'tablet' }, LIFETIME_MS)
  await clock.advance(LIFETIME_MS - 1)
  assert.equal(fixture.mqtt.linkCount(), 1)
  await clock.advance(1 + TICK_MS)
  assert.equal(await idle.closed(), 0x87)
})
