import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { createFakeClock, seededRandom } from '../../../../test/helpers/fake-clock.ts'
import { PEER } from '../../../../test/helpers/link-peer.ts'
import { PushBrowser, vapidClaims } from '../../../../test/helpers/push-service.ts'
import type { Webhook } from '../../auth/auth.ts'
import { createSealer } from '../../masks/masks.ts'
import { Statistics } from '../../observe/observe.ts'
import { createMemoryStore } from '../../store/memory/memory.ts'
import type { Registration, UserKey } from '../../store/store.ts'
import type { Message } from '../post.ts'
import { isHostListed, PUSH_SERVICES } from './push-hosts.ts'
import { makeVapidKeys } from './vapid-keys.ts'
import { createWakeUps } from './wake-ups.ts'

const USER = { organizationId: 'acme', userId: 'alice' }
const KEYS = makeVapidKeys()
const ENDPOINT = 'https://fcm.googleapis.com/fcm/send/alices'
const EVENT = {
  eventId: 'e-1',
  type: 'CallOfferedEvent',
  bytes: Buffer.from('{"secret":1}'),
  expiresAtWallMs: undefined,
}
const HOOK: Webhook = {
  ...{ id: 'push', url: 'https://push.example/hook', secrets: [Buffer.alloc(32, 9)] },
  ...{ events: new Set(), enabled: true, wakeUps: true },
}

type Options = {
  readonly settings?: object
  readonly webhooks?: readonly Webhook[]
  readonly isGone?: (user: UserKey, heardAtWallMs: number) => boolean
}

function scene(test: TestContext, { settings = {}, webhooks = [HOOK], isGone = () => false }: Options = {}) {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const posts: { readonly url: string; readonly message: Message }[] = []
  const counts: string[] = []
  const statistics = new Statistics(0)
  const logged: unknown[] = []
  let answer = async (_signal: AbortSignal): Promise<string | undefined> => undefined
  let ids = 0
  const wakeUps = createWakeUps({
    store,
    sealer: createSealer(Buffer.alloc(32, 1), seededRandom(1)),
    auth: {
      isGone,
      organizations: () =>
        new Map([['acme', { id: 'acme', name: 'Acme', webhooks, send: [], senderId: false }]]),
    },
    clock,
    newId: () => `id-${++ids}`,
    log: {
      warn: (...line) => void logged.push(line),
      error: (...line) => void logged.push(line),
    },
    metrics: { wakeUp: (kind, result) => void counts.push(`${kind} ${result}`) },
    statistics,
    settings: {
      ...{ vapidSubject: 'mailto:ops@acme.example', ...KEYS },
      ...{ webPushHosts: [], webhookPrivateAddresses: [], wakeUpRestSeconds: 10, wakeUpQueueMax: 100 },
      ...settings,
    },
    openReceiver: () => ({
      post(url, message, signal) {
        posts.push({ url, message })
        return answer(signal)
      },
      close: () => undefined,
    }),
  })
  test.after(() => wakeUps.close())
  const browser = new PushBrowser()
  const webPush = { kind: 'webPush', subscription: browser.subscription(ENDPOINT) }
  return {
    ...{ clock, store, posts, counts, statistics, logged, wakeUps, browser, webPush },
    answerWith(how: typeof answer) {
      answer = how
    },
    async register(given: unknown = webPush, userEndpointId = 'phone'): Promise<Registration> {
      const wakeUp = wakeUps.accept(USER, given)
      const outcome = await store.registrations.register(
        {
          ...USER,
          ...{ userEndpointId, keepAliveSeconds: 86_400, serverKeepAliveReminderOn: false },
          ...{ authorizedUntilWallMs: 0, ...(wakeUp === undefined ? {} : { wakeUp }) },
        },
        1_000,
      )
      assert(outcome.kind === 'registered')
      return outcome.registration
    },
    async settle() {
      for (let turn = 0; turn < 5; turn++) await clock.advance(0)
    },
    async find() {
      return (await store.registrations.look([{ ...USER, userEndpointId: 'phone' }], {}))[0]?.registration
    },
  }
}

describe('a device that sleeps', () => {
  it('is woken by a push that only its browser can read, with id and type and nothing else', async (test) => {
    const { register, wakeUps, posts, browser, settle, counts, statistics, clock } = scene(test)
    wakeUps.wake(await register(), EVENT, 1)
    await settle()
    const [{ url, message } = assert.fail('no push')] = posts
    assert.equal(url, ENDPOINT)
    assert.deepEqual(browser.open(message.body), {
      userEndpointId: 'phone',
      eventId: 'e-1',
      type: 'CallOfferedEvent',
    })
    assert.equal(message.headers['content-encoding'], 'aes128gcm')
    assert.deepEqual([message.headers['ttl'], message.headers['urgency']], ['86400', 'high'])
    assert.match(message.headers['topic'] ?? '', /^[\w-]{32}$/)
    const claims = vapidClaims(message.headers['authorization'], KEYS.vapidPublicKey)
    assert.deepEqual(
      [claims['aud'], claims['sub']],
      ['https://fcm.googleapis.com', 'mailto:ops@acme.example'],
    )
    assert.deepEqual(counts, ['webPush woken'])
    assert.equal(statistics.read('acme').qos1.woken, 1)
    assert.ok(clock.wallMs() > 0)
  })

  it('is told the event where it asked for it, unless that was sent with masks or is too large', async (test) => {
    const { register, wakeUps, posts, browser, settle, webPush } = scene(test)
    const asking = { ...webPush, include: 'event' }
    const large = { ...EVENT, bytes: Buffer.from(JSON.stringify({ filling: 'x'.repeat(4_000) })) }
    for (const [index, event] of [EVENT, { ...EVENT, bytes: undefined }, large].entries())
      wakeUps.wake(await register(asking, `phone-${index}`), event, 1)
    await settle()
    const told = posts.map(({ message }) => browser.open(message.body)['event'])
    assert.deepEqual(told, [{ secret: 1 }, undefined, undefined])
    assert.ok(posts.every(({ message }) => message.body.length <= 4_096))
  })

  it('is woken by a signed request to a webhook of its organization, which knows the token', async (test) => {
    const { register, wakeUps, posts, settle } = scene(test)
    wakeUps.wake(await register({ kind: 'webhook', webhookId: 'push', token: 'apns-token' }), EVENT, 1)
    await settle()
    const [{ url, message } = assert.fail('no request')] = posts
    assert.equal(url, HOOK.url)
    const { events } = JSON.parse(message.body.toString())
    assert.deepEqual(events, [
      {
        ...{ id: 'id-1', type: 'UserEndpointWakeUpRequestedEvent', timestamp: '2026-01-01T00:00:00.000Z' },
        ...{ organizationId: 'acme', userId: 'alice', userEndpointId: 'phone', token: 'apns-token' },
        ...{ eventId: 'e-1', eventType: 'CallOfferedEvent' },
      },
    ])
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = message.headers
    const signed = createHmac('sha256', Buffer.alloc(32, 9)).update(`${id}.${at}.`).update(message.body)
    assert.equal(signature, `v1,${signed.digest('base64')}`)
  })

  it('is woken at most once in a time, and once more for what came meanwhile', async (test) => {
    const { register, wakeUps, posts, browser, settle, clock } = scene(test)
    const registration = await register()
    for (let n = 1; n <= 5; n++) {
      wakeUps.wake(registration, { ...EVENT, eventId: `e-${n}` }, n)
      await settle()
    }
    assert.equal(posts.length, 1)
    await clock.advance(9_999)
    assert.equal(posts.length, 1)
    await clock.advance(1)
    await settle()
    assert.deepEqual(
      posts.map(({ message }) => browser.open(message.body)['eventId']),
      ['e-1', 'e-2'],
    )
    await clock.advance(60_000)
    assert.equal(posts.length, 2, 'nothing came since')
    wakeUps.wake(registration, EVENT, 6)
    await settle()
    assert.equal(posts.length, 3)
  })

  it('is left alone once it has connected', async (test) => {
    const { register, wakeUps, posts, settle, clock, store } = scene(test)
    const registration = await register()
    wakeUps.wake(registration, EVENT, 1)
    await settle()
    wakeUps.wake(registration, EVENT, 2)
    wakeUps.connected(registration.registrationId)
    await clock.advance(60_000)
    assert.equal(posts.length, 1)
    // Its link is of another process, perhaps: the store knows.
    await store.links.attach(registration, { linkId: 1, peer: PEER })
    wakeUps.wake(registration, EVENT, 3)
    await settle()
    assert.equal(posts.length, 1)
  })

  it('is forgotten where its push service says that it is gone, but not what it said anew meanwhile', async (test) => {
    for (const gone of ['status_404', 'status_410']) {
      const { register, wakeUps, settle, find, counts, answerWith } = scene(test)
      answerWith(async () => gone)
      wakeUps.wake(await register(), EVENT, 1)
      await settle()
      assert.equal((await find())?.wakeUp, undefined, gone)
      assert.deepEqual(counts, ['webPush gone'])
    }
    const { register, wakeUps, settle, find, answerWith } = scene(test)
    answerWith(async () => {
      await register()
      return 'status_410'
    })
    wakeUps.wake(await register(), EVENT, 1)
    await settle()
    assert.notEqual((await find())?.wakeUp, undefined)
  })

  it('whose link has ended is woken where something was left that it did not acknowledge', async (test) => {
    const { register, wakeUps, posts, browser, clock, store, settle } = scene(test)
    const registration = await register()
    wakeUps.left(registration)
    await clock.advance(2_000)
    await settle()
    assert.equal(posts.length, 0, 'nothing waits')
    const event = { eventId: 'e', payload: Buffer.from('{}'), sealed: false, acceptedAtWallMs: 0 }
    await store.mailboxes.append({ ...USER, event, eventsMax: 10, bytesMax: 1_000 })
    wakeUps.left(registration)
    await clock.advance(1_999)
    wakeUps.connected(registration.registrationId)
    await clock.advance(2_000)
    assert.equal(posts.length, 0, 'it came back by itself')
    wakeUps.left(registration)
    wakeUps.left(registration)
    await clock.advance(2_000)
    await settle()
    assert.equal(posts.length, 1)
    assert.deepEqual(browser.open(posts[0]?.message.body ?? Buffer.alloc(0)), { userEndpointId: 'phone' })
    await clock.advance(5_000)
    wakeUps.left(registration)
    await clock.advance(2_000)
    assert.equal(posts.length, 1, 'at most once in a time')
    wakeUps.wake(registration, { ...EVENT, eventId: 'since' }, 2)
    await clock.advance(5_000)
    await settle()
    assert.equal(posts.length, 2)
    const told = browser.open(posts[1]?.message.body ?? Buffer.alloc(0))
    assert.equal(Object(told).eventId, 'since', 'whichever came first')
  })

  it('that went away again while it was found connected is woken for what came since', async (test) => {
    const { register, wakeUps, posts, store, settle } = scene(test)
    const registration = await register()
    const { look } = store.registrations
    const link = { linkId: 1, peer: PEER }
    await store.links.attach(registration, link)
    test.mock.method(store.registrations, 'look', async (...asked: Parameters<typeof look>) => {
      const found = await look(...asked)
      await store.links.detach(registration, link, 'connection_lost')
      wakeUps.wake(registration, { ...EVENT, eventId: 'since' }, 2)
      test.mock.restoreAll()
      return found
    })
    wakeUps.wake(registration, EVENT, 1)
    await settle()
    assert.equal(posts.length, 1)
  })

  it('is not woken any more once its user was removed or revoked, until it was heard of since', async (test) => {
    const asked: unknown[] = []
    const isGone = (user: UserKey, heardAtWallMs: number): boolean =>
      asked.push([user.userId, heardAtWallMs]) < 2
    const { register, wakeUps, posts, settle, find, counts, clock, webPush } = scene(test, { isGone })
    const heardAtWallMs = clock.wallMs()
    wakeUps.wake(await register({ ...webPush, include: 'event' }), EVENT, 1)
    await settle()
    assert.deepEqual([posts.length, counts, asked], [0, [], [['alice', heardAtWallMs]]])
    assert.equal(wakeUps.waitingCount, 0)
    const registration = await find()
    assert(registration?.wakeUp !== undefined, 'it stays for when it is back')
    wakeUps.wake(registration, EVENT, 2)
    await settle()
    assert.equal(posts.length, 1)
  })

  it('of a webhook is forgotten by 410 alone: a wrong path answers 404', async (test) => {
    for (const [status, isKept] of [
      ['status_404', true],
      ['status_410', false],
    ] as const) {
      const { register, wakeUps, settle, find, answerWith } = scene(test)
      answerWith(async () => status)
      wakeUps.wake(await register({ kind: 'webhook', webhookId: 'push', token: 't' }), EVENT, 1)
      await settle()
      assert.equal((await find())?.wakeUp !== undefined, isKept, status)
    }
  })

  it('is tried again where that may help, and not where it does not', async (test) => {
    for (const [failure, attempts] of [
      ['timeout', 3],
      ['status_503', 3],
      ['status_429', 3],
      ['connection_refused', 3],
      ['status_301', 1],
      ['status_403', 1],
      ['status_413', 1],
      ['address_refused', 1],
      ['certificate_refused', 1],
    ] as const) {
      const { register, wakeUps, posts, clock, answerWith, find } = scene(test)
      answerWith(async () => failure)
      wakeUps.wake(await register(), EVENT, 1)
      for (let second = 0; second < 60; second++) await clock.advance(1_000)
      assert.equal(posts.length, attempts, failure)
      assert.notEqual((await find())?.wakeUp, undefined, failure)
    }
  })

  it('is woken after a start, where something waited before', async (test) => {
    const { register, wakeUps, posts, browser, clock, store, settle } = scene(test)
    await register()
    await register(null, 'never asked')
    const event = { eventId: 'e', payload: Buffer.from('{}'), sealed: false, acceptedAtWallMs: 0 }
    await store.mailboxes.append({ ...USER, event, eventsMax: 10, bytesMax: 1_000 })
    wakeUps.start()
    await clock.advance(9_000)
    assert.equal(posts.length, 0, 'they may come by themselves')
    await clock.advance(1_000)
    await settle()
    assert.deepEqual(
      posts.map(({ message }) => browser.open(message.body)),
      [{ userEndpointId: 'phone' }],
    )
  })

  it('of which there are too many are dropped and told, and one slow service holds up only its own', async (test) => {
    const { register, wakeUps, posts, settle, counts, logged, answerWith, webPush } = scene(test, {
      settings: { wakeUpQueueMax: 3 },
    })
    answerWith(
      (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('timeout'))),
    )
    for (let n = 0; n < 20; n++) wakeUps.wake(await register(webPush, `q-${n}`), EVENT, n + 1)
    await settle()
    assert.equal(posts.length, 8, 'under way at a time')
    assert.equal(wakeUps.waitingCount, 3)
    assert.equal(counts.filter((one) => one === 'any dropped').length, 9)
    assert.equal(logged.length, 1)
    await wakeUps.close()
  })

  it('keeps how it is woken sealed: nothing of it can be read in what is stored', async (test) => {
    const { register, find } = scene(test)
    await register({ kind: 'webhook', webhookId: 'push', token: 'apns-token-of-alice' })
    const kept = Buffer.from((await find())?.wakeUp ?? [])
    assert.ok(kept.length > 0 && !kept.includes('apns-token') && !kept.includes('webhook'))
  })
})

describe('how a device is woken', () => {
  it('is refused where it is not what it should be, by name', (test) => {
    const { wakeUps, webPush } = scene(test)
    const { subscription } = webPush
    const push = (changes: object) => ({ ...webPush, subscription: { ...subscription, ...changes } })
    const keys = (changes: object) => push({ keys: { ...subscription.keys, ...changes } })
    const off = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 7)]).toString('base64url')
    const hook = { kind: 'webhook', webhookId: 'push', token: 't' }
    const cases: readonly (readonly [unknown, string])[] = [
      ['x', 'wakeUp'],
      [[], 'wakeUp'],
      [{}, 'wakeUp.kind'],
      [{ kind: 'toString' }, 'wakeUp.kind'],
      [{ kind: 'webPush' }, 'wakeUp.subscription'],
      [push({ endpoint: undefined }), 'wakeUp.subscription.endpoint'],
      [push({ endpoint: 'http://fcm.googleapis.com/x' }), 'wakeUp.subscription.endpoint'],
      [push({ endpoint: 'https://user@fcm.googleapis.com/x' }), 'wakeUp.subscription.endpoint'],
      [push({ endpoint: 'https://169.254.169.254/latest' }), 'wakeUp.subscription.endpoint'],
      [push({ endpoint: 'https://fcm.googleapis.com.evil.example/x' }), 'wakeUp.subscription.endpoint'],
      [push({ endpoint: 'https://evilfcm.googleapis.com/x' }), 'wakeUp.subscription.endpoint'],
      [push({ endpoint: `https://fcm.googleapis.com/${'x'.repeat(2_048)}` }), 'wakeUp.subscription.endpoint'],
      [push({ endpoint: 'javascript:alert(1)' }), 'wakeUp.subscription.endpoint'],
      [push({ keys: null }), 'wakeUp.subscription.keys'],
      [keys({ p256dh: 'short' }), 'wakeUp.subscription.keys.p256dh'],
      [keys({ p256dh: off }), 'wakeUp.subscription.keys.p256dh'],
      [keys({ auth: 'AAAA' }), 'wakeUp.subscription.keys.auth'],
      [{ ...webPush, include: 'all' }, 'wakeUp.include'],
      [{ ...hook, webhookId: 'crm' }, 'wakeUp.webhookId'],
      [{ ...hook, webhookId: 7 }, 'wakeUp.webhookId'],
      [{ ...hook, token: '' }, 'wakeUp.token'],
      [{ ...hook, token: 'x'.repeat(4_097) }, 'wakeUp.token'],
      [{ ...hook, token: '\ud800' }, 'wakeUp.token'],
    ]
    for (const [given, field] of cases)
      assert.throws(
        () => wakeUps.accept(USER, given),
        (error: unknown) => {
          assert.equal(Reflect.get(Object(error), 'code'), 'invalid_request')
          assert.deepEqual(
            [...Reflect.get(Object(error), 'fields').keys()],
            [field],
            JSON.stringify(given)?.slice(0, 80),
          )
          return true
        },
      )
    for (const given of [undefined, null]) assert.equal(wakeUps.accept(USER, given), undefined)
  })

  it('is no webhook of another organization, nor one that wakes nobody', (test) => {
    const { wakeUps } = scene(test, { webhooks: [HOOK, { ...HOOK, id: 'crm', wakeUps: false }] })
    const hook = { kind: 'webhook', webhookId: 'push', token: 't' }
    assert.deepEqual(wakeUps.webhookIds('acme'), ['push'])
    assert.deepEqual(wakeUps.webhookIds('globex'), [])
    assert.throws(() => wakeUps.accept({ ...USER, organizationId: 'globex' }, hook), {
      code: 'invalid_request',
    })
  })

  it('is no push where the server has no keys', (test) => {
    const { wakeUps, webPush } = scene(test, { settings: { vapidPrivateKey: undefined } })
    assert.equal(wakeUps.vapidPublicKey, undefined)
    assert.throws(() => wakeUps.accept(USER, webPush), { code: 'invalid_request' })
  })

  it('names push services by their hosts', () => {
    assert.ok(isHostListed(PUSH_SERVICES, 'web.push.apple.com'))
    assert.ok(isHostListed(PUSH_SERVICES, 'wns2-par02p.notify.windows.com'))
    assert.ok(!isHostListed(PUSH_SERVICES, 'push.apple.com.evil.example'))
    assert.ok(!isHostListed(['*.push.apple.com'], 'push.apple.com'))
    assert.ok(isHostListed(['*'], 'anything.example'))
  })
})
