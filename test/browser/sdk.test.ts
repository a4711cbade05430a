import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { startBrowser } from '../helpers/browser.ts'
import { registeringWorker, toldOf, WORKER } from '../helpers/push-pages.ts'
import { eventually } from '../helpers/run-server.ts'
import { openSdkScene, type SdkScene } from '../helpers/sdk-scene.ts'

/** In the page. */
declare const navigator: object

/** What docs/sdk.md begins with. */
const FIVE_LINES = `
import { connect, tokenSource } from './sdk.js'
const url = location.origin
const grant = { type: 'password', username: 'bob', password: 'bob-password' }
const getToken = tokenSource({ url, clientId: 'customer', grant })
const registration = connect({ url, getToken, onEvent: (event) => { document.title = event.caller } })

await registration.online()
document.title = registration.userEndpointId
`

const HOSTILE = '"><img src=x onerror=document.title=666><script>document.title=667</script>'

describe('the SDK in a browser', () => {
  let scene: SdkScene

  before(async () => {
    scene = await openSdkScene()
  })
  after(() => scene.close())
  const openTab = async (t: TestContext) => {
    const watched = await scene.chromium.newContext(t)
    return { watched, tab: await scene.site.openTab(watched) }
  }

  it('is five lines to an event', async (t) => {
    const watched = await scene.chromium.newContext(t)
    const page = await scene.site.openProgram(watched, FIVE_LINES)
    await eventually(async () => (await page.title()).length === 36, 'it is online')
    const receipt = await scene.acme.ring(await page.title(), { caller: 'Alice' }, { waitSeconds: 10 })
    assert.equal(receipt.acknowledged, 1)
    assert.equal(await page.title(), 'Alice')
    assert.equal(await scene.acme.outcome(receipt.eventId), 'acknowledged')
  })

  it('unregisters when it is closed', async (t) => {
    const { tab } = await openTab(t)
    const id = await tab.reach()
    assert.ok((await scene.acme.registered()).includes(id))
    await tab.close()
    assert.ok(!(await scene.acme.registered()).includes(id))
    assert.deepEqual((await tab.report()).states, ['online subscribed', 'closed closed_by_app'])
  })

  it('keeps markup as data', async (t) => {
    const { tab } = await openTab(t)
    const userEndpointId = '<img src=x onerror=alert(1)>'
    assert.equal(await tab.reach({ connect: { userEndpointId } }), userEndpointId)
    const attributes = { id: `<b>${'x'.repeat(8)}</b>`, caller: HOSTILE, __proto__x: HOSTILE }
    const { eventId } = await scene.acme.ring(userEndpointId, attributes, { waitSeconds: 10 })
    const { events } = await tab.report()
    assert.equal(events[0]?.id, eventId)
    assert.equal(events[0]?.['caller'], HOSTILE)
    assert.equal(await tab.page.title(), 'SDK')
    assert.equal(await tab.page.locator('main *').count(), 0)
    await scene.acme.acknowledged(eventId)
  })

  it('loses nothing to a handler that throws or never settles', async (t) => {
    const { tab } = await openTab(t)
    const id = await tab.reach({ connect: { handlerTimeoutMs: 200, handlerAttemptsMax: 2 } })
    for (const handler of ['throws once', 'throws', 'hangs', 'works'])
      await scene.acme.ring(id, { id: `${handler} ${id}`, handler })
    const { events, errors } = await tab.until(({ calls }) => calls.length === 6, 'each had its turn')
    await scene.acme.acknowledged(`works ${id}`)
    assert.deepEqual(
      events.map((event) => event['handler']),
      ['throws once', 'works'],
    )
    assert.deepEqual(
      errors.map((text) => text.replace(` ${id}`, '')),
      [
        'handler_failed throws once',
        'handler_failed throws',
        'handler_failed throws',
        'handler_timeout hangs',
      ],
    )
    // Another program with a better handler, in the same tab.
    await tab.page.reload()
    await tab.loaded()
    await tab.mend()
    assert.equal(await tab.reach(), id)
    const again = await tab.until((report) => report.events.length === 2, 'what was left has come again')
    assert.deepEqual(
      again.events.map((event) => event['handler']),
      ['throws', 'hangs'],
    )
    for (const handler of ['throws', 'hangs']) await scene.acme.acknowledged(`${handler} ${id}`)
  })

  it('has a worker that reads a push, and shows which event waits', async (t) => {
    const whole = await startBrowser({ isWhole: true })
    const watched = await whole.newContext(t, { permissions: ['notifications'] })
    watched.after(() => whole.close())
    const worker = scene.site.addScript(WORKER)
    const page = await scene.site.openProgram(watched, `${registeringWorker(worker)}document.title = 'ready'`)
    await eventually(async () => (await page.title()) === 'ready', 'the worker is there')
    const session = await watched.context.newCDPSession(page)
    const registered = new Promise<string>((resolve) => {
      session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [one] }) => {
        if (one !== undefined) resolve(one.registrationId)
      })
    })
    await session.send('ServiceWorker.enable')
    // Debian's Chromium has no keys of a push service: the browser is told that one has said so.
    const told = { userEndpointId: 'phone', eventId: 'e-1', type: 'CallOfferedEvent' }
    const delivery = { origin: scene.site.url, registrationId: await registered, data: JSON.stringify(told) }
    await session.send('ServiceWorker.deliverPushMessage', delivery)
    await eventually(async () => (await page.evaluate(toldOf, 'e-1')) !== undefined, 'the worker was told')
    assert.deepEqual(await page.evaluate(toldOf, 'e-1'), told)
    const shown =
      'navigator.serviceWorker.ready.then((one) => one.getNotifications()).then((all) => all.map((one) => one.data))'
    assert.deepEqual(await page.evaluate(shown), [told])
  })

  it('gets events as a stream where no WebSocket gets through, and always goes back', async (t) => {
    const { watched, tab } = await openTab(t)
    watched.watch.expect(/WebSocket connection to/)
    scene.site.refuseWebSockets(true)
    watched.after(async () => scene.site.refuseWebSockets(false))
    const id = await tab.reach()
    assert.equal((await scene.acme.ring(id, {}, { waitSeconds: 10 })).acknowledged, 1)
    assert.equal((await tab.report()).transport, 'stream')
    scene.site.refuseWebSockets(false)
    await tab.page.reload()
    assert.equal(await tab.reach(), id)
    assert.equal((await scene.acme.ring(id, {}, { waitSeconds: 10 })).acknowledged, 1)
    assert.equal((await tab.report()).transport, 'websocket')
  })

  it('works where storage and Web Locks are forbidden', async (t) => {
    const { watched, tab } = await openTab(t)
    await watched.context.addInitScript(() => {
      const forbid = (owner: object, name: string): void => {
        const get = (): never => {
          throw new Error(`${name} is forbidden`)
        }
        Object.defineProperty(owner, name, { get })
      }
      forbid(globalThis, 'sessionStorage')
      forbid(globalThis, 'localStorage')
      Object.defineProperty(navigator, 'locks', { value: undefined })
    })
    const before = await scene.acme.links()
    await tab.page.reload()
    const other = await scene.site.openTab(watched)
    const shared = { connect: { shareSocket: true } }
    const ids = [await tab.reach(shared), await other.reach(shared)]
    assert.equal(new Set(ids).size, 2)
    assert.equal((await scene.acme.links()) - before, 2, 'each has its own connection')
    for (const id of ids) assert.equal((await scene.acme.ring(id, {}, { waitSeconds: 10 })).acknowledged, 1)
  })

  it('says that it cannot get to an address that the page may not ask', async (t) => {
    const { watched, tab } = await openTab(t)
    watched.watch.expect(/Content Security Policy/)
    await tab.start({ url: 'http://rollcall.example.com', token: 'a.b.c' })
    const { status, error } = await tab.until(({ states }) => states.length > 1, 'it tries again')
    assert.deepEqual([status, error?.code], ['reconnecting', 'unreachable'])
    assert.match(error?.message ?? '', /^http:\/\/rollcall\.example\.com cannot be reached/)
  })

  it('says that something else answers', async (t) => {
    const { watched, tab } = await openTab(t)
    watched.watch.expect(/status of 404/)
    await watched.context.route('**/rtc-api/**', (route) => route.fulfill({ status: 404, body: '<html>' }))
    await tab.start()
    const { reason, error } = await tab.until(({ status }) => status === 'closed', 'it has given up')
    assert.deepEqual([reason, error?.code], ['wrong_server', 'wrong_server'])
  })

  it('says that credentials are wrong', async (t) => {
    const { watched, tab } = await openTab(t)
    watched.watch.expect(/status of 40[01]/)
    await tab.start({ password: 'wrong' })
    const { reason, error } = await tab.until(({ status }) => status === 'closed', 'it has given up')
    assert.deepEqual([reason, error?.code], ['token_failed', 'invalid_grant'])
  })

  it('says that the client is wrong, and lets no browser ask people about it', async (t) => {
    const { watched, tab } = await openTab(t)
    watched.watch.expect(/status of 401/)
    await tab.start({ clientSecret: 'wrong' })
    const { reason, error } = await tab.until(({ status }) => status === 'closed', 'it has given up')
    assert.deepEqual([reason, error?.code], ['token_failed', 'invalid_client'])
  })
})
