import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectClient } from '../../../test/helpers/mqtt-client.ts'
import { type MqttFixture, openMqtt } from '../../../test/helpers/mqtt-fixture.ts'

const PHONE = '6F1B2C3D-0000-4000-8000-00000000000A'

function signIn({ auth, registrar }: MqttFixture) {
  registrar.add('alice', PHONE)
  return { username: 'alice', password: auth.add('alice.access.token', 'alice'), clientId: 'CocoaMQTT-17' }
}

for (const protocolVersion of [4, 5] as const)
  for (const via of ['ws', 'tcp'] as const)
    test(`MQTT ${protocolVersion} over ${via}: connect, subscribe, receive, acknowledge`, async (t) => {
      const fixture = await openMqtt(t)
      const phone = await connectClient(t, fixture, { ...signIn(fixture), protocolVersion, via })
      assert.equal(phone.connack.returnCode ?? phone.connack.reasonCode, 0)
      assert.equal(fixture.mqtt.linkCount(), 1)
      assert.deepEqual(await phone.subscribe(`user/alice/${PHONE}`), [1])
      const attachment = fixture.delivery.find(PHONE)
      assert.deepEqual(attachment?.told, ['start'])
      const acknowledged = new Promise<void>((resolve) => {
        const payload = Buffer.from('{"id":"e1"}')
        assert.equal(fixture.delivery.link(PHONE).send({ payload, qos: 1, acknowledged: resolve }), true)
      })
      assert.equal(fixture.delivery.link(PHONE).send({ payload: Buffer.from('{"id":"e2"}'), qos: 0 }), true)
      assert.deepEqual(await phone.receive(2), [
        { topic: `user/alice/${PHONE}`, payload: '{"id":"e1"}', qos: 1, dup: false },
        { topic: `user/alice/${PHONE}`, payload: '{"id":"e2"}', qos: 0, dup: false },
      ])
      await acknowledged
      await phone.client.endAsync()
    })
