import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { isLifecycleEventType, LIFECYCLE_EVENTS } from '@rollcall/protocol/lifecycle'
import { createFakeClock, type FakeClock, seededRandom } from '../../../test/helpers/fake-clock.ts'
import { takeLease } from '../../../test/helpers/webhook-lease.ts'
import type { Organization, Webhook } from '../auth/auth.ts'
import { createLog } from '../observe/observe.ts'
import { createMemoryStore } from '../store/memory/memory.ts'
import type { Store } from '../store/store.ts'
import type { Message } from './post.ts'
import { createWebhooks } from './webhooks.ts'

const HOUR_MS = 3_600_000
const ALL = new Set(Object.keys(LIFECYCLE_EVENTS).filter(isLifecycleEventType))

function webhook(id: string, more: Partial<Webhook> = {}): Webhook {
  return {
    id,
    url: `https://${id}.example/`,
    secrets: [Buffer.alloc(24, 7)],
    events: ALL,
    enabled: true,
    ...more,
  }
}

type Post = { readonly url: string; readonly sequences: readonly number[]; readonly message: Message }

/** The room on a store in memory, before receivers that answer what the test says. */
function open(test: TestContext, ...hooks: readonly Webhook[]) {
  const clock = createFakeClock()
  return openOn(test, { clock, store: createMemoryStore({ clock }) }, hooks)
}

/** The same on what another process has as well. */
function openOn(
  test: TestContext,
  { clock, store }: { readonly clock: FakeClock; readonly store: Store },
  hooks: readonly Webhook[],
) {
  const posts: Post[] = []
  const counts = new Map<string, number>()
  const count = (name: string, by = 1) => counts.set(name, (counts.get(name) ?? 0) + by)
  let reloaded = () => {}
  const fixture = {
    clock,
    store,
    posts,
    counts,
    answer: async (_post: Post, _signal: AbortSignal): Promise<string | undefined> => undefined,
    reload(...webhooks: readonly Webhook[]) {
      directory = directoryOf(webhooks)
      reloaded()
    },
    async register(...ids: readonly string[]) {
      for (const userEndpointId of ids) {
        const endpoint = { organizationId: 'acme', userId: 'alice', userEndpointId }
        const wanted = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
        await store.registrations.register({ ...endpoint, ...wanted }, 1e6)
      }
    },
    sequencesOf: (url: string) => posts.filter((post) => post.url === url).map(({ sequences }) => sequences),
  }
  let directory = directoryOf(hooks)
  const webhooks = createWebhooks({
    store,
    auth: {
      organizations: () => directory,
      onDirectoryReloaded: (listener) => {
        reloaded = listener
      },
    },
    clock,
    random: seededRandom(1),
    log: createLog('silent'),
    metrics: {
      webhookAttempt: (outcome) => void count(outcome),
      webhookEvents: (outcome, events) => void count(`${outcome} events`, events),
    },
    settings: { webhookRetryHours: 24, webhookPrivateAddresses: [] },
    openReceiver: () => ({
      async post(url, message, signal, onStatus) {
        const { events } = JSON.parse(message.body.toString())
        const post = { url, message, sequences: events.map((event: { sequence: number }) => event.sequence) }
        posts.push(post)
        const failure = await fixture.answer(post, signal)
        const status = failure === undefined ? 204 : Number(failure.replace('status_', ''))
        if (!Number.isNaN(status)) onStatus?.(status)
        return failure
      },
      close: () => undefined,
    }),
  })
  test.after(() => webhooks.close())
  return { ...fixture, fixture, webhooks }
}

function directoryOf(webhooks: readonly Webhook[]): ReadonlyMap<string, Organization> {
  return new Map([['acme', { id: 'acme', name: 'Acme', webhooks, send: [], senderId: false }]])
}

function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

describe('a webhook', () => {
  it('gets events in order, in signed batches', async (test) => {
    const { register, clock, posts, sequencesOf, counts, webhooks } = open(test, webhook('h'))
    await register(...numbers(1, 250).map(String))
    await clock.advance(1000)
    assert.deepEqual(sequencesOf('https://h.example/'), [
      numbers(1, 100),
      numbers(101, 200),
      numbers(201, 250),
    ])
    const { headers, body } = posts[0]?.message ?? assert.fail()
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const signature = createHmac('sha256', Buffer.alloc(24, 7)).update(signed).digest('base64')
    assert.equal(headers['webhook-signature'], `v1,${signature}`)
    assert.equal(headers['content-type'], 'application/json')
    assert.deepEqual(
      [...counts],
      [
        ['delivered', 3],
        ['delivered events', 250],
      ],
    )
    const [state] = await webhooks.list('acme')
    assert.deepEqual([state?.pending, state?.deadLetters, state?.nextAttemptAtWallMs], [0, 0, undefined])
    assert(state?.lastSuccessAtWallMs !== undefined && !('secret' in state))
  })

  it('gets the same batch again until it takes it, ever less often, and nothing before', async (test) => {
    const { fixture, register, clock, posts, webhooks } = open(test, webhook('h'))
    fixture.answer = async () => 'status_503'
    await register('a')
    await clock.advance(60_000)
    await register('b')
    const failed = posts.length
    assert(failed > 3 && failed < 30, `${failed} attempts in a minute`)
    assert.equal(new Set(posts.map(({ message }) => message.headers['webhook-id'])).size, 1)
    assert.equal(new Set(posts.map(({ message }) => message.body.toString())).size, 1)
    const [state] = await webhooks.list('acme')
    assert.deepEqual([state?.lastFailure, state?.pending], ['status_503', 2])
    const waitMs = (state?.nextAttemptAtWallMs ?? 0) - clock.wallMs()
    assert(waitMs > 0 && waitMs <= 300_000)
    fixture.answer = async () => undefined
    await clock.advance(300_000)
    assert.deepEqual(
      posts.slice(failed).map(({ sequences }) => sequences),
      [[1], [2]],
    )
  })

  it('that takes nothing for a day leaves dead letters, and the queue goes on', async (test) => {
    const { fixture, register, clock, posts, webhooks, counts, store } = open(test, webhook('h'))
    fixture.answer = async ({ sequences }) => (sequences.includes(2) ? 'timeout' : undefined)
    await register('a')
    await clock.advance(1000)
    await register('b')
    await clock.advance(1000)
    await register('c')
    await clock.advance(24 * HOUR_MS - 300_000)
    assert.equal(
      posts.some(({ sequences }) => sequences.includes(3)),
      false,
    )
    await clock.advance(600_000)
    assert.deepEqual(posts.at(-1)?.sequences, [3])
    const { letters, next } = await webhooks.deadLetters('acme', 'h', 0, 10)
    assert.deepEqual(
      letters.map(({ event, failure }) => [event.sequence, failure]),
      [[2, 'timeout']],
    )
    assert.equal(next, undefined)
    assert.equal(counts.get('dead_lettered events'), 1)
    assert.equal((await store.feed.totals()).entries, 0)
  })

  it('gets only events of its types, and is past all others', async (test) => {
    const events = new Set(['UserEndpointUnregisteredEvent'] as const)
    const { register, clock, posts, store, sequencesOf } = open(
      test,
      webhook('some', { events }),
      webhook('all'),
    )
    await register(...numbers(1, 450).map(String))
    await store.registrations.unregister({ organizationId: 'acme', userId: 'alice', userEndpointId: '7' })
    await clock.advance(1000)
    assert.deepEqual(sequencesOf('https://some.example/'), [[451]])
    assert.equal(posts.length, 1 + 5)
    assert.equal((await store.feed.totals()).entries, 0)
  })

  it('that hangs holds up nobody else', async (test) => {
    const { fixture, register, clock, sequencesOf, store } = open(test, webhook('slow'), webhook('quick'))
    fixture.answer = ({ url }, signal) =>
      url.includes('slow') ? untilAborted(signal) : Promise.resolve(undefined)
    await register('a')
    await clock.advance(1000)
    await register('b')
    await clock.advance(1000)
    assert.deepEqual(sequencesOf('https://quick.example/'), [[1], [2]])
    assert.deepEqual(sequencesOf('https://slow.example/'), [[1]])
    assert.equal((await store.feed.totals()).entries, 2)
  })
})

describe('dead letters', () => {
  async function bury(test: TestContext) {
    const room = open(test, webhook('h'))
    await room.register(...numbers(1, 120).map(String))
    const key = { organizationId: 'acme', webhookId: 'h' }
    const letters = (await room.store.feed.read('acme', 0, 120)).map((entry) => ({
      entry,
      failure: 'x',
    }))
    const lease = await takeLease(room.store, key)
    await room.store.webhooks.bury(lease, letters, 120)
    await room.store.webhooks.release(lease)
    await room.clock.advance(1000)
    return room
  }

  it('come in pages', async (test) => {
    const { webhooks } = await bury(test)
    const first = await webhooks.deadLetters('acme', 'h', 0, 100)
    assert.equal(first.next, 100)
    const rest = await webhooks.deadLetters('acme', 'h', first.next, 100)
    assert.deepEqual(
      rest.letters.map(({ event }) => event.sequence),
      numbers(101, 120),
    )
    assert.equal(rest.next, undefined)
    await assert.rejects(webhooks.deadLetters('acme', 'other', 0, 1), { code: 'not_found' })
    await assert.rejects(webhooks.deadLetters('globex', 'h', 0, 1), { code: 'not_found' })
  })

  it('are sent again, all or those named, before what is new', async (test) => {
    const { webhooks, posts, clock, register } = await bury(test)
    const { letters } = await webhooks.deadLetters('acme', 'h', 0, 3)
    const named = letters.slice(1).map(({ event }) => event.id)
    assert.equal(await webhooks.replay('acme', 'h', [...named, 'unknown', '__proto__']), 2)
    await clock.advance(1000)
    assert.deepEqual(
      posts.map(({ sequences }) => sequences),
      [[2, 3]],
    )
    await register('new')
    assert.equal(await webhooks.replay('acme', 'h', undefined), 118)
    await clock.advance(1000)
    assert.deepEqual(
      posts.slice(1).map(({ sequences }) => sequences),
      [[1, ...numbers(4, 102)], numbers(103, 120), [121]],
    )
    assert.equal((await webhooks.list('acme'))[0]?.deadLetters, 0)
  })

  it('stay where they are from the first that is not taken on', async (test) => {
    const { fixture, webhooks, posts, clock } = await bury(test)
    fixture.answer = async () => 'status_500'
    await webhooks.replay('acme', 'h', undefined)
    await clock.advance(600_000)
    assert.equal(posts.length, 1)
    assert.equal((await webhooks.list('acme'))[0]?.deadLetters, 120)
    await webhooks.removeDeadLetters('acme', 'h')
    assert.equal((await webhooks.list('acme'))[0]?.deadLetters, 0)
  })
})

describe('a directory that was read again', () => {
  it('with another address is heard at once, whatever the pause', async (test) => {
    const { fixture, register, clock, posts } = open(test, webhook('h'))
    fixture.answer = async ({ url }) => (url === 'https://h.example/' ? 'status_500' : undefined)
    await register('a')
    await clock.advance(HOUR_MS)
    const failed = posts.length
    fixture.reload(webhook('h', { url: 'https://new.example/' }))
    await clock.advance(1)
    assert.deepEqual(
      posts.slice(failed).map(({ url }) => url),
      ['https://new.example/'],
    )
  })

  it('disables a webhook, which then gets everything later', async (test) => {
    const { fixture, register, clock, posts, webhooks } = open(test, webhook('h', { enabled: false }))
    await register('a')
    await clock.advance(HOUR_MS)
    assert.deepEqual([posts.length, (await webhooks.list('acme'))[0]?.pending], [0, 1])
    fixture.reload(webhook('h'))
    await clock.advance(100)
    assert.equal(posts.length, 1)
  })

  it('takes a webhook away, with what it was doing', async (test) => {
    const { fixture, register, clock, webhooks, store } = open(test, webhook('h'))
    let isAborted = false
    fixture.answer = async (_post, signal) => {
      await untilAborted(signal)
      isAborted = true
      return 'connection_failed'
    }
    await register('a')
    await clock.advance(1000)
    fixture.reload()
    await clock.advance(1000)
    assert.equal(isAborted, true)
    assert.deepEqual(await webhooks.list('acme'), [])
    assert.equal((await store.feed.totals()).entries, 0)
    await store.close()
    assert.equal(clock.pending(), 0)
  })
})

describe('of two processes with one store', () => {
  function openTwo(test: TestContext) {
    const here = open(test, webhook('h'))
    return [here, openOn(test, here, [webhook('h')])] as const
  }
  const all = (...processes: readonly { readonly posts: readonly Post[] }[]) =>
    processes.flatMap(({ posts }) => posts.flatMap(({ sequences }) => sequences)).sort((a, b) => a - b)

  it('one sends a webhook its events, each once', async (test) => {
    const [here, there] = openTwo(test)
    for (let round = 0; round < 20; round++) {
      await here.register(...numbers(1, 10).map((id) => `${round}-${id}`))
      await here.clock.advance(100)
    }
    await here.clock.advance(5_000)
    assert.deepEqual(all(here, there), numbers(1, 200))
    assert.equal((await here.store.feed.totals()).entries, 0)
  })

  it('the other waits while the first is at it, and over its pauses', async (test) => {
    const [here, there] = openTwo(test)
    for (const { fixture } of [here, there]) fixture.answer = async () => 'status_503'
    await here.register('a')
    await here.clock.advance(HOUR_MS)
    const [first, second] = [here.posts.length, there.posts.length].sort((a, b) => b - a)
    assert.equal(second, 0)
    assert.ok((first ?? 0) > 10, `${first} attempts in an hour`)
  })

  it('the other goes on where the first hangs, and what the first does then is refused', async (test) => {
    const [here, there] = openTwo(test)
    const hanging: ((failure: string | undefined) => void)[] = []
    for (const { fixture } of [here, there])
      fixture.answer = () => new Promise((resolve) => hanging.push(resolve))
    await here.register('a')
    await here.clock.advance(1_000)
    assert.equal(hanging.length, 1)
    await here.clock.advance(33_000)
    assert.equal(hanging.length, 2, 'its lease has lapsed')
    hanging[0]?.(undefined)
    await here.clock.advance(100)
    assert.equal((await here.store.feed.totals()).entries, 1, 'the one with the lease says when it is done')
    hanging[1]?.(undefined)
    await here.clock.advance(100)
    assert.equal((await here.store.feed.totals()).entries, 0)
    await here.register('b')
    await here.clock.advance(3_000)
    hanging[2]?.(undefined)
    await here.clock.advance(3_000)
    assert.deepEqual(all(here, there), [1, 1, 2])
  })

  it('dead letters are sent again by the one that was asked, once the other rests', async (test) => {
    const [here, there] = openTwo(test)
    await here.register('a', 'b')
    const key = { organizationId: 'acme', webhookId: 'h' }
    const letters = (await here.store.feed.read('acme', 0, 2)).map((entry) => ({ entry, failure: 'x' }))
    const lease = await takeLease(here.store, key)
    await here.store.webhooks.bury(lease, letters, 2)
    assert.equal(await there.webhooks.replay('acme', 'h', undefined), 2)
    await here.clock.advance(5_000)
    assert.deepEqual(all(here, there), [], 'somebody else has the lease')
    await here.store.webhooks.release(lease)
    await here.clock.advance(5_000)
    assert.deepEqual([all(here), all(there)], [[], [1, 2]])
  })

  it('one that closes gives way at once, and a webhook that is in no directory is forgotten', async (test) => {
    const [here, there] = openTwo(test)
    here.fixture.answer = (_post, signal) => untilAborted(signal)
    await here.register('a')
    await here.clock.advance(1_000)
    assert.deepEqual([all(here), all(there)], [[1], []])
    await here.webhooks.close()
    await here.clock.advance(3_000)
    assert.deepEqual(all(there), [1])
    there.fixture.reload()
    await here.clock.advance(1_000)
    assert.deepEqual(await here.store.webhooks.list(), [])
  })

  it('may be tried: one signed event past all that waits, of which nothing is kept', async (test) => {
    const { fixture, register, clock, posts, webhooks } = open(test, webhook('h', { enabled: false }))
    await register('phone')
    await clock.advance(1000)
    const attempt = await webhooks.test('acme', 'h')
    assert.deepEqual(
      [attempt.kind, attempt.status, attempt.failure, attempt.events],
      ['test', 204, undefined, 1],
    )
    const { headers, body } = posts[0]?.message ?? assert.fail()
    const [event, ...more] = JSON.parse(body.toString()).events
    assert.deepEqual(
      [event.type, event.organizationId, event.webhookId, event.reason, more.length],
      ['WebhookTestEvent', 'acme', 'h', 'requested', 0],
    )
    assert.equal('sequence' in event, false)
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const signature = createHmac('sha256', Buffer.alloc(24, 7)).update(signed).digest('base64')
    assert.equal(headers['webhook-signature'], `v1,${signature}`)
    fixture.answer = async () => 'status_503'
    await clock.advance(1000)
    assert.equal((await webhooks.test('acme', 'h')).failure, 'status_503')
    const [view] = await webhooks.list('acme')
    assert.deepEqual(
      [view?.lastFailure, view?.lastSuccessAtWallMs, view?.deadLetters],
      [undefined, undefined, 0],
    )
    await clock.advance(HOUR_MS)
    assert.equal(posts.length, 2, 'it is not tried again')
    await assert.rejects(webhooks.test('acme', 'other'), { code: 'not_found' })
    await assert.rejects(webhooks.test('globex', 'h'), { code: 'not_found' })
  })

  it('is tried one at a time, once a second, and while it is, gets its events', async (test) => {
    const { fixture, register, clock, posts, webhooks } = open(test, webhook('h'))
    let answer = (): void => undefined
    fixture.answer = ({ sequences: [first] }) =>
      first === undefined
        ? new Promise((resolve) => (answer = () => resolve(undefined)))
        : Promise.resolve(undefined)
    const testing = webhooks.test('acme', 'h')
    await assert.rejects(webhooks.test('acme', 'h'), { code: 'rate_limited' })
    await clock.advance(5000)
    await assert.rejects(webhooks.test('acme', 'h'), { code: 'rate_limited' })
    await register('phone')
    await clock.advance(1000)
    assert.equal(posts.length, 2)
    answer()
    assert.equal((await testing).tookMs, 6000)
    const next = webhooks.test('acme', 'h')
    await clock.advance(0)
    answer()
    await next
    await assert.rejects(webhooks.test('acme', 'h'), { code: 'rate_limited' })
  })

  it('remembers the last attempts, each with what came of it, and no more than fifty', async (test) => {
    const { fixture, register, clock, webhooks } = open(test, webhook('h'))
    assert.deepEqual(webhooks.attempts('acme', 'h'), [])
    assert.throws(() => webhooks.attempts('globex', 'h'), { code: 'not_found' })
    fixture.answer = async () => 'timeout'
    await register('phone')
    await clock.advance(100)
    fixture.answer = async () => 'status_500'
    await clock.advance(HOUR_MS)
    const failed = webhooks.attempts('acme', 'h')
    const { atWallMs, ...oldest } = failed.at(-1) ?? assert.fail()
    assert.deepEqual(
      { ...oldest, messageId: '' },
      { kind: 'events', messageId: '', events: 1, tookMs: 0, failure: 'timeout' },
    )
    assert.deepEqual([failed[0]?.status, failed[0]?.failure], [500, 'status_500'])
    assert.equal(new Set(failed.map(({ messageId }) => messageId)).size, 1, 'the same message each time')
    assert((failed[0]?.atWallMs ?? 0) > atWallMs)
    fixture.answer = async () => undefined
    for (let n = 0; n < 60; n++) {
      await register(`tab-${n}`)
      await clock.advance(HOUR_MS)
    }
    const taken = webhooks.attempts('acme', 'h')
    assert.equal(taken.length, 50)
    assert.deepEqual([taken[0]?.status, taken[0]?.failure], [204, undefined])
  })
})
