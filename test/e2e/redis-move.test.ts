import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createClient, requestToken, type Token } from '@rollcall/client/client'
import { backend, offer, signIn, tokenOf } from '../helpers/demo.ts'
import { Nodes } from '../helpers/nodes.ts'
import { connectPhone } from '../helpers/phone.ts'
import { RedisCluster } from '../helpers/redis-cluster.ts'
import { RedisSentinels } from '../helpers/redis-sentinels.ts'
import { NO_REDIS } from '../helpers/redis-server.ts'
import { runCli } from '../helpers/run-cli.ts'
import { eventually, makeDataDir } from '../helpers/run-server.ts'

const SEALING_KEY = Buffer.alloc(32, 7).toString('base64')
const EVENTS = 5

/** As somebody does it who has outgrown one Redis: processes that people use, the command, and processes elsewhere. */
describe('a service that is moved from one set of Redis to another', {
  skip: NO_REDIS ?? false,
  timeout: 180_000,
}, () => {
  let cluster: RedisCluster
  let sentinels: RedisSentinels
  let nodes: Nodes<RedisCluster>
  let moved: Nodes<RedisSentinels> | undefined
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let bob: Token
  before(async () => {
    ;[cluster, sentinels] = await Promise.all([RedisCluster.start(), RedisSentinels.start()])
    nodes = await Nodes.over(cluster, 2)
    data = await makeDataDir()
    bob = await signIn(nodes.at(0).url, 'bob')
  })
  after(async () => {
    await Promise.all([nodes?.close() ?? cluster?.close(), moved?.close() ?? sentinels?.close()])
    await data?.remove()
  })

  const file = () => join(data.path, 'rollcall.move')

  function command(name: 'export-store' | 'import-store', url: string) {
    return runCli([name, file()], { env: { DATA_DIR: data.path, REDIS_URL: url, SEALING_KEY } })
  }

  /** The command is refused, says who is there, and leaves no file. */
  async function assertInUse(name: 'export-store' | 'import-store', url: string, by: string): Promise<void> {
    const { code, stderr } = await command(name, url)
    assert.notEqual(code, 0)
    assert.match(stderr, new RegExp(`in use by ${by}\\. Stop every process of the service`))
    if (name === 'export-store') assert.equal(existsSync(file()), false)
  }

  it('refuses the export while a process is there, and names all that are', async () => {
    const { url } = nodes.at(1)
    await createClient({ url, token: bob.accessToken }).register({
      userEndpointId: 'phone',
      keepAliveSeconds: 600,
    })
    const acme = await backend(url, 'acme-backend')
    for (let n = 0; n < EVENTS; n++)
      assert.equal((await acme.sendEvent(offer('bob', { userEndpointId: 'phone', qos: 1 }, { n }))).count, 1)
    await assertInUse('export-store', cluster.url, 'processes a, b')
    await nodes.at(0).terminate()
    await assertInUse('export-store', cluster.url, 'process b')
    await assertInUse('import-store', cluster.url, 'process b')
    await nodes.at(1).terminate()
  })

  /** What people and devices had: a sign-in, an endpoint, its mailbox, and the history. */
  it('goes on behind sentinels where it was in a cluster', async () => {
    const exported = await command('export-store', cluster.url)
    assert.equal(exported.code, 0, exported.stderr)
    const imported = await command('import-store', sentinels.url)
    assert.equal(imported.code, 0, imported.stderr)
    assert.match(imported.stdout, / 1 registration\n/)
    assert.match(imported.stdout, new RegExp(` ${EVENTS} entry\n`))
    moved = await Nodes.over(sentinels, 1)
    const { url } = moved.at(0)
    const { refreshToken = '' } = bob
    const again = await requestToken({
      ...{ url, clientId: 'customer' },
      grant: { type: 'refresh_token', refreshToken },
    })
    const phone = await connectPhone(url, 'bob', again.accessToken, { protocolVersion: 5 })
    await phone.subscribe('users/endpoints/phone')
    await eventually(() => phone.received.length === EVENTS, 'the events arrive')
    assert.deepEqual(
      phone.received.map(({ event }) => event['n']),
      [...Array(EVENTS).keys()],
    )
    await phone.end()
    const authorization = `Bearer ${await tokenOf(url, 'acme-backend')}`
    const history = await fetch(`${url}/rtc-api/events?userId=bob`, { headers: { authorization } })
    assert.equal(history.status, 200)
    const { events } = (await history.json()) as { readonly events: readonly unknown[] }
    assert.equal(events.length, EVENTS)
    await assertInUse('import-store', sentinels.url, 'process a')
  })
})
