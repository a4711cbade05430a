import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@rollcall/client/client'
import { backend, offer, signIn } from '../helpers/demo.ts'
import { connectPhone, type Phone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

/** Three users, two organizations, and one endpoint id that they all chose. */
describe('tenants', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  const phones = new Map<string, Phone>()
  const tokens = new Map<string, string>()
  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path)
    for (const user of ['alice', 'bob', 'carol']) {
      const { accessToken } = await signIn(server.url, user)
      tokens.set(user, accessToken)
      await createClient({ url: server.url, token: accessToken }).register({
        userEndpointId: 'phone',
        keepAliveSeconds: 600,
      })
      const phone = await connectPhone(server.url, user, accessToken, { clientId: 'CocoaMQTT-1' })
      await phone.subscribe('users/endpoints/phone')
      phones.set(user, phone)
    }
  })
  after(async () => {
    for (const phone of phones.values()) await phone.end()
    await server.kill()
    await data.remove()
  })
  const received = (user: string) => (phones.get(user)?.received ?? []).map(({ event }) => event['n'])
  const token = (user: string) => tokens.get(user) ?? ''

  it('share endpoint ids and client ids without ever meeting', async () => {
    const acme = await backend(server.url, 'acme-backend')
    const globex = await backend(server.url, 'globex-backend')
    const service = await backend(server.url, 'platform-service')
    assert.equal((await acme.sendEvent(offer('alice', {}, { n: 1 }))).count, 1)
    assert.equal((await globex.sendEvent(offer('carol', { qos: 1 }, { n: 2 }))).count, 1)
    // Nobody reaches into another organization, whatever the body says; SERVICE must say where.
    assert.equal(
      (await globex.sendEvent(offer('bob', { organizationId: 'acme', qos: 1 }, { n: 3 }))).count,
      0,
    )
    assert.equal((await acme.sendEvent(offer('carol', { organizationId: 'globex' }, { n: 4 }))).count, 0)
    await assert.rejects(service.sendEvent(offer('bob')), { code: 'organization_required' })
    for (const organizationId of ['acne', '__proto__'])
      await assert.rejects(service.sendEvent(offer('bob', { organizationId })), {
        code: 'organization_unknown',
      })
    assert.equal(
      (await service.sendEvent(offer('bob', { organizationId: 'acme', qos: 1 }, { n: 5 }))).count,
      1,
    )
    await eventually(
      () => received('bob').length + received('alice').length + received('carol').length === 3,
      'three events',
    )
    assert.deepEqual([received('alice'), received('bob'), received('carol')], [[1], [5], [2]])
    assert.ok([...phones.values()].every((phone) => phone.client.connected))
  })

  it('see, keep and end only what is their own, and cannot tell what is not', async () => {
    const alice = createClient({ url: server.url, token: token('alice') })
    await alice.register({ userEndpointId: 'alices-only', keepAliveSeconds: 60 })
    const bob = createClient({ url: server.url, token: token('bob') })
    assert.deepEqual(
      (await bob.endpoints()).map(({ id }) => id),
      ['phone'],
    )
    for (const id of ['alices-only', 'nobodys', '__proto__', 'constructor']) {
      await assert.rejects(bob.keepalive(id), { code: 'endpoint_unknown' })
      await assert.rejects(bob.unregister(id), { code: 'endpoint_unknown' })
      await assert.rejects(bob.endpoint(id), { code: 'not_found' })
    }
    assert.equal((await alice.endpoint('alices-only')).connected, false)
    await alice.unregister('alices-only')
  })

  it('subscribe to their own registered endpoints and to nothing else', async () => {
    const alice = createClient({ url: server.url, token: token('alice') })
    await alice.register({ userEndpointId: 'alices-only', keepAliveSeconds: 60 })
    const phone = await connectPhone(server.url, 'bob', token('bob'))
    const others = [
      '#',
      '+',
      'users/endpoints/+',
      'user/alice/phone',
      'user/alice/alices-only',
      'users/endpoints/alices-only',
    ]
    for (const topic of [
      ...others,
      'user/carol/phone',
      '$share/g/users/endpoints/phone',
      '$SYS/#',
      'users/endpoints/phone/x',
    ])
      assert.deepEqual(await phone.subscribe(topic), [0x80], topic)
    assert.deepEqual(await phone.subscribe('user/bob/phone'), [1])
    await phone.end()
    await assert.rejects(connectPhone(server.url, 'alice', token('bob')), /[Nn]ot authorized/)
    await assert.rejects(connectPhone(server.url, 'bob', `${token('bob').slice(0, -2)}xx`))
  })

  it('belong to an organization, but for SERVICE, which has no endpoints', async () => {
    const service = await backend(server.url, 'platform-service')
    await assert.rejects(service.register({ keepAliveSeconds: 5 }), { code: 'no_organization' })
    await assert.rejects(service.keepalive('phone'), { code: 'no_organization' })
    await assert.rejects(service.endpoints(), { code: 'no_organization' })
  })
})
