import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type ClusterMember, eventually, RedisCluster } from '../../../../test/helpers/redis-cluster.ts'
import { NO_REDIS } from '../../../../test/helpers/redis-server.ts'
import { systemClock } from '../../clock/clock.ts'
import { entriesOf, linkOf } from '../contract/entries.ts'
import type { RegistrationKey, Store, UserKey } from '../store.ts'
import { type OpenEngineOptions, openEngine } from './assembly.ts'
import { Partitions } from './connection/partitions.ts'

const clock = systemClock()
const PARTITIONS = 6
const isUnavailable = { code: 'unavailable' }

/** A user in each partition, whatever the prefix is. */
const USERS = usersOf(new Partitions(PARTITIONS, ''))

function usersOf(partitions: Partitions): readonly UserKey[] {
  const users: UserKey[] = []
  for (let number = 0; users.filter(Boolean).length < partitions.count; number++) {
    const user = { organizationId: 'acme', userId: `user ${number}` }
    users[partitions.ofUser(user)] ??= user
  }
  return users
}

function userOf(partition: number): UserKey {
  const user = USERS[partition]
  assert(user !== undefined)
  return user
}

async function register({ registrations }: Store, user: UserKey): Promise<RegistrationKey> {
  const request = { serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0, keepAliveSeconds: 600 }
  const outcome = await registrations.register({ ...user, userEndpointId: 'phone', ...request }, 5)
  assert(outcome.kind === 'registered')
  return outcome.registration
}

function append({ mailboxes }: Store, user: UserKey, eventId: string) {
  const event = { eventId, payload: Buffer.from(eventId), sealed: false, acceptedAtWallMs: clock.wallMs() }
  return mailboxes.append({ ...user, event, eventsMax: 1e6, bytesMax: 1e9 })
}

async function idsAt(store: Store, registration: RegistrationKey): Promise<readonly string[]> {
  const entries = await entriesOf(store, registration, 0, 100_000)
  return entries.map(({ eventId }) => eventId)
}

/** What was answered, and what nobody knows. */
type Sent = { readonly done: string[]; readonly undecided: string[]; refused: number }

/** Notes what became of an event. */
async function told(sent: Sent, eventId: string, answer: Promise<unknown>): Promise<void> {
  try {
    await answer
    sent.done.push(eventId)
  } catch (error) {
    if ((error as { isUndecided?: boolean }).isUndecided === true) sent.undecided.push(eventId)
    else sent.refused++
  }
}

/** Sends one after the other, and goes on with the next whatever came of it, until it is told to end. */
function sender(store: Store, user: UserKey, name: string): { readonly sent: Sent; end(): Promise<void> } {
  const sent: Sent = { done: [], undecided: [], refused: 0 }
  let isOver = false
  const sending = (async () => {
    for (let count = 0; !isOver; count++) {
      const eventId = `${name}-${count}`
      const before = sent.done.length
      await told(sent, eventId, append(store, user, eventId))
      if (sent.done.length === before) await clock.sleep(5)
    }
  })()
  return {
    sent,
    async end() {
      isOver = true
      await sending
    },
  }
}

/** Nothing that was answered is missing, nothing is there that was refused, and all in its order. */
function assertKept(ids: readonly string[], { done, undecided }: Sent): void {
  const there = new Set(ids)
  assert.deepEqual(
    done.filter((id) => !there.has(id)),
    [],
    'answered, and lost',
  )
  const may = new Set([...done, ...undecided])
  assert.deepEqual(
    ids.filter((id) => !may.has(id)),
    [],
    'refused, and there',
  )
  const numbers = ids.map((id) => Number(id.slice(id.lastIndexOf('-') + 1)))
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
  )
}

describe('a Redis Cluster', { skip: NO_REDIS ?? false }, () => {
  let cluster: RedisCluster
  let stores = 0
  const lines: string[] = []
  let lost: number[] = []
  before(async () => {
    cluster = await RedisCluster.start()
  })
  after(() => cluster?.close())

  function options(wanted: Partial<OpenEngineOptions>): OpenEngineOptions {
    const say = (line: string) => void lines.push(line)
    return {
      address: { addresses: cluster.addresses },
      ...{ prefix: `c${stores}:`, partitions: PARTITIONS, id: 'one', clock, replicas: 1 },
      log: { error: say, warn: say, info: say },
      onDataLost: (isConcerned) => void lost.push(USERS.findIndex(isConcerned)),
      ...wanted,
    }
  }

  async function withStore(
    run: (store: Store, partitions: Partitions) => Promise<void>,
    wanted: Partial<OpenEngineOptions> = {},
  ): Promise<void> {
    stores++
    lines.length = 0
    lost = []
    const { store } = await openEngine(options(wanted))
    try {
      await run(store, new Partitions(PARTITIONS, `c${stores}:`))
    } finally {
      await store.close()
    }
  }

  function ownerOf(partitions: Partitions, partition: number): Promise<ClusterMember> {
    return cluster.ownerOf(partitions.slotOf(partition))
  }

  it('has the partitions of a store on all its primaries, and its functions on each', async () => {
    await withStore(async (store, partitions) => {
      const owners = new Map<ClusterMember, number>()
      for (const partition of partitions.all) {
        const owner = await ownerOf(partitions, partition)
        owners.set(owner, (owners.get(owner) ?? 0) + 1)
      }
      assert.deepEqual([...owners.values()], [2, 2, 2])
      for (const user of USERS) await register(store, user)
      assert.equal((await store.totals()).registrations, PARTITIONS)
      for (const { redis } of owners.keys())
        assert.match(JSON.stringify(await redis.call('FUNCTION', 'LIST')), /rollcall_/)
      assert.equal(store.failure(), undefined)
    })
  })

  it('fails over by hand under 64 events on their way: none is lost, doubled or out of its order', async () => {
    await withStore(async (store, partitions) => {
      const registration = await register(store, userOf(0))
      const replica = await cluster.replicaOf(await ownerOf(partitions, 0))
      const sent: Sent = { done: [], undecided: [], refused: 0 }
      const answers: Promise<unknown>[] = []
      const send = () => {
        for (let count = 0; count < 64; count++)
          answers.push(told(sent, `e-${answers.length}`, append(store, userOf(0), `e-${answers.length}`)))
      }
      send()
      const sinceMs = clock.monotonicMs()
      let tookMs = 0
      const failingOver = cluster.failOver(replica).then(() => {
        tookMs = clock.monotonicMs() - sinceMs
      })
      for (let rounds = 0; rounds < 30; rounds++) {
        await clock.sleep(10)
        send()
      }
      await failingOver
      await Promise.all(answers)
      const ids = await idsAt(store, registration)
      assertKept(ids, sent)
      assert.equal(new Set(ids).size, ids.length)
      assert.deepEqual(sent.undecided, [], 'also not what waited for copies in this moment')
      // On a machine that is busy with something else it may take longer than anybody waits.
      assert.ok(sent.refused === 0 || tookMs > 1_000, `${sent.refused} refused, in ${tookMs} ms`)
      assert.equal((await ownerOf(partitions, 0)).id, replica.id)
      await eventually(async () => lines.some((line) => line.includes('passed partitions to others')))
    })
    await cluster.settled()
  })

  it('moves a slot while events come: nobody sees half of it, and all are there afterwards', async () => {
    await withStore(async (store, partitions) => {
      const registration = await register(store, userOf(0))
      const sending = sender(store, userOf(0), 'e')
      await clock.sleep(100)
      const slot = partitions.slotOf(0)
      const from = await ownerOf(partitions, 0)
      const to = await ownerOf(partitions, 4)
      await to.redis.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
      await from.redis.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
      await clock.sleep(100)
      const keys = (await from.redis.call('CLUSTER', 'GETKEYSINSLOT', slot, '1000')) as string[]
      assert.ok(keys.length > 5)
      const before = sending.sent.done.length
      for (const key of keys) {
        await from.redis.call('MIGRATE', '127.0.0.1', to.port, key, 0, 5_000)
        await clock.sleep(5)
      }
      assert.equal(sending.sent.done.length, before, 'nothing is carried out on half of what is there')
      for (const { redis } of [to, from]) await redis.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
      await eventually(async () => sending.sent.done.length > before + 10)
      await sending.end()
      assert.deepEqual([sending.sent.undecided, lost], [[], []])
      assertKept(await idsAt(store, registration), sending.sent)
      // Back again, for whoever comes after.
      await from.redis.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', to.id)
      await to.redis.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', from.id)
      const there = (await to.redis.call('CLUSTER', 'GETKEYSINSLOT', slot, '1000')) as string[]
      await to.redis.call('MIGRATE', '127.0.0.1', from.port, '', 0, 5_000, 'KEYS', ...there)
      for (const { redis } of [from, to]) await redis.call('CLUSTER', 'SETSLOT', slot, 'NODE', from.id)
      assert.equal((await append(store, userOf(0), 'last')).accepted.length, 1)
    })
    await cluster.settled()
  })

  it('without an owner of a slot refuses what is there, and nothing else', async () => {
    await withStore(async (store, partitions) => {
      await register(store, userOf(0))
      await register(store, userOf(2))
      const slot = partitions.slotOf(0)
      const owner = await ownerOf(partitions, 0)
      for (const { redis } of cluster.members) await redis.call('CLUSTER', 'DELSLOTS', slot).catch(() => {})
      await assert.rejects(append(store, userOf(0), 'x'), { ...isUnavailable, isUndecided: false })
      assert.equal((await append(store, userOf(2), 'y')).accepted.length, 1)
      await owner.redis.call('CLUSTER', 'ADDSLOTS', slot)
      await eventually(async () => (await append(store, userOf(0), 'z')).accepted.length === 1)
    })
    await cluster.settled()
  })

  it('that loses a primary, which comes back after its replica took over, has all that was answered; others never stop', async () => {
    await withStore(async (store, partitions) => {
      const owner = await ownerOf(partitions, 0)
      const [hit, spared] = [await register(store, userOf(0)), await register(store, userOf(5))]
      const [sending, beside] = [sender(store, userOf(0), 'a'), sender(store, userOf(5), 'b')]
      await clock.sleep(200)
      await owner.server.kill()
      await eventually(async () => (await ownerOf(partitions, 0)).id !== owner.id)
      await owner.server.start()
      const before = sending.sent.done.length
      await eventually(async () => sending.sent.done.length > before + 20)
      await Promise.all([sending.end(), beside.end()])
      assertKept(await idsAt(store, hit), sending.sent)
      assertKept(await idsAt(store, spared), beside.sent)
      assert.deepEqual([beside.sent.refused, beside.sent.undecided.length], [0, 0])
      assert.deepEqual(lost, [])
    })
    await cluster.settled()
  })

  it('with a primary that hangs is well again within six seconds', async () => {
    await withStore(
      async (store, partitions) => {
        const registration = await register(store, userOf(0))
        const sending = sender(store, userOf(0), 'a')
        await clock.sleep(200)
        const owner = await ownerOf(partitions, 0)
        owner.server.freeze()
        const since = clock.monotonicMs()
        const before = sending.sent.done.length
        await eventually(async () => sending.sent.done.length > before + 20)
        const tookMs = clock.monotonicMs() - since
        owner.server.thaw()
        await sending.end()
        assert.ok(tookMs < 6_000, `${tookMs} ms`)
        assertKept(await idsAt(store, registration), sending.sent)
      },
      { replicas: 0 },
    )
    await cluster.settled()
  })

  it('believes no WAIT over another connection, and takes a short one for none', async () => {
    await withStore(async (store, partitions) => {
      await register(store, userOf(0))
      const owner = await ownerOf(partitions, 0)
      const replica = await cluster.replicaOf(owner)
      const other = owner.redis.duplicate()
      other.on('error', () => {})
      await other.ping()
      await append(store, userOf(0), 'all have it')
      replica.server.freeze()
      try {
        await assert.rejects(append(store, userOf(0), 'x'), { ...isUnavailable, isUndecided: true })
        assert.equal(
          await other.call('WAIT', '1', '100'),
          1,
          'it has written nothing since, and is told that all is well',
        )
        const since = clock.monotonicMs()
        const keepalive = store.registrations.keepalive({ ...userOf(0), userEndpointId: 'phone' }, undefined)
        assert.notEqual(await keepalive, undefined)
        assert.ok(clock.monotonicMs() - since < 400, 'a keepalive waits for no copies')
      } finally {
        other.disconnect()
        replica.server.thaw()
      }
      await eventually(async () => (await append(store, userOf(0), 'y')).accepted.length === 1)
    })
    await cluster.settled()
  })

  it('without copies asked for loses what its replica had not yet: shown', async () => {
    await withStore(
      async (store, partitions) => {
        const registration = await register(store, userOf(0))
        const owner = await ownerOf(partitions, 0)
        const replica = await cluster.replicaOf(owner)
        await clock.sleep(100)
        replica.server.freeze()
        // More than what is on its way between two machines.
        const large = 'x'.repeat(400_000)
        const answered = await Promise.all(
          Array.from({ length: 50 }, (_, index) => append(store, userOf(0), `${index} ${large}`)),
        )
        await owner.server.kill()
        replica.server.thaw()
        await eventually(async () => (await ownerOf(partitions, 0)).id === replica.id)
        await eventually(async () => (await append(store, userOf(0), 'later')).accepted.length === 1)
        const ids = await idsAt(store, registration)
        assert.equal(answered.length, 50)
        assert.ok(ids.length < 50, `${50 - ids.length + 1} of 50 are lost`)
        await owner.server.start()
      },
      { replicas: 0 },
    )
    await cluster.settled()
  })

  it('whose primary comes back empty before its replica took over has lost all of it, though it had copies: shown, and told', async () => {
    await withStore(async (store, partitions) => {
      const [hit, spared] = [await register(store, userOf(0)), await register(store, userOf(5))]
      await append(store, userOf(0), 'x')
      await append(store, userOf(5), 'y')
      const owner = await ownerOf(partitions, 0)
      const concerned: number[] = []
      for (const partition of partitions.all)
        if ((await ownerOf(partitions, partition)).id === owner.id) concerned.push(partition)
      await owner.server.kill()
      await owner.server.start()
      await eventually(async () => {
        const again = await register(store, userOf(0))
        assert.notEqual(again.registrationId, hit.registrationId, 'nobody has the id of another')
        return (await idsAt(store, again)).length === 0
      })
      assert.deepEqual(await idsAt(store, spared), ['y'])
      await eventually(async () => concerned.every((partition) => lost.includes(partition)))
      assert.ok(lost.every((partition) => concerned.includes(partition)))
      assert.ok(lines.some((line) => line.includes('what it held is lost')))
    })
    await cluster.settled()
  })

  it('one of whose parts is away keeps nobody from starting: the rest is served, and that part once it is back', async () => {
    stores++
    lines.length = 0
    const owner = await cluster.ownerOf(new Partitions(PARTITIONS, `c${stores}:`).slotOf(0))
    const away = [owner, await cluster.replicaOf(owner)]
    await Promise.all(away.map(({ server }) => server.kill()))
    const outOfReach: ((user: UserKey) => boolean)[] = []
    const { store } = await openEngine(
      options({ outOfReachMs: 500, onOutOfReach: (isConcerned) => void outOfReach.push(isConcerned) }),
    )
    try {
      assert.deepEqual([store.failure(), store.warnings()], [undefined, ['store_partly_away']])
      await assert.rejects(register(store, userOf(0)), { ...isUnavailable, isUndecided: false })
      const spared = await register(store, userOf(5))
      assert.equal(await store.links.attach(spared, linkOf(1)), true)
      await store.feed.watch([{ organizationId: 'acme', types: new Set(), webhookIds: [] }]).catch(() => {})
      assert.deepEqual(await store.neighbours?.told(), new Map([[5, 0]]))
      assert.equal((await store.neighbours?.held(5))?.length, 1)
      await eventually(async () => outOfReach.length > 0)
      const isConcerned = (partition: number) => outOfReach.some((is) => is(userOf(partition)))
      assert.deepEqual([isConcerned(0), isConcerned(5)], [true, false])
      assert.equal(lines.filter((line) => line.includes('out of reach for too long')).length, 1)
      await Promise.all(away.map(({ server }) => server.start()))
      await eventually(async () => (await register(store, userOf(0))).registrationId > 0)
      assert.deepEqual([store.warnings(), isConcerned(0)], [[], false])
      assert.ok(!lines.some((line) => line.includes('what it held is lost')), 'it was not there before')
    } finally {
      await store.close()
    }
    await cluster.settled()
  })

  it('one of whose primaries has lost its functions gets them again, and all who ask there are served', async () => {
    await withStore(async (store, partitions) => {
      for (const user of USERS) await register(store, user)
      const owner = await ownerOf(partitions, 0)
      await owner.redis.call('FUNCTION', 'FLUSH')
      await Promise.all(USERS.map((user) => append(store, user, 'x')))
      assert.ok(lines.some((line) => line.includes('had lost Rollcall')))
    })
  })

  // The last: whose replica could take over is less sure afterwards.
  it('two of whose nodes each say that the other has a slot is asked for two seconds, and serves it once they agree', async () => {
    await withStore(async (store, partitions) => {
      await register(store, userOf(0))
      await register(store, userOf(2))
      const slot = partitions.slotOf(0)
      const [owner, other] = [await ownerOf(partitions, 0), await ownerOf(partitions, 4)]
      const keys = (await owner.redis.call('CLUSTER', 'GETKEYSINSLOT', slot, '1000')) as string[]
      // Only of a slot that is empty does Redis believe that it is another's.
      const disagree = owner.redis.pipeline().del(...keys)
      await disagree.call('CLUSTER', 'SETSLOT', slot, 'NODE', other.id).exec()
      await assert.rejects(append(store, userOf(0), 'x'), { ...isUnavailable, isUndecided: false })
      await eventually(async () => lines.includes('Redis refuses what it is asked'))
      assert.deepEqual([store.failure(), store.warnings()], [undefined, ['store_partly_away']])
      assert.equal((await append(store, userOf(2), 'y')).accepted.length, 1)
      await owner.redis.call('CLUSTER', 'SETSLOT', slot, 'NODE', owner.id)
      await eventually(async () => (await register(store, userOf(0))).registrationId > 0)
      await eventually(async () => lines.includes('Redis takes again what it had refused'))
    })
  })
})
