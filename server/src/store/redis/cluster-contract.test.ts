import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { RedisCluster } from '../../../../test/helpers/redis-cluster.ts'
import { EngineUnderTest } from '../../../../test/helpers/redis-engine.ts'
import { NO_REDIS } from '../../../../test/helpers/redis-server.ts'
import { CONTRACT_BOUNDS, testStoreContract } from '../contract.ts'

let cluster: RedisCluster | undefined

/** What is durable has a copy. */
function onCluster() {
  assert(cluster !== undefined)
  return { address: { addresses: cluster.addresses }, replicas: 1 }
}

if (NO_REDIS === undefined) {
  before(async () => {
    cluster = await RedisCluster.start()
  })
  after(() => cluster?.close())
}

testStoreContract('a Redis Cluster', () => new EngineUnderTest(onCluster(), CONTRACT_BOUNDS).open(), {
  ...(NO_REDIS === undefined ? {} : { skip: NO_REDIS }),
  noTime: 'time is kept within a partition, by the same functions as on one Redis',
})
