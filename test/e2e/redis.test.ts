import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient, type Token } from '@rollcall/client/client'
import { backend, offer, signIn } from '../helpers/demo.ts'
import { connectPhone } from '../helpers/phone.ts'
import { NO_REDIS, RedisServer } from '../helpers/redis-server.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const SEALING_KEY = Buffer.alloc(32, 7).toString('base64')

/** A service whose store is Redis, as people run it: real processes on both sides. */
describe('a service on Redis', { skip: NO_REDIS ?? false }, () => {
  let redis: RedisServer
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let bob: Token
  const env = () => ({ REDIS_URL: `redis://127.0.0.1:${redis.port}`, SEALING_KEY })
  before(async () => {
    redis = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'always')
    data = await makeDataDir()
    server = await startProcess(data.path, env())
    bob = await signIn(server.url, 'bob')
  })
  after(async () => {
    await server?.kill()
    await data?.remove()
    await redis?.close()
  })

  async function register(userEndpointId: string): Promise<void> {
    const client = createClient({ url: server.url, token: bob.accessToken })
    await client.register({ userEndpointId, keepAliveSeconds: 600 })
  }

  async function readiness(): Promise<number> {
    return (await fetch(`${server.url}/health/ready`)).status
  }

  /** What comes to an endpoint until it has so many. */
  async function collect(userEndpointId: string, count: number): Promise<readonly unknown[]> {
    const phone = await connectPhone(server.url, 'bob', bob.accessToken, { protocolVersion: 5 })
    await phone.subscribe(`users/endpoints/${userEndpointId}`)
    await eventually(() => phone.received.length >= count, 'the events arrive')
    await phone.end()
    return phone.received.map(({ event }) => event['n'])
  }

  it('brings events to whoever is connected and to whoever comes later, in order', async () => {
    await register('phone')
    const acme = await backend(server.url, 'acme-backend')
    const phone = await connectPhone(server.url, 'bob', bob.accessToken, { protocolVersion: 5 })
    await phone.subscribe('users/endpoints/phone')
    for (let n = 0; n < 20; n++)
      assert.equal((await acme.sendEvent(offer('bob', { userEndpointId: 'phone', qos: 1 }, { n }))).count, 1)
    await eventually(() => phone.received.length === 20, 'the events arrive')
    await acme.sendEvent(offer('bob', { userEndpointId: 'phone', qos: 0 }, { n: 'at once' }))
    await eventually(() => phone.received.length === 21, 'the event arrives')
    await phone.end()
  })

  it('loses nothing that was answered when it is killed, nor when Redis is', async () => {
    await register('survivor')
    const acme = await backend(server.url, 'acme-backend')
    const send = (n: number) =>
      acme.sendEvent(offer('bob', { userEndpointId: 'survivor', qos: 1 }, { n }), `key-${n}`)
    for (let n = 0; n < 10; n++) assert.equal((await send(n)).count, 1)
    await server.kill()
    server = await startProcess(data.path, { ...env(), PORT: String(server.port) })
    // A key is remembered, and its event is not sent again.
    assert.equal((await send(9)).count, 1)
    await redis.kill()
    await redis.start()
    await eventually(async () => (await readiness()) === 200, 'it is ready again')
    assert.equal((await send(10)).count, 1)
    assert.deepEqual(await collect('survivor', 11), [...Array(11).keys()])
  })

  it('is not ready while Redis hangs, closes nothing, and goes on by itself', async () => {
    await register('patient')
    const acme = await backend(server.url, 'acme-backend')
    const phone = await connectPhone(server.url, 'bob', bob.accessToken, { protocolVersion: 5 })
    await phone.subscribe('users/endpoints/patient')
    redis.freeze()
    const send = (key: string) =>
      acme.sendEvent(offer('bob', { userEndpointId: 'patient', qos: 1 }, { n: 1 }), key)
    await assert.rejects(send('lost'), { code: 'unavailable' })
    await eventually(async () => (await readiness()) === 503, 'it is not ready')
    redis.thaw()
    await eventually(async () => (await readiness()) === 200, 'it is ready again')
    assert.equal((await send('anew')).count, 1)
    await eventually(() => phone.received.length === 1, 'the event arrives')
    await phone.end()
    assert.match(server.output(), /Redis cannot be reached/)
    assert.match(server.output(), /Redis can be reached again/)
  })
})
