import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@rollcall/client/client'
import { call } from '../helpers/call.ts'
import { offer } from '../helpers/demo.ts'
import { makeDirectory, tokenOfClient, tokenOfUser } from '../helpers/directory.ts'
import { connectPhone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

/** As `startProcess` starts them. */
const HAS_SEVERAL_NODES = Number(process.env['E2E_NODES'] ?? 1) > 1

type Presence = { userId: string; registered: number; connected: number; lastSeenAt: string | null }

describe('presence', () => {
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

  const presence = async (token: string, userIds: readonly string[]): Promise<readonly Presence[]> => {
    const answer = await call(server.url, token, 'POST users/presence', { userIds })
    assert.equal(answer.status, 200, answer.text)
    return (answer.json as { users: Presence[] }).users
  }

  it('shows a backend who is there, who was, and when; also across a kill', async () => {
    const backend = await tokenOfClient(server.url, 'acme-backend')
    const { accessToken } = await tokenOfUser(server.url, 'alice')
    const alice = createClient({ url: server.url, token: accessToken })
    const never = (userId: string) => ({ userId, registered: 0, connected: 0, lastSeenAt: null })
    assert.deepEqual(
      await presence(backend, ['bob', 'alice', 'nobody']),
      ['bob', 'alice', 'nobody'].map(never),
    )

    await alice.register({ userEndpointId: 'phone', keepAliveSeconds: 600 })
    await alice.register({ userEndpointId: 'tab', keepAliveSeconds: 600 })
    const phone = await connectPhone(server.url, 'alice', accessToken)
    await phone.subscribe('users/endpoints/phone')
    const [there] = await presence(backend, ['alice'])
    assert.deepEqual([there?.registered, there?.connected], [2, 1])
    const seenAtMs = Date.parse(there?.lastSeenAt ?? '')
    assert.ok(Math.abs(Date.now() - seenAtMs) < 30_000)

    await createClient({ url: server.url, token: backend }).sendEvent(
      offer('alice', { userEndpointId: 'tab', qos: 1 }),
    )
    const listed = await call(server.url, backend, 'GET users/alice/endpoints')
    assert.deepEqual(
      (listed.json as { id: string; connected: boolean; mailboxDepth: number }[]).map((one) => [
        one.id,
        one.connected,
        one.mailboxDepth,
      ]),
      [
        ['phone', true, 0],
        ['tab', false, 1],
      ],
    )

    const linkOf = async (): Promise<object | undefined> => {
      const { json } = await call(server.url, backend, 'GET users/alice/endpoints')
      const [first] = json as { link?: { connectedAt: string; node?: string } }[]
      if (first?.link === undefined) return undefined
      const { node, ...link } = first.link
      assert.equal(node !== undefined, HAS_SEVERAL_NODES, 'a process that is alone is not named')
      return { ...link, connectedAt: typeof link.connectedAt }
    }
    const expected = {
      clientId: 'tab-7',
      protocol: 'MQTT 5.0',
      transport: 'websocket',
      userAgent: '<b>X</b>/1',
    }
    const again = await connectPhone(server.url, 'alice', accessToken, {
      protocolVersion: 5,
      clientId: 'tab-7',
      wsOptions: { headers: { 'user-agent': '<b>X</b>/1' } },
    })
    await again.subscribe('users/endpoints/phone')
    assert.deepEqual(await linkOf(), { ...expected, connectedAt: 'string' })
    await again.end()
    await eventually(async () => (await linkOf()) === undefined, 'the link is gone with the connection')
    assert.ok(!server.output().includes('<b>'), 'no user agent is in the log')

    await alice.unregister('phone')
    await alice.unregister('tab')
    await phone.end()
    const [gone] = await presence(backend, ['alice'])
    assert.deepEqual(gone, { ...never('alice'), lastSeenAt: there?.lastSeenAt ?? '' })
    await server.kill()
    server = await startProcess(data.path, env)
    assert.deepEqual(await presence(await tokenOfClient(server.url, 'acme-backend'), ['alice']), [gone])
  })

  it('kicks one endpoint: its link closes, its mailbox goes, and it may come back', async () => {
    const backend = await tokenOfClient(server.url, 'acme-backend')
    const { accessToken } = await tokenOfUser(server.url, 'bob')
    const bob = createClient({ url: server.url, token: accessToken })
    for (const userEndpointId of ['kicked', 'kept'])
      await bob.register({ userEndpointId, keepAliveSeconds: 600 })
    const reasons: (number | undefined)[] = []
    const connect = async (endpoint: string) => {
      const link = await connectPhone(server.url, 'bob', accessToken, {
        protocolVersion: 5,
        clientId: endpoint,
      })
      link.client.on('disconnect', ({ reasonCode }) => void reasons.push(reasonCode))
      assert.deepEqual(await link.subscribe(`users/endpoints/${endpoint}`), [1])
      return link
    }
    const kicked = await connect('kicked')
    const kept = await connect('kept')
    await kicked.end()
    await createClient({ url: server.url, token: backend }).sendEvent(
      offer('bob', { userEndpointId: 'kicked', qos: 1 }),
    )
    const again = await connect('kicked')
    assert.equal((await call(server.url, backend, 'DELETE users/bob/endpoints/kicked')).status, 204)
    await eventually(() => !again.client.connected, 'the link of the kicked endpoint closes')
    assert.deepEqual(reasons, [0x98])
    assert.equal((await call(server.url, backend, 'DELETE users/bob/endpoints/kicked')).status, 404)
    assert.deepEqual(
      (await bob.endpoints()).map(({ id }) => id),
      ['kept'],
    )
    assert.ok(kept.client.connected)
    await bob.register({ userEndpointId: 'kicked', keepAliveSeconds: 600 })
    const back = await connect('kicked')
    assert.deepEqual(back.received, [], 'what waited was discarded')
    await Promise.all([back.end(), kept.end()])
  })

  it('is within the organization, and of oneself', async () => {
    const globex = await tokenOfClient(server.url, 'globex-backend')
    const service = await tokenOfClient(server.url, 'service')
    const { accessToken: bob } = await tokenOfUser(server.url, 'bob')
    const { accessToken: boss } = await tokenOfUser(server.url, 'boss')
    assert.deepEqual((await call(server.url, globex, 'GET users/bob/endpoints?organizationId=acme')).json, [])
    assert.equal((await call(server.url, globex, 'DELETE users/bob/endpoints/kept')).status, 404)
    assert.equal((await call(server.url, service, 'GET users/bob/endpoints')).status, 400)
    const named = await call(server.url, service, 'GET users/bob/endpoints?organizationId=acme')
    const own = await call(server.url, bob, 'GET users/bob/endpoints')
    const idsOf = (answer: { readonly json: unknown }) =>
      (answer.json as { id: string }[]).map(({ id }) => id)
    assert.deepEqual(idsOf(own), ['kept', 'kicked'])
    assert.deepEqual(idsOf(named), idsOf(own))
    assert.deepEqual(idsOf(await call(server.url, boss, 'GET users/bob/endpoints')), idsOf(own))
    for (const line of [
      'GET users/alice/endpoints',
      'DELETE users/alice/endpoints/x',
      'GET users/nobody/endpoints',
    ])
      assert.equal((await call(server.url, bob, line)).status, 403, line)
    const both = { userIds: ['bob', 'alice'] }
    assert.equal((await call(server.url, bob, 'POST users/presence', both)).status, 403)
  })
})
