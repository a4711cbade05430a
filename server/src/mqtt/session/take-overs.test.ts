import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { connectClient } from '../../../../test/helpers/mqtt-client.ts'
import { type MqttFixture, openMqtt } from '../../../../test/helpers/mqtt-fixture.ts'
import { TakeOvers } from '../../delivery/delivery.ts'

const PHONE = 'phone'
const TOPIC = `users/endpoints/${PHONE}`

function signIn({ auth, registrar }: MqttFixture) {
  registrar.add('alice', PHONE)
  return { username: 'alice', password: auth.add('alice.access.token', 'alice'), protocolVersion: 5 } as const
}

const codeOf = (client: Awaited<ReturnType<typeof connectClient>>) =>
  client.connack.returnCode ?? client.connack.reasonCode

test('of two devices with one client id, one keeps it after ten take-overs and the other is told', async (t) => {
  const fixture = await openMqtt(t)
  const options = { ...signIn(fixture), clientId: 'same' }
  for (let round = 0; round <= 10; round++)
    assert.equal(codeOf(await connectClient(t, fixture, options)), 0, `${round}`)
  assert.equal(fixture.mqtt.linkCount(), 1)
  const loser = await connectClient(t, fixture, options)
  assert.equal(codeOf(loser), 0x97)
  assert.match(JSON.stringify(loser.connack.properties), /take this client id over .* for 10 s/)
  const older = await connectClient(t, fixture, { ...options, protocolVersion: 4 })
  assert.equal(codeOf(older), 3)
  assert.equal(fixture.mqtt.linkCount(), 1)
  assert.deepEqual(fixture.refused, ['take_over_refused', 'take_over_refused'])
  const lines = fixture.lines.filter((line) => line.includes('fight over a client id'))
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /"organizationId":"acme","userId":"alice"/)

  const other = await connectClient(t, fixture, { ...options, clientId: 'other' })
  assert.equal(codeOf(other), 0, 'nobody else is held off')
  await fixture.clock.advance(10_000)
  assert.equal(codeOf(await connectClient(t, fixture, options)), 0, 'nor the loser for long')
})

test('whoever comes when nobody has the client id is let in, also in a fight', async (t) => {
  const fixture = await openMqtt(t)
  const options = { ...signIn(fixture), clientId: 'same' }
  let last = await connectClient(t, fixture, options)
  for (let round = 0; round < 10; round++) last = await connectClient(t, fixture, options)
  assert.equal(codeOf(await connectClient(t, fixture, options)), 0x97)
  await last.client.endAsync()
  while (fixture.mqtt.linkCount() > 0) await fixture.clock.advance(0)
  assert.equal(codeOf(await connectClient(t, fixture, options)), 0)
})

test('of two devices with one endpoint, one keeps it after ten take-overs and the other is told', async (t) => {
  const fixture = await openMqtt(t)
  const options = signIn(fixture)
  const connected = (n: number, version: 4 | 5 = 5) =>
    connectClient(t, fixture, { ...options, clientId: `c-${n}`, protocolVersion: version })
  for (let round = 0; round <= 10; round++)
    assert.deepEqual(await (await connected(round)).subscribe(TOPIC), [1], `${round}`)
  const holder = fixture.delivery.find(PHONE)
  for (const version of [5, 4] as const) {
    const loser = await connected(11, version)
    await assert.rejects(loser.subscribe(TOPIC))
    assert.equal(await loser.closed(), version === 5 ? 0x97 : undefined)
  }
  assert.equal(fixture.delivery.find(PHONE), holder)
  assert.equal(holder?.isAttached, true)
  assert.deepEqual(fixture.refused, ['take_over_refused', 'take_over_refused'])
  assert.equal(fixture.closed.filter((reason) => reason === 'take_over_refused').length, 2)
  assert.equal(fixture.lines.filter((line) => line.includes('fight over an endpoint')).length, 1)
  await fixture.clock.advance(10_000)
  assert.deepEqual(await (await connected(12)).subscribe(TOPIC), [1])
})

test('take-overs that are ten seconds apart are no fight, and no more are remembered than bounded', async () => {
  const clock = createFakeClock()
  const takeOvers = new TakeOvers(clock, { warn: () => assert.fail('no fight') })
  for (let round = 0; round < 40; round++) {
    takeOvers.note('endpoint', 'a', {})
    await clock.advance(1_200)
    assert.equal(takeOvers.isHeld('endpoint', 'a'), false)
  }
  for (let n = 0; n < 9; n++) takeOvers.note('endpoint', 'first', {})
  for (let n = 0; n < 10_000; n++) takeOvers.note('client id', `${n}`, {})
  // Forgotten: the tenth would have been a fight.
  takeOvers.note('endpoint', 'first', {})
})
