import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { it } from 'node:test'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { eventually } from '../../../../../test/helpers/redis-cluster.ts'
import { NO_REDIS, RedisServer } from '../../../../../test/helpers/redis-server.ts'
import { systemClock } from '../../../clock/clock.ts'
import { Post } from './post.ts'

/** A way to Redis over which nothing comes back any more for those that are open now: they are alive, and starve. */
async function startStarvingProxy(port: number) {
  const open = new Set<Socket>()
  const starved = new Set<Socket>()
  let connections = 0
  const server = createServer((near) => {
    connections++
    open.add(near)
    const far = connect(port, '127.0.0.1')
    near.pipe(far)
    far.on('data', (data) => void (starved.has(near) || near.write(data)))
    for (const socket of [near, far])
      socket.on('error', () => {}).on('close', () => void [near.destroy(), far.destroy()])
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    starve: () => void [...open].map((one) => starved.add(one)),
    connections: () => connections,
    close() {
      for (const one of open) one.destroy()
      server.close()
    },
  }
}

it('a subscription that is alive and starves is made anew within some seconds', {
  skip: NO_REDIS ?? false,
}, async () => {
  const redis = await RedisServer.start()
  const proxy = await startStarvingProxy(redis.port)
  const clock = createFakeClock()
  const received: string[] = []
  const post = new Post({
    ...{ address: { host: '127.0.0.1', port: proxy.port }, clock, probe: 'probe' },
    onMessage: (_, message) => void received.push(String(message)),
    onFailure: () => undefined,
  })
  try {
    await post.open()
    await post.add('to:one')
    post.send('to:one', Buffer.from('before'))
    await eventually(async () => received.includes('before'))
    // While messages come it is left as it is.
    for (let second = 0; second < 6; second++) {
      await clock.advance(1_000)
      await systemClock().sleep(20)
    }
    assert.equal(proxy.connections(), 2)
    proxy.starve()
    let seconds = 0
    for (; seconds < 8 && !received.includes('after'); seconds++) {
      await clock.advance(1_000)
      await systemClock().sleep(50)
      post.send('to:one', Buffer.from('after'))
      await systemClock().sleep(20)
    }
    assert.ok(received.includes('after'), 'it comes again')
  } finally {
    post.close()
    proxy.close()
    await redis.close()
  }
})
