import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { connectClient } from '../../../../test/helpers/mqtt-client.ts'
import { type MqttFixture, openMqtt } from '../../../../test/helpers/mqtt-fixture.ts'

const PHONE = 'phone'
const TOPICS = [`users/endpoints/${PHONE}`, `user/alice/${PHONE}`] as const

function signIn({ auth, registrar }: MqttFixture) {
  registrar.add('alice', PHONE)
  return { username: 'alice', password: auth.add('alice.access.token', 'alice'), protocolVersion: 5 } as const
}

test('SUBACK follows what the store says of the link, and what waits follows SUBACK', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await connectClient(t, fixture, signIn(fixture))
  let say: (isHeld: boolean) => void = () => undefined
  const said = new Promise<boolean>((resolve) => {
    say = resolve
  })
  const asked = new Promise<void>((resolve) => {
    fixture.delivery.onAttach = () => {
      resolve()
      return said
    }
  })
  let isAnswered = false
  const codes = phone.subscribe(TOPICS[0]).finally(() => {
    isAnswered = true
  })
  await asked
  // Whatever the server writes is written by the time that it has heard this.
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([isAnswered, fixture.delivery.find(PHONE)?.told], [false, []])
  say(true)
  assert.deepEqual(await codes, [1])
  assert.deepEqual(fixture.delivery.find(PHONE)?.told, ['start'])
})

test('an endpoint that expired between the look and the link is refused, on both its topics, and has no link', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await connectClient(t, fixture, signIn(fixture))
  fixture.delivery.onAttach = async () => false
  assert.deepEqual(await phone.subscribe([...TOPICS]), [0x87, 0x87])
  assert.deepEqual(
    fixture.delivery.attachments.map(({ told }) => told),
    [['detach']],
  )
  fixture.delivery.onAttach = async () => true
  assert.deepEqual(await phone.subscribe([...TOPICS]), [1, 1])
  assert.deepEqual(fixture.delivery.find(PHONE)?.told, ['start'])
})

test('a store that cannot say whose the endpoint is refuses the filter, and the connection stays', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await connectClient(t, fixture, signIn(fixture))
  fixture.delivery.onAttach = () => Promise.reject(new RollcallError('unavailable'))
  assert.deepEqual(await phone.subscribe(TOPICS[1]), [0x80])
  assert.equal(fixture.delivery.find(PHONE), undefined)
  fixture.delivery.onAttach = async () => true
  assert.deepEqual(await phone.subscribe(TOPICS[1]), [1])
  assert.deepEqual(fixture.closed, [])
})

test('a connection that closes while the store is asked leaves no link behind', async (t) => {
  const fixture = await openMqtt(t)
  const phone = await connectClient(t, fixture, signIn(fixture))
  let say: (isHeld: boolean) => void = () => undefined
  fixture.delivery.onAttach = () =>
    new Promise((resolve) => {
      say = resolve
    })
  phone.subscribe(TOPICS[0]).catch(() => undefined)
  while (fixture.delivery.find(PHONE) === undefined) await fixture.clock.advance(0)
  phone.client.end(true)
  while (fixture.delivery.find(PHONE) !== undefined) await fixture.clock.advance(0)
  say(true)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(
    fixture.delivery.attachments.map(({ told }) => told),
    [['detach']],
  )
})
