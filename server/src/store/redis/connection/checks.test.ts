import assert from 'node:assert/strict'
import { it } from 'node:test'
import { adviceOn } from './checks.ts'

const WELL = { connected_slaves: '2', aof_enabled: '1', cluster_enabled: '1' }
const CONFIGURED = { 'min-replicas-to-write': '0', 'cluster-require-full-coverage': 'no', maxmemory: '100' }

function advice(info: object, config: object, replicas: number): string {
  const all = adviceOn(
    new Map(Object.entries({ ...WELL, ...info })),
    new Map(Object.entries({ ...CONFIGURED, ...config })),
    replicas,
  )
  return all.join('\n')
}

it('what Redis is configured to is held against what is asked for, and each thing that may cost something is said', () => {
  assert.equal(advice({}, {}, 1), '')
  assert.match(advice({ connected_slaves: '0' }, {}, 1), /has 0 replicas, and REDIS_REPLICAS_MIN asks for 1/)
  assert.match(advice({}, {}, 0), /REDIS_REPLICAS_MIN is 0/)
  assert.equal(advice({ connected_slaves: '0' }, {}, 0), '')
  assert.match(advice({ aof_enabled: '0' }, {}, 1), /appendonly yes/)
  assert.match(advice({}, { 'min-replicas-to-write': '1' }, 1), /min-replicas-to-write/)
  assert.match(advice({}, { 'cluster-require-full-coverage': 'yes' }, 1), /full-coverage/)
  assert.equal(advice({ cluster_enabled: '0' }, { 'cluster-require-full-coverage': 'yes' }, 1), '')
  assert.match(advice({}, { maxmemory: '0' }, 1), /no maxmemory/)
})

it('a Redis that does not tell how it is configured is asked nothing more', () => {
  assert.deepEqual(adviceOn(new Map(Object.entries(WELL)), new Map(), 1), [])
})
