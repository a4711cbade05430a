import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type PushSubscriptionLike, readPush, type WakeUpContext, webPush } from './wake-up.ts'

const KEY = Buffer.from([4, 251, 255, 190]).toString('base64url')
const JSON_FORM = { endpoint: 'https://push.example/1', keys: { p256dh: 'p', auth: 'a' } }

/** A browser that has a subscription for this key, or none. */
function browser(has: string | undefined) {
  const done: string[] = []
  const subscription = (key: string): PushSubscriptionLike => ({
    options: { applicationServerKey: Uint8Array.from(Buffer.from(key, 'base64url')).buffer },
    toJSON: () => JSON_FORM,
    unsubscribe: async () => {
      done.push('unsubscribe')
      return true
    },
  })
  const pushManager = {
    getSubscription: async () => (has === undefined ? null : subscription(has)),
    subscribe: async ({ applicationServerKey }: { applicationServerKey: string }) => {
      done.push(`subscribe ${applicationServerKey}`)
      return subscription(applicationServerKey)
    },
  }
  return { registration: { pushManager }, done }
}

const asked = (vapidPublicKey: string | null): WakeUpContext => ({
  ways: async () => ({ vapidPublicKey, webhookIds: [] }),
})

function find(wakeUp: ReturnType<typeof webPush>, context: WakeUpContext) {
  return typeof wakeUp === 'function' ? wakeUp(context) : assert.fail('a function')
}

describe('waking a page', () => {
  it('subscribes with the server’s key, and keeps a subscription that has it', async () => {
    const fresh = browser(undefined)
    const wanted = { kind: 'webPush', subscription: JSON_FORM, include: 'id' }
    assert.deepEqual(await find(webPush(fresh.registration), asked(KEY)), wanted)
    assert.deepEqual(fresh.done, [`subscribe ${KEY}`])
    const known = browser(KEY)
    assert.deepEqual(await find(webPush(known.registration, { include: 'event' }), asked(KEY)), {
      ...wanted,
      include: 'event',
    })
    assert.deepEqual(known.done, [])
  })

  it('replaces a subscription for another key', async () => {
    const { registration, done } = browser('AAAA')
    await find(webPush(registration), asked(KEY))
    assert.deepEqual(done, ['unsubscribe', `subscribe ${KEY}`])
  })

  it('does not subscribe where the server has no key', async () => {
    const { registration, done } = browser(undefined)
    assert.equal(await find(webPush(registration), asked(null)), undefined)
    assert.deepEqual(done, [])
  })

  it('reads what the server sent, and nothing else', () => {
    const data = (value: unknown) => ({ json: () => value })
    assert.deepEqual(
      readPush(data({ userEndpointId: 'p', eventId: 'e', type: 'T', event: { a: 1 }, new: 1 })),
      {
        userEndpointId: 'p',
        eventId: 'e',
        type: 'T',
        event: { a: 1 },
      },
    )
    assert.deepEqual(readPush(data({ userEndpointId: 'p', eventId: 7 })), { userEndpointId: 'p' })
    for (const other of [null, 'x', [], {}, { userEndpointId: 1 }])
      assert.equal(readPush(data(other)), undefined)
    assert.equal(readPush(null), undefined)
    const broken = { json: () => JSON.parse('{') }
    assert.equal(readPush(broken), undefined)
  })
})
