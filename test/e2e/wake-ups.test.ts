import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connect, type Event, type SdkError } from '@rollcall/client/client'
import { WebSocket } from 'ws'
import { call } from '../helpers/call.ts'
import { makeDirectory, tokenOfClient, tokenOfUser } from '../helpers/directory.ts'
import { eventsOf, openStream } from '../helpers/event-stream.ts'
import { PushBrowser, PushService, vapidClaims } from '../helpers/push-service.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { WebhookReceiver } from '../helpers/webhook-receiver.ts'

const MAIN = fileURLToPath(new URL('../../server/dist/main.js', import.meta.url))
const EVENT = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z', secret: 'nobody else sees this' }

describe('devices that sleep', () => {
  const push = new PushService()
  const hook = new WebhookReceiver()
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let keys: { readonly vapidPublicKey: string; readonly vapidPrivateKey: string }
  let env: Record<string, string>
  let bob = ''
  let backend = ''
  before(async () => {
    data = await makeDataDir()
    await push.start()
    await hook.start()
    const directory = await makeDirectory(data.path)
    const webhooks = [{ id: 'push', url: hook.url, secret: hook.secret, events: [], wakeUps: true }]
    await directory.write({ acme: { webhooks } })
    const made = spawnSync(process.execPath, [MAIN, 'vapid-keys'], { encoding: 'utf8' })
    keys = JSON.parse(made.stdout)
    env = {
      DIRECTORY_FILE: directory.file,
      VAPID_PUBLIC_KEY: keys.vapidPublicKey,
      VAPID_PRIVATE_KEY: keys.vapidPrivateKey,
      VAPID_SUBJECT: 'mailto:ops@acme.example',
      WEB_PUSH_HOSTS: '127.0.0.1',
      WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.1',
      WAKE_UP_REST_SECONDS: '1',
    }
    server = await startProcess(data.path, env)
    bob = (await tokenOfUser(server.url, 'bob')).accessToken
    backend = await tokenOfClient(server.url, 'acme-backend')
  })
  after(async () => {
    await server.kill()
    await push.stop()
    await hook.stop()
    await data.remove()
  })

  async function register(t: TestContext, userEndpointId: string, wakeUp: unknown): Promise<void> {
    const command = { userEndpointId, keepAliveSeconds: 3_600, wakeUp }
    const { status, text } = await call(server.url, bob, 'POST users/endpoints/register', command)
    assert.equal(status, 200, text)
    t.after(() => call(server.url, bob, 'POST users/endpoints/unregister', { userEndpointId }))
  }
  async function ring(userEndpointId: string, more: object = {}): Promise<string> {
    const command = { userId: 'bob', userEndpointId, qos: 1, event: EVENT, ...more }
    const answer = await call(server.url, backend, 'POST users/endpoints/sendEvent', command)
    assert.deepEqual([answer.status, answer.text], [200, '1'])
    return answer.headers.get('event-id') ?? ''
  }
  async function partOf(eventId: string): Promise<Record<string, unknown>> {
    const { text } = await call(server.url, backend, `GET events/${eventId}`)
    return JSON.parse(text).endpoints[0]
  }

  it('are woken by a push that says which event waits, and the history says so', async (t) => {
    const browser = new PushBrowser()
    await register(t, 'sleeper', {
      kind: 'webPush',
      subscription: browser.subscription(`${push.url}/sleeper`),
    })
    const eventId = await ring('sleeper', { ttlSeconds: 120 })
    await eventually(() => push.got.length === 1, 'a push')
    const [got = assert.fail('no push')] = push.got.splice(0)
    assert.equal(got.path, '/sleeper')
    assert.deepEqual(browser.open(got.body), { userEndpointId: 'sleeper', eventId, type: 'CallOfferedEvent' })
    assert.ok(Number(got.headers['ttl']) > 60 && Number(got.headers['ttl']) <= 120)
    assert.equal(vapidClaims(got.headers.authorization, keys.vapidPublicKey)['aud'], push.url)
    await eventually(async () => (await partOf(eventId))['outcome'] === 'woken', 'the history says woken')
    assert.match(String((await partOf(eventId))['wokenAt']), /^\d{4}-.*Z$/)
    const { text } = await call(server.url, backend, 'GET users/bob/endpoints')
    assert.equal(JSON.parse(text).find(({ id }: { id: string }) => id === 'sleeper').canBeWoken, true)
    let metrics = ''
    await eventually(async () => {
      // Of several processes one woke it: each look is a connection of its own.
      metrics = await (await fetch(`${server.url}/metrics`, { headers: { connection: 'close' } })).text()
      return /rollcall_wake_ups_total\{kind="webPush",result="woken"\} 1/.test(metrics)
    }, 'it is counted')
    for (const shown of [text, metrics, server.output()])
      assert.ok(!shown.includes('/sleeper'), 'no subscription')
  })

  it('are woken by a signed request to a webhook, for APNs or FCM', async (t) => {
    await register(t, 'phone', { kind: 'webhook', webhookId: 'push', token: 'apns-token' })
    const eventId = await ring('phone')
    await eventually(() => hook.got.length === 1, 'a request')
    const [{ isGenuine, events } = assert.fail('no request')] = hook.got.splice(0)
    assert.ok(isGenuine)
    const { token, userEndpointId, eventType, ...rest } = Object(events[0])
    assert.deepEqual(
      [rest.type, token, userEndpointId, rest.eventId, eventType, rest.event],
      ['UserEndpointWakeUpRequestedEvent', 'apns-token', 'phone', eventId, 'CallOfferedEvent', undefined],
    )
  })

  it('are woken when their connection ends before they have acknowledged what it bore', async (t) => {
    await register(t, 'in a tunnel', { kind: 'webhook', webhookId: 'push', token: 'apns-token' })
    const stream = await openStream(server.url, { token: bob, userEndpointId: 'in a tunnel' })
    await stream.until(({ messages }) => messages[0])
    const eventId = await ring('in a tunnel')
    await stream.until((read) => eventsOf(read)[0])
    assert.equal(hook.got.length, 0, 'it has a connection')
    stream.destroy()
    await eventually(() => hook.got.length === 1, 'a request')
    hook.got.splice(0)
    const again = await openStream(server.url, { token: bob, userEndpointId: 'in a tunnel' })
    const [event] = await again.until((read) => eventsOf(read).length === 1 && eventsOf(read))
    assert.equal(JSON.parse(event?.data ?? '').id, eventId)
    again.destroy()
  })

  it('are forgotten where the push service does not know them any more, and nobody follows its redirects', async (t) => {
    const browser = new PushBrowser()
    const wakeUp = { kind: 'webPush', subscription: browser.subscription(`${push.url}/old`) }
    await register(t, 'old', wakeUp)
    push.behave = (response) => response.writeHead(307, { location: `${push.url}/elsewhere` }).end()
    await ring('old')
    await eventually(() => push.got.length === 1, 'a push')
    push.behave = (response) => response.writeHead(410).end()
    await ring('old')
    await eventually(() => push.got.length === 2, 'another one')
    assert.deepEqual(
      push.got.splice(0).map(({ path }) => path),
      ['/old', '/old'],
    )
    await eventually(async () => {
      const { text } = await call(server.url, bob, 'GET users/endpoints/old')
      return JSON.parse(text).canBeWoken === undefined
    }, 'it is forgotten')
    push.behave = undefined
  })

  it('are woken although the server was killed before it could', async (t) => {
    const browser = new PushBrowser()
    const wakeUp = { kind: 'webPush', subscription: browser.subscription(`${push.url}/lost`) }
    await register(t, 'lost', wakeUp)
    push.behave = () => undefined
    await ring('lost')
    await eventually(() => push.got.length === 1, 'a push that is never answered')
    await server.kill()
    push.got.splice(0)
    push.behave = undefined
    server = await startProcess(data.path, { ...env, PORT: String(server.port) })
    await eventually(() => push.got.length === 1, 'it is woken again', 20_000)
    assert.deepEqual(browser.open(push.got.splice(0)[0]?.body ?? Buffer.alloc(0)), { userEndpointId: 'lost' })
    for (const file of await readdir(data.path, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue
      const bytes = await readFile(join(file.parentPath, file.name))
      assert.ok(
        !bytes.includes('/lost') && !bytes.includes('apns-token'),
        `${file.name} holds no subscription`,
      )
    }
  })

  it('of a page: the SDK subscribes and registers, and a browser that refuses is registered without', async (t) => {
    const browser = new PushBrowser()
    const subscription = {
      options: { applicationServerKey: null },
      toJSON: () => browser.subscription(`${push.url}/page`),
      unsubscribe: async () => true,
    }
    const events: Event[] = []
    const troubles: SdkError[] = []
    const asked: string[] = []
    const page = (allows: boolean, userEndpointId: string) =>
      connect({
        ...{ url: server.url, userEndpointId, WebSocket, getToken: () => bob, keepAliveSeconds: 600 },
        onEvent: (event) => void events.push(event),
        onError: (error) => void troubles.push(error),
        wakeUp: async ({ ways }) => {
          const { vapidPublicKey, webhookIds } = await ways()
          asked.push(String(vapidPublicKey), ...webhookIds)
          if (!allows) throw new Error('permission denied')
          const { endpoint, keys: own } = subscription.toJSON()
          return { kind: 'webPush', subscription: { endpoint, keys: own } }
        },
      })
    const allowed = page(true, 'page')
    const refused = page(false, 'refusing')
    t.after(() => Promise.all([allowed.close(), refused.close()]))
    await Promise.all([allowed, refused].map((one) => one.online({ signal: AbortSignal.timeout(20_000) })))
    assert.deepEqual(asked.slice(0, 2), [keys.vapidPublicKey, 'push'])
    assert.deepEqual(
      troubles.map(({ code }) => code),
      ['wake_up_failed'],
    )
    const { text } = await call(server.url, bob, 'GET users/endpoints')
    const woken = JSON.parse(text).map(({ id, canBeWoken }: { id: string; canBeWoken?: true }) => [
      id,
      canBeWoken,
    ])
    assert.deepEqual(
      new Map(woken),
      new Map([
        ['page', true],
        ['refusing', undefined],
      ]),
    )
    await ring('page')
    await eventually(() => events.length === 1, 'it comes over the connection')
    assert.equal(push.got.length, 0, 'who is connected is not woken')
  })

  it('are nobody’s to name who may not', async () => {
    const browser = new PushBrowser()
    const bad = [
      { kind: 'webPush', subscription: browser.subscription('https://169.254.169.254/latest') },
      { kind: 'webhook', webhookId: 'crm', token: 't' },
      'x',
    ]
    for (const wakeUp of bad) {
      const command = { userEndpointId: 'bad', keepAliveSeconds: 60, wakeUp }
      const { status, text } = await call(server.url, bob, 'POST users/endpoints/register', command)
      assert.equal(status, 400, text)
      assert.ok(
        Object.keys(JSON.parse(text)).some((name) => name.startsWith('wakeUp')),
        text,
      )
    }
    const carol = (await tokenOfUser(server.url, 'carol')).accessToken
    const hers = { kind: 'webhook', webhookId: 'push', token: 't' }
    const command = { userEndpointId: 'x', keepAliveSeconds: 60, wakeUp: hers }
    assert.equal((await call(server.url, carol, 'POST users/endpoints/register', command)).status, 400)
    const service = await tokenOfClient(server.url, 'service')
    assert.equal((await call(server.url, service, 'GET wakeUps')).status, 400)
  })
})
