import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient, type Token } from '@rollcall/client/client'
import { backend, offer, signIn } from '../helpers/demo.ts'
import { connectPhone, type Phone } from '../helpers/phone.ts'
import { NO_REDIS, RedisServer } from '../helpers/redis-server.ts'
import { eventually, freePort, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

describe('workers behind one port', { skip: NO_REDIS ?? false }, () => {
  let redis: RedisServer
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let bob: Token
  before(async () => {
    redis = await RedisServer.start()
    data = await makeDataDir()
    server = await startProcess(data.path, {
      ...{
        REDIS_URL: `redis://127.0.0.1:${redis.port}`,
        SEALING_KEY: Buffer.alloc(32, 7).toString('base64'),
      },
      ...{ WORKERS: '2', NODE_NAME: 'w', PORT: String(await freePort()) },
    })
    bob = await signIn(server.url, 'bob')
  })
  after(async () => {
    await server?.terminate()
    await data?.remove()
    await redis?.close()
  })

  async function nodeCount(): Promise<number> {
    const text = await (await fetch(`${server.url}/metrics`)).text()
    return Number(/^rollcall_cluster_nodes (\d+)$/m.exec(text)?.[1])
  }

  /** Process ids of the workers, by the log, in their order. */
  function pids(): readonly number[] {
    return [
      ...server.output().matchAll(/"pid":(\d+)[^\n]*a worker is there|a worker is there[^\n]*"pid":(\d+)/g),
    ].map((match) => Number(match[1] ?? match[2]))
  }

  it('are nodes of one service: whoever is at one gets what is sent at the other', async () => {
    await eventually(async () => (await nodeCount()) === 2, 'both are there')
    const phones: Phone[] = []
    for (let index = 0; index < 4; index++) {
      const userEndpointId = `phone-${index}`
      await createClient({ url: server.url, token: bob.accessToken }).register({
        userEndpointId,
        keepAliveSeconds: 600,
      })
      const phone = await connectPhone(server.url, 'bob', bob.accessToken, { protocolVersion: 5 })
      await phone.subscribe(`users/endpoints/${userEndpointId}`)
      phones.push(phone)
    }
    const acme = await backend(server.url, 'acme-backend')
    for (let n = 0; n < 5; n++) assert.equal((await acme.sendEvent(offer('bob', { qos: 1 }))).count, 4)
    await eventually(() => phones.every(({ received }) => received.length === 5), 'all get all')
    for (const phone of phones) await phone.end()
  })

  it('that one of them dies nobody notices but its links, and another takes its place', async () => {
    const [first] = pids()
    assert(first !== undefined)
    process.kill(first, 'SIGKILL')
    await eventually(() => pids().length === 3, 'another is started')
    assert.match(server.output(), /a worker has ended/)
    await eventually(async () => (await nodeCount()) === 2, 'both are there')
    assert.equal(
      (await (await backend(server.url, 'acme-backend')).sendEvent(offer('bob', { qos: 1 }))).count,
      4,
    )
  })

  it('drain and end by one signal', async () => {
    assert.equal(await server.terminate(), 0)
  })
})
