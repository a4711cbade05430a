import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { IN_FLIGHT_MAX } from '@rollcall/protocol/limits'
import type { MqttSettings } from '../../server/src/mqtt/mqtt.ts'
import { connectClient } from '../helpers/mqtt-client.ts'
import { openMqtt } from '../helpers/mqtt-fixture.ts'

/** A device over whose link events go out, and that acknowledges those it is told to. */
async function device(t: TestContext, settings: Partial<MqttSettings> = {}, receiveMaximum = IN_FLIGHT_MAX) {
  const fixture = await openMqtt(t, settings)
  fixture.auth.add('a.b.c', 'alice')
  fixture.registrar.add('alice', 'phone')
  const acks: (() => void)[] = []
  const credentials = { username: 'alice', password: 'a.b.c', clientId: 'phone' }
  const options = { ...credentials, protocolVersion: 5 as const, properties: { receiveMaximum } }
  const client = await connectClient(t, fixture, {
    ...options,
    customHandleAcks: (_topic, _message, _packet, done) => void acks.push(() => done(0)),
  })
  await client.subscribe('users/endpoints/phone', 1)
  let acknowledged = 0
  const send = (count: number): number => {
    let taken = 0
    for (let index = 0; index < count; index++)
      if (
        fixture.delivery
          .link('phone')
          .send({ payload: Buffer.from('{}'), qos: 1, acknowledged: () => void acknowledged++ })
      )
        taken++
    return taken
  }
  const acknowledge = async (): Promise<void> => {
    const before = acknowledged
    while (acks.length === 0) await fixture.clock.advance(0)
    acks.shift()?.()
    while (acknowledged === before) await fixture.clock.advance(0)
  }
  const warnings = () => fixture.lines.filter((line) => line.includes('acknowledges none'))
  return { ...fixture, send, acknowledge, warnings }
}

test('a full window without a PUBACK for 60 s: closed, counted and logged', async (t) => {
  const { clock, closed, send, warnings } = await device(t)
  assert.equal(send(IN_FLIGHT_MAX + 1), IN_FLIGHT_MAX, 'the 65th waits')
  await clock.advance(59_000)
  assert.deepEqual(closed, [])
  await clock.advance(2_000)
  assert.deepEqual(closed, ['unacknowledged'])
  assert.equal(warnings().length, 1)
  const told: Record<string, unknown> = JSON.parse(warnings()[0] ?? '')
  assert.deepEqual([told['userId'], told['inFlightMax'], told['level']], ['alice', IN_FLIGHT_MAX, 40])
})

test('fewer, where its receive maximum is less', async (t) => {
  const { clock, closed, send } = await device(t, { ackTimeoutSeconds: 5 }, 2)
  assert.equal(send(3), 2)
  await clock.advance(6_000)
  assert.deepEqual(closed, ['unacknowledged'])
})

test('each PUBACK begins the time anew, and a window with room has none', async (t) => {
  const { clock, closed, send, acknowledge } = await device(t, {}, 2)
  send(2)
  for (let times = 0; times < 3; times++) {
    await clock.advance(50_000)
    await acknowledge()
    assert.equal(send(1), 1)
  }
  await acknowledge()
  await clock.advance(600_000)
  assert.deepEqual(closed, [])
  send(1)
  await clock.advance(80_000)
  assert.deepEqual(closed, ['unacknowledged'])
})

test('0: a device may take for ever', async (t) => {
  const { clock, closed, send } = await device(t, { ackTimeoutSeconds: 0 }, 1)
  send(1)
  await clock.advance(3_000_000)
  assert.deepEqual(closed, [])
})
