import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Backend, createBackend, createClient, type Statistics } from '@rollcall/client/client'
import { call } from '../helpers/call.ts'
import { offer } from '../helpers/demo.ts'
import { makeDirectory, tokenOfClient, tokenOfUser } from '../helpers/directory.ts'
import { connectPhone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

/** Without what depends on the time, or on how large the machine is. */
function timeless({ at, since, deliveryMs, expiryLatenessMs, shares, ...figures }: Statistics) {
  return figures
}

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0)

describe('statistics', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let env: Record<string, string>
  before(async () => {
    data = await makeDataDir()
    env = { DIRECTORY_FILE: (await makeDirectory(data.path)).file }
    server = await startProcess(data.path, env)
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  const backendOf = async (clientId: string): Promise<Backend> => {
    const token = await tokenOfClient(server.url, clientId)
    return createBackend({ url: server.url, credentials: () => token })
  }

  it('tell an organization what was sent, acknowledged, expired and lost, and nobody else', async () => {
    const acme = await backendOf('acme-backend')
    const [alice, bob] = await Promise.all(
      ['alice', 'bob'].map(async (user) => {
        const { accessToken: token } = await tokenOfUser(server.url, user)
        return { token, client: createClient({ url: server.url, token }) }
      }),
    )
    assert(alice !== undefined && bob !== undefined)
    await alice.client.register({ userEndpointId: 'phone', keepAliveSeconds: 600 })
    await bob.client.register({ userEndpointId: 'away', keepAliveSeconds: 600 })
    await bob.client.register({ userEndpointId: 'brief', keepAliveSeconds: 1 })
    await bob.client.register({ userEndpointId: 'left', keepAliveSeconds: 600 })
    const phone = await connectPhone(server.url, 'alice', alice.token)
    await phone.subscribe('users/endpoints/phone')

    await acme.send(offer('alice', { qos: 1 }))
    await acme.send(offer('alice'))
    await acme.send(offer('bob', { userEndpointId: 'away' }))
    await acme.send(offer('bob', { userEndpointId: 'away', qos: 1, ttlSeconds: 1 }))
    await acme.send(offer('bob', { userEndpointId: 'away', qos: 1 }))
    await acme.send(offer('bob', { userEndpointId: 'left', qos: 1 }))
    await bob.client.unregister('left')
    await eventually(async () => {
      const { qos1, ended } = await acme.statistics()
      return qos1.acknowledged + qos1.expired + ended.expired === 3
    }, 'everything comes to its end')
    const found = await acme.statistics()
    const { at, since, deliveryMs, expiryLatenessMs } = found
    assert.deepEqual(timeless(found), {
      organizationId: 'acme',
      registrations: 2,
      connected: 1,
      mailboxEvents: 1,
      mailboxBytes: found.mailboxBytes,
      qos0: { events: 2, sent: 1, notConnected: 1, discarded: 0, answered: 0 },
      qos1: {
        ...{ events: 4, copies: 4, acknowledged: 1, expired: 1 },
        ...{ discarded: 1, registrationEnded: 1, superseded: 0, mailboxFull: 0, woken: 0, answered: 0 },
      },
      ended: { expired: 1, unregistered: 1 },
      nodes: { answered: 1, silent: [] },
    })
    assert.ok(found.mailboxBytes > 128 && found.mailboxBytes < 1_000, `${found.mailboxBytes} bytes`)
    assert.ok(Date.parse(since) < Date.parse(at) && Math.abs(Date.now() - Date.parse(at)) < 30_000)
    assert.deepEqual([sum(deliveryMs.qos0), sum(deliveryMs.qos1), sum(expiryLatenessMs.counts)], [1, 1, 1])

    assert.equal(found.shares?.['links']?.used, 1, 'the phone')

    const globex = await (await backendOf('globex-backend')).statistics({ organizationId: 'acme' })
    assert.equal(globex.organizationId, 'globex')
    assert.deepEqual(
      [globex.registrations, globex.connected, globex.mailboxEvents, globex.qos1.events, globex.qos0.events],
      [0, 0, 0, 0, 0],
    )
    assert.equal(sum(globex.deliveryMs.qos1), 0)
    assert.equal(globex.shares?.['links']?.used, 0)
    const service = await backendOf('service')
    const named = await service.statistics({ organizationId: 'acme' })
    assert.deepEqual(timeless(named), timeless(found))
    assert.deepEqual(timeless(await service.statistics({ organizationId: 'globex' })), timeless(globex))
    assert.deepEqual(timeless(await service.statistics()), { ...timeless(found), organizationId: null })
    const { accessToken: administrator } = await tokenOfUser(server.url, 'boss')
    assert.equal((await call(server.url, administrator, 'GET statistics')).status, 200)
    assert.equal((await call(server.url, bob.token, 'GET statistics')).status, 403)
    await phone.end()
  })

  it('begin anew after a restart, but for what is there', async () => {
    const before = await (await backendOf('acme-backend')).statistics()
    await server.kill()
    server = await startProcess(data.path, env)
    const after = await (await backendOf('acme-backend')).statistics()
    assert.deepEqual([after.registrations, after.connected, after.mailboxEvents], [2, 0, 1])
    assert.deepEqual([after.qos1.events, after.qos0.events, after.ended.expired], [0, 0, 0])
    assert.ok(Date.parse(after.since) > Date.parse(before.at))
  })

  it('of the last day outlive the server, and are nobody else’s', async () => {
    const acme = await backendOf('acme-backend')
    for (let n = 0; n < 3; n++) await acme.send(offer('bob', { userEndpointId: 'away', qos: 1 }))
    await server.terminate()
    server = await startProcess(data.path, env)
    const day = async (clientId: string) => {
      const token = await tokenOfClient(server.url, clientId)
      const { status, text } = await call(server.url, token, 'GET statistics/day?stepSeconds=3600')
      assert.equal(status, 200, text)
      const { qos1, minutes } = JSON.parse(text)
      return { events: sum(qos1.events), minutes: sum(minutes), steps: qos1.events.length }
    }
    // In the first minute of an hour, the hour is told of once that minute is over.
    await eventually(async () => (await day('acme-backend')).minutes > 0, 'it is kept', 70_000)
    assert.deepEqual(await day('acme-backend'), { events: 3, minutes: 1, steps: 24 })
    assert.equal((await day('globex-backend')).events, 0)
  })
})
