import { after, before } from 'node:test'
import { EngineUnderTest } from '../../../../test/helpers/redis-engine.ts'
import { NO_REDIS, RedisServer } from '../../../../test/helpers/redis-server.ts'
import { testFeedBounds } from '../contract/feed-bounds.ts'
import { CONTRACT_BOUNDS, testStoreContract } from '../contract.ts'

let server: RedisServer | undefined

function onOne() {
  return { address: { host: '127.0.0.1', port: server?.port ?? 0 } }
}

if (NO_REDIS === undefined) {
  before(async () => {
    server = await RedisServer.start()
  })
  after(() => server?.close())
}

const here = NO_REDIS === undefined ? {} : { skip: NO_REDIS }
testStoreContract('Redis', () => new EngineUnderTest(onOne(), CONTRACT_BOUNDS).open(), here)
testFeedBounds('Redis', (feedBounds) => new EngineUnderTest(onOne(), { feedBounds }).open(), here)
