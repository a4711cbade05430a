import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient, type Token } from '@rollcall/client/client'
import type { IClientOptions } from 'mqtt'
import { backend, offer, signIn } from '../helpers/demo.ts'
import { connectPhone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const KINDS: readonly IClientOptions[] = [
  { protocolVersion: 4, clean: true },
  { protocolVersion: 4, clean: false, clientId: 'kept-4' },
  { protocolVersion: 5, clean: true, properties: { receiveMaximum: 3 } },
  { protocolVersion: 5, clean: false, clientId: 'kept-5', properties: { sessionExpiryInterval: 600 } },
]

describe('QoS 1', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let bob: Token
  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path)
    bob = await signIn(server.url, 'bob')
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  const seen = (phone: { received: readonly { event: Record<string, unknown> }[] }) =>
    phone.received.map(({ event }) => event['n'])

  for (const [index, kind] of KINDS.entries())
    it(`waits for a phone that is away and arrives in order: MQTT ${kind.protocolVersion}, clean ${kind.clean}`, async () => {
      const id = `phone-${index}`
      await createClient({ url: server.url, token: bob.accessToken }).register({
        userEndpointId: id,
        keepAliveSeconds: 600,
      })
      const acme = await backend(server.url, 'acme-backend')
      for (let n = 0; n < 150; n++)
        assert.equal((await acme.sendEvent(offer('bob', { userEndpointId: id, qos: 1 }, { n }))).count, 1)
      const phone = await connectPhone(server.url, 'bob', bob.accessToken, kind)
      await phone.subscribe(`users/endpoints/${id}`)
      await eventually(() => phone.received.length === 150, 'the backlog arrives')
      assert.deepEqual(
        seen(phone),
        Array.from({ length: 150 }, (_, n) => n),
      )
      await phone.end()
      const back = await connectPhone(server.url, 'bob', bob.accessToken, kind)
      await back.subscribe(`users/endpoints/${id}`)
      await acme.sendEvent(offer('bob', { userEndpointId: id, qos: 1 }, { n: 'after' }))
      await eventually(() => back.received.length > 0, 'the next event arrives')
      assert.deepEqual(seen(back), ['after'])
      await back.end()
    })

  it('survives kill -9: what was answered arrives, what was not acknowledged comes again', async () => {
    await createClient({ url: server.url, token: bob.accessToken }).register({
      userEndpointId: 'survivor',
      keepAliveSeconds: 600,
    })
    const acme = await backend(server.url, 'acme-backend')
    const deaf = await connectPhone(server.url, 'bob', bob.accessToken, {
      // MQTT.js asks this only in MQTT 5. It never says that the event was handled.
      protocolVersion: 5,
      customHandleAcks: () => undefined,
    })
    await deaf.subscribe('users/endpoints/survivor')
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        acme.sendEvent(offer('bob', { userEndpointId: 'survivor', qos: 1 }, { n }), `key-${n}`),
      ),
    )
    assert.ok(answers.every(({ count }) => count === 1))
    await server.kill()
    server = await startProcess(data.path, { PORT: String(server.port) })
    // Keys, registrations, mailboxes and remembered answers are all there: the old tokens go on working.
    const again = await acme.sendEvent(
      offer('bob', { userEndpointId: 'survivor', qos: 1 }, { n: 'never' }),
      'key-7',
    )
    assert.deepEqual(again, answers[7])
    const phone = await connectPhone(server.url, 'bob', bob.accessToken)
    await phone.subscribe('users/endpoints/survivor')
    await eventually(() => phone.received.length >= 40, 'everything comes again')
    assert.deepEqual(
      new Set(phone.received.map(({ event }) => event['id'])),
      new Set(answers.map(({ eventId }) => eventId)),
    )
    await phone.end()
    await deaf.end()
  })

  it('comes as QoS 0 on a subscription granted at QoS 0, and counts as delivered', async () => {
    await createClient({ url: server.url, token: bob.accessToken }).register({
      userEndpointId: 'zero',
      keepAliveSeconds: 600,
    })
    const acme = await backend(server.url, 'acme-backend')
    const phone = await connectPhone(server.url, 'bob', bob.accessToken)
    assert.deepEqual(await phone.subscribe('users/endpoints/zero', 0), [0])
    await acme.sendEvent(offer('bob', { userEndpointId: 'zero', qos: 1 }))
    await eventually(() => phone.received.length === 1, 'the event arrives')
    assert.equal(phone.received[0]?.qos, 0)
    await phone.end()
    const back = await connectPhone(server.url, 'bob', bob.accessToken)
    await back.subscribe('users/endpoints/zero')
    await acme.sendEvent(offer('bob', { userEndpointId: 'zero', qos: 1 }, { n: 2 }))
    await eventually(() => back.received.length > 0, 'the next event arrives')
    assert.deepEqual(seen(back), [2])
    await back.end()
  })

  it('keeps order and loses nothing while the phone comes and goes', async () => {
    await createClient({ url: server.url, token: bob.accessToken }).register({
      userEndpointId: 'flaky',
      keepAliveSeconds: 600,
    })
    const acme = await backend(server.url, 'acme-backend')
    let isSending = true
    const sending = (async () => {
      for (let n = 0; n < 300; n++)
        await acme.sendEvent(offer('bob', { userEndpointId: 'flaky', qos: 1 }, { n }))
      isSending = false
    })()
    const all: unknown[] = []
    while (isSending || new Set(all).size < 300) {
      const phone = await connectPhone(server.url, 'bob', bob.accessToken)
      await phone.subscribe('users/endpoints/flaky')
      await new Promise((resolve) => setTimeout(resolve, 60))
      all.push(...seen(phone))
      phone.client.stream.destroy()
    }
    await sending
    const firsts = [...new Set(all)]
    assert.deepEqual(
      firsts,
      Array.from({ length: 300 }, (_, n) => n),
    )
  })
})
