import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeList } from '@rollcall/protocol/nodes'
import { ask } from '../../test/helpers/ask.ts'
import { createFakeClock } from '../../test/helpers/fake-clock.ts'
import { openHttp } from '../../test/helpers/http-fixture.ts'
import { createLocalCluster } from './cluster/local/local.ts'
import { Happenings } from './happenings.ts'
import { createServiceNodes, type ServiceNodesOptions, type View } from './service-nodes.ts'

const PRIMARY = { redis: 'one:1', isReached: true, awayForMs: undefined, partitions: 200, replicas: 1 }
const AWAY = { redis: 'two:2', isReached: false, awayForMs: 5_000, partitions: 56, replicas: undefined }

/** A process `a` that has heard of `b`; whether that answers is up to the test. */
function open(answerOfB: unknown, changes: Partial<ServiceNodesOptions> = {}) {
  const clock = createFakeClock()
  const happenings = new Happenings(clock)
  const view: View = {
    ...{ kind: 'redis', name: 'a', happenings },
    seen: () => [
      { node: 'b/2', silentMs: 3_000, state: 'silent' },
      { node: 'a/1', silentMs: 100, state: 'there' },
    ],
    redis: () => ({ topology: 'cluster', partitions: 256, partitionsAway: 56, primaries: [PRIMARY, AWAY] }),
  }
  const local = createLocalCluster('a/1')
  const asked: string[] = []
  const gather = async (_what: string, question: Uint8Array) => {
    asked.push(Buffer.from(question).toString())
    if (answerOfB instanceof Error) throw answerOfB
    const answers = answerOfB === undefined ? [] : [['b/2', Buffer.from(JSON.stringify(answerOfB))] as const]
    return { answers: new Map(answers), silent: answerOfB === undefined ? ['b/2'] : [] }
  }
  const nodes = createServiceNodes({
    cluster: { nodes: { ...local.nodes, isAlone: false }, requests: { ...local.requests, gather } },
    ...{ view, clock },
    store: { failure: () => undefined, warnings: () => ['store_partly_away'] },
    delivery: { connected: (id) => (id === 'acme' ? 2 : 7) },
    statistics: { sinceWallMs: clock.wallMs() },
    ...changes,
  })
  return { nodes, clock, happenings, asked }
}

const B = { sinceWallMs: 0, version: '9', isLeaving: false, connected: 3, happened: [] }

test('each process says how many links it has of the organization that is asked for, and of no other', async () => {
  const { nodes, asked } = open(B)
  const { nodes: list, organizationId } = await nodes.read('acme')
  assert.deepEqual([organizationId, asked], ['acme', ['"acme"']])
  assert.deepEqual(
    list.map(({ id, name, isSelf, state, connected }) => [id, name, isSelf, state, connected]),
    [
      ['a/1', 'a', true, 'there', 2],
      ['b/2', 'b', false, 'silent', 3],
    ],
  )
  assert.equal((await nodes.read(null)).nodes[0]?.connected, 7)
})

test('a process that says nothing of itself is in the list all the same', async () => {
  for (const said of [undefined, new Error('unavailable')]) {
    const [, b] = (await open(said).nodes.read(null)).nodes
    assert.deepEqual([b?.name, b?.version, b?.connected, b?.since], ['b', undefined, undefined, undefined])
  }
})

test('where the store is away nobody is waited for, and what is known is told', async () => {
  const store = { failure: () => 'away', warnings: () => [] }
  const { nodes, asked } = open(B, { store })
  const { store: told, nodes: list } = await nodes.read(null)
  assert.deepEqual([told.state, list.length, asked], ['away', 2, []])
})

test('a process that was told to end says that it is leaving', async () => {
  const { nodes } = open({ ...B, isLeaving: true })
  nodes.leave()
  assert.equal((await nodes.read(null)).nodes[0]?.state, 'leaving')
})

test('the health of Redis and its last failover are told', async () => {
  const { nodes, happenings, clock } = open(B)
  happenings.add({ kind: 'redis_failover', partitions: 85, from: ['old:1'], to: ['one:1'] })
  await clock.advance(10_000)
  const { store, happened, at } = await nodes.read(null)
  const ago = (ms: number) => new Date(Date.parse(at) - ms).toISOString()
  assert.equal(store.state, 'partly_away')
  assert.deepEqual(store.redis?.primaries, [
    { redis: 'one:1', isReached: true, partitions: 200, replicas: 1 },
    { redis: 'two:2', isReached: false, partitions: 56, awaySince: ago(5_000) },
  ])
  const failover = { at: ago(10_000), partitions: 85, from: ['old:1'], to: ['one:1'] }
  assert.deepEqual(store.redis?.failover, failover)
  assert.deepEqual(happened, [{ kind: 'redis_failover', ...failover, seenBy: ['a'] }])
})

test('an organization is told of no other, and not where a Redis is', async (t) => {
  const { nodes, happenings } = open(B)
  happenings.add({ kind: 'redis_away', redis: 'two:2', failure: 'no way to two:2' })
  happenings.add({ kind: 'redis_failover', partitions: 85, from: ['old:1'], to: ['one:1'] })
  const wanted: (string | null)[] = []
  const read = (id: string | null) => {
    wanted.push(id)
    return nodes.read(id)
  }
  const { listen } = await openHttp(t, { nodes: { ...nodes, read } })
  const url = await listen()
  const get = async (caller: string, query = '') => {
    const answer = await ask(url, `GET /rtc-api/nodes${query}`, {
      headers: { authorization: `Bearer ${caller}` },
    })
    return { status: answer.status, text: answer.text }
  }
  const { status, text } = await get('backend', '?organizationId=globex')
  assert.equal(status, 200)
  assert.doesNotMatch(text, /one:1|two:2|old:1/)
  const list: NodeList = JSON.parse(text)
  assert.deepEqual([list.organizationId, list.nodes[0]?.connected], ['acme', 2])
  assert.equal(list.store.redis?.failover?.partitions, 85)
  for (const caller of ['alice', 'bob']) assert.equal((await get(caller)).status, 403)
  assert.equal((await get('nobody')).status, 401)
  assert.match((await get('service')).text, /one:1.*old:1/)
  assert.equal((await get('service', '?organizationId=globex')).status, 200)
  assert.equal((await get('service', '?organizationId=acne')).status, 404)
  assert.deepEqual(wanted, ['acme', null, 'globex'])
})
