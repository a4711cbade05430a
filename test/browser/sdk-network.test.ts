import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { Acme } from '../helpers/acme.ts'
import { startBrowser, type TestBrowser, type WatchedContext } from '../helpers/browser.ts'
import { startCuttableProxy } from '../helpers/cuttable-proxy.ts'
import { signIn } from '../helpers/demo.ts'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'
import { startSdkSite } from '../helpers/sdk-page.ts'
import { openSdkScene, type SdkScene } from '../helpers/sdk-scene.ts'

/** What the browser itself writes when a request meets nobody. */
const NO_NETWORK = /net::ERR_|WebSocket connection to/
/** A server that was started anew answers before it has read its store. */
const STARTING = /status of 503/

describe('the SDK in a browser whose network fails', () => {
  let scene: SdkScene

  before(async () => {
    scene = await openSdkScene()
  })
  after(() => scene.close())
  /** A tab behind a network of its own. */
  const openTab = async (t: TestContext) => {
    const watched = await scene.chromium.newContext(t)
    watched.watch.expect(NO_NETWORK)
    const network = await startCuttableProxy(scene.site.port)
    watched.after(() => network.close())
    return { watched, network, tab: await scene.site.openTab(watched, network.url) }
  }

  it('gets what was sent meanwhile, once, when the network is back', async (t) => {
    const { network, tab } = await openTab(t)
    const id = await tab.reach()
    network.cut()
    await tab.until(({ status }) => status === 'reconnecting', 'it has noticed')
    const { count, eventId } = await scene.acme.ring(id)
    assert.equal(count, 1)
    await tab.until(({ states }) => states.length > 3, 'it goes on trying')
    assert.equal(await scene.acme.outcome(eventId), 'queued')
    network.restore()
    const { events, calls } = await tab.until((report) => report.events.length > 0, 'the event')
    await scene.acme.acknowledged(eventId)
    assert.deepEqual([events.map((event) => event.id), calls], [[eventId], [`${eventId} 1`]])
    assert.equal(await tab.online().then(({ userEndpointId }) => userEndpointId), id)
  })

  it('notices a network that says nothing, and loses no event to it', async (t) => {
    const { network, tab } = await openTab(t)
    const quick = { pingMs: 1000, timeoutMs: 500 }
    const id = await tab.reach({ connect: quick })
    network.stall()
    const { eventId } = await scene.acme.ring(id)
    const { reason } = await tab.until(({ status }) => status === 'reconnecting', 'it has noticed')
    assert.equal(reason, 'timeout')
    network.cut()
    network.restore()
    await tab.until(({ events }) => events.length > 0, 'the event')
    await scene.acme.acknowledged(eventId)
    assert.deepEqual((await tab.report()).calls, [`${eventId} 1`])
  })

  it('comes back at once when the browser says that the network is', async (t) => {
    const { watched, network, tab } = await openTab(t)
    // Left to itself, it would wait for up to a minute.
    await tab.reach({ connect: { backoffFirstMs: 60_000, backoffMaxMs: 3_600_000 } })
    network.cut()
    await watched.context.setOffline(true)
    await tab.until(({ status }) => status === 'reconnecting', 'it has noticed')
    network.restore()
    await watched.context.setOffline(false)
    await tab.online()
  })

  it('registers again where its time ran out', async (t) => {
    const { watched, network, tab } = await openTab(t)
    // The answer to a keepalive that is too late.
    watched.watch.expect(/status of 400 .*keepalive/)
    const id = await tab.reach({ connect: { keepAliveSeconds: 1 } })
    network.cut()
    await eventually(async () => !(await scene.acme.registered()).includes(id), 'it is gone')
    network.restore()
    const { states } = await tab.until(
      (report) => report.states.includes('expired registration_ended'),
      'told',
    )
    assert.equal(states[0], 'online subscribed')
    const { userEndpointId } = await tab.online()
    assert.equal(userEndpointId, id)
    assert.equal((await scene.acme.ring(id, {}, { waitSeconds: 10 })).acknowledged, 1)
  })

  it('says that the server is down, and works once it is up', async (t) => {
    const { network, tab } = await openTab(t)
    network.cut()
    await tab.start()
    const { error, reason, status } = await tab.until(({ states }) => states.length > 1, 'it tries again')
    assert.deepEqual([status, reason, error?.code], ['reconnecting', 'token_failed', 'token_failed'])
    network.restore()
    await tab.online()

    await tab.page.reload()
    network.cut()
    await tab.start({ token: 'a.b.c' })
    const unreachable = await tab.until(({ states }) => states.length > 1, 'it tries again')
    assert.deepEqual([unreachable.status, unreachable.reason], ['reconnecting', 'unreachable'])
    assert.ok(unreachable.error?.message.startsWith(`${network.url} cannot be reached`))
  })
})

/** A server of one test's own, which may be killed and started again as it was, with pages in front. */
async function startOwn(watched: WatchedContext, env: Record<string, string> = {}) {
  const data = await makeDataDir()
  let server = await startProcess(data.path, env)
  const { url, port } = server
  const site = await startSdkSite(port)
  watched.after(async () => {
    await site.close()
    await server.kill()
    await data.remove()
  })
  const kill = (): Promise<void> => server.kill()
  const restart = async (): Promise<void> => {
    server = await startProcess(data.path, { ...env, PORT: String(port) })
  }
  return { url, site, acme: new Acme(url), kill, restart }
}

/** The grants of the token requests of all pages, in order. */
function grantsOf({ context }: WatchedContext): readonly string[] {
  const grants: string[] = []
  context.on('request', (request) => {
    if (!request.url().endsWith('/security/oauth/token')) return
    grants.push(new URLSearchParams(request.postData() ?? '').get('grant_type') ?? '')
  })
  return grants
}

describe('the SDK in a browser whose server changes', () => {
  let chromium: TestBrowser
  before(async () => {
    chromium = await startBrowser()
  })
  after(() => chromium.close())

  it('comes back to the one that was killed and started again, and gets what waited', async (t) => {
    const watched = await chromium.newContext(t)
    watched.watch.expect(NO_NETWORK)
    watched.watch.expect(STARTING)
    const { site, acme, kill, restart } = await startOwn(watched)
    const tab = await site.openTab(watched)
    const id = await tab.reach({ connect: { handlerTimeoutMs: 500 } })
    const held = await acme.ring(id, { handler: 'hangs' })
    await tab.until(({ calls }) => calls.length === 1, 'its handler has it')
    assert.equal((await acme.ring(id)).count, 1)

    await kill()
    await tab.until(({ states }) => states.length > 1, 'it has noticed')
    await tab.mend()
    await restart()
    await tab.online()
    const { events } = await tab.until((report) => report.events.length === 2, 'both')
    await acme.acknowledged(held.eventId)
    assert.equal(new Set(events.map((event) => event.id)).size, 2)
    assert.equal((await acme.ring(id, {}, { waitSeconds: 10 })).acknowledged, 1)
  })

  it('keeps its connection with newer tokens, which it gets by refresh token', async (t) => {
    const watched = await chromium.newContext(t)
    const grants = grantsOf(watched)
    const { site, acme } = await startOwn(watched, { ACCESS_TOKEN_TTL_SECONDS: '4' })
    const tab = await site.openTab(watched)
    const id = await tab.reach({ renewsAlways: true, connect: { keepAliveSeconds: 2 } })
    // Each second one: that is past the first token's end.
    await eventually(() => grants.length >= 6, 'renewals')
    assert.equal((await acme.ring(id, {}, { waitSeconds: 10 })).acknowledged, 1)
    assert.deepEqual([...new Set(grants)], ['password', 'refresh_token'])
    assert.deepEqual((await tab.report()).states, ['online subscribed'])
  })

  it('comes back with a newer token when one has ended too soon', async (t) => {
    const watched = await chromium.newContext(t)
    const grants = grantsOf(watched)
    watched.watch.expect(/status of 401|WebSocket connection to/)
    const { site, acme } = await startOwn(watched, { ACCESS_TOKEN_TTL_SECONDS: '2' })
    const tab = await site.openTab(watched)
    const id = await tab.reach()
    await tab.until(({ states }) => states.includes('reconnecting unauthorized'), 'it has ended')
    const { eventId } = await acme.ring(id)
    await acme.acknowledged(eventId)
    assert.deepEqual([...new Set(grants)], ['password', 'refresh_token'])
  })

  it('says unauthorized where there is no other', async (t) => {
    const watched = await chromium.newContext(t)
    watched.watch.expect(/status of 401|WebSocket connection to/)
    const { url, site } = await startOwn(watched, { ACCESS_TOKEN_TTL_SECONDS: '2' })
    const tab = await site.openTab(watched)
    // Not until it is online: where the machine is slow, the token ends before.
    await tab.start({ token: (await signIn(url, 'bob')).accessToken })
    const { reason, error } = await tab.until(({ status }) => status === 'closed', 'it has given up')
    assert.deepEqual([reason, error?.code], ['unauthorized', 'unauthorized'])
  })
})
