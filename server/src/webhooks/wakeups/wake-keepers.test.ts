import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { recordingLink } from '../../../../test/helpers/delivery-scene.ts'
import { seededRandom } from '../../../../test/helpers/fake-clock.ts'
import { ALICE, openTwo, send } from '../../../../test/helpers/two-processes.ts'
import type { Webhook } from '../../auth/auth.ts'
import { createSealer } from '../../masks/masks.ts'
import { Statistics } from '../../observe/observe.ts'
import type { Registration } from '../../store/store.ts'
import { createWakeUps } from './wake-ups.ts'

const HOOK: Webhook = {
  ...{ id: 'push', url: 'https://push.example/hook', secrets: [Buffer.alloc(32, 9)] },
  ...{ events: new Set(), enabled: true, wakeUps: true },
}
const REST_MS = 10_000

/** Two processes that wake the same devices. */
async function openWakers(t: TestContext) {
  const two = await openTwo(t)
  const { clock, here, there, memory } = two
  const posts: {
    readonly by: string
    readonly token: string
    readonly body: string
    readonly atMs: number
  }[] = []
  const open = (process: typeof here, by: string) => {
    const { cluster, store, node } = process
    let ids = 0
    const wakeUps = createWakeUps({
      ...{ cluster, store, clock: node.clock, statistics: new Statistics(0) },
      sealer: createSealer(Buffer.alloc(32, 1), seededRandom(by)),
      auth: {
        isGone: () => false,
        organizations: () =>
          new Map([['acme', { id: 'acme', name: 'Acme', webhooks: [HOOK], send: [], senderId: false }]]),
      },
      newId: () => `${by}-${++ids}`,
      log: { warn: () => undefined, error: () => undefined },
      metrics: { wakeUp: () => undefined },
      settings: {
        ...{ vapidSubject: undefined, vapidPublicKey: undefined, vapidPrivateKey: undefined },
        ...{ webPushHosts: [], webhookPrivateAddresses: [] },
        ...{ wakeUpRestSeconds: REST_MS / 1000, wakeUpQueueMax: 100 },
      },
      openReceiver: () => ({
        async post(_, { body }) {
          const text = body.toString()
          posts.push({ by, token: JSON.parse(text).events[0].token, body: text, atMs: clock.monotonicMs() })
          return undefined
        },
        close: () => undefined,
      }),
    })
    t.after(() => wakeUps.close())
    return wakeUps
  }
  const wakers = { here: open(here, 'here'), there: open(there, 'there') }
  // Until each has heard of the other.
  await clock.advance(1_000)
  const register = async (token: string): Promise<Registration> => {
    const wakeUp = wakers.here.accept(ALICE, { kind: 'webhook', webhookId: 'push', token })
    assert(wakeUp !== undefined)
    const outcome = await memory.registrations.register(
      {
        ...{ ...ALICE, userEndpointId: token, keepAliveSeconds: 86_400, wakeUp },
        ...{ serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 },
      },
      1_000,
    )
    assert(outcome.kind === 'registered')
    return outcome.registration
  }
  const event = (eventId: string, bytes?: Buffer) => ({
    ...{ eventId, type: 'CallOfferedEvent', bytes, expiresAtWallMs: undefined },
  })
  return { ...two, wakers, posts, register, event }
}

describe('a device for which events come to several processes', () => {
  it('is woken once in a time, by one of them', async (t) => {
    const { clock, wakers, posts, register, event } = await openWakers(t)
    for (let device = 0; device < 8; device++) {
      const registration = await register(`device-${device}`)
      for (let sequence = 1; sequence <= 6; sequence++) {
        const at = sequence % 2 === 0 ? wakers.here : wakers.there
        at.wake(registration, event(`e-${sequence}`), sequence)
        await clock.advance(200)
      }
    }
    await clock.advance(3 * REST_MS)
    for (let device = 0; device < 8; device++) {
      const own = posts.filter(({ token }) => token === `device-${device}`)
      assert.equal(own.length, 2, 'at the first, and for what came after it')
      assert.equal(new Set(own.map(({ by }) => by)).size, 1, 'by the same')
      assert.ok((own[1]?.atMs ?? 0) - (own[0]?.atMs ?? 0) >= REST_MS)
    }
    assert.deepEqual(new Set(posts.map(({ by }) => by)), new Set(['here', 'there']), 'each wakes some')
  })

  it('is told which event waits, and nothing else of it', async (t) => {
    const { clock, wakers, posts, register, event } = await openWakers(t)
    for (const at of ['here', 'there'] as const)
      for (let device = 0; device < 4; device++)
        wakers[at].wake(await register(`${at}-${device}`), event('e-1', Buffer.from('{"card":"4111"}')), 1)
    await clock.advance(1_000)
    assert.equal(posts.length, 8)
    for (const { body } of posts) {
      assert.match(body, /"eventId":"e-1"/)
      assert.doesNotMatch(body, /4111/)
    }
  })

  it('is woken though the word of it is lost, or the process that keeps it stands still', async (t) => {
    const { clock, network, there, wakers, posts, register, event } = await openWakers(t)
    network.weather = { loss: 100, doubling: 0, delayMsMax: 0 }
    for (let device = 0; device < 4; device++)
      wakers.here.wake(await register(`lost-${device}`), event('e-1'), 1)
    await clock.advance(2_500)
    assert.equal(posts.length, 4)
    network.weather = { loss: 0, doubling: 0, delayMsMax: 2 }
    there.node.clock.freeze()
    for (let device = 0; device < 4; device++)
      wakers.here.wake(await register(`still-${device}`), event('e-1'), 1)
    await clock.advance(2_500)
    assert.equal(posts.length, 8)
  })

  it('is woken by another where the process that would have is dead', async (t) => {
    const { clock, here, there, wakers, posts, register, event } = await openWakers(t)
    const registrations = await Promise.all(
      Array.from({ length: 8 }, (_, device) => register(`device-${device}`)),
    )
    for (const [at, registration] of registrations.entries()) {
      await send(here, `e-${at}`, { userEndpointId: registration.userEndpointId })
      wakers.here.wake(registration, event('first'), 1)
    }
    await clock.advance(500)
    const byThere = posts.filter(({ by }) => by === 'there').map(({ token }) => token)
    assert.ok(byThere.length > 0)
    for (const registration of registrations) wakers.here.wake(registration, event('second'), 2)
    await clock.advance(100)
    there.node.clock.freeze()
    posts.splice(0)
    await clock.advance(30_000)
    const again = posts.filter(({ token }) => byThere.includes(token))
    assert.deepEqual(
      again.map(({ by, token }) => `${by} ${token}`).toSorted(),
      byThere.map((token) => `here ${token}`).toSorted(),
    )
  })

  it('is not woken where it has a link at another process', async (t) => {
    const { clock, there, wakers, posts, register, event } = await openWakers(t)
    const registration = await register('phone')
    await there.delivery.attach(registration, recordingLink()).attached
    wakers.here.wake(registration, event('e-1'), 1)
    wakers.there.wake(registration, event('e-2'), 2)
    await clock.advance(2 * REST_MS)
    assert.deepEqual(posts, [])
  })
})
