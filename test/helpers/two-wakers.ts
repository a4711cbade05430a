import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Webhook } from '../../server/src/auth/auth.ts'
import { createSealer } from '../../server/src/masks/masks.ts'
import { Statistics } from '../../server/src/observe/observe.ts'
import type { Registration } from '../../server/src/store/store.ts'
import { openWakeUps } from '../../server/src/webhooks/webhooks.ts'
import { seededRandom } from './fake-clock.ts'
import { ALICE, openTwo } from './two-processes.ts'

const HOOK: Webhook = {
  ...{ id: 'push', url: 'https://push.example/hook', secrets: [Buffer.alloc(32, 9)] },
  ...{ events: new Set(), enabled: true, wakeUps: true },
}
export const REST_MS = 10_000

/** Two processes that wake the same devices. */
export async function openWakers(t: TestContext) {
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
    const wakeUps = openWakeUps({
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
