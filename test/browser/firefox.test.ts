import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findFirefox, systemAdvice } from '../../scripts/system-packages.mjs'
import { Acme } from '../helpers/acme.ts'
import { type Firefox, type FirefoxContext, type FirefoxPage, startFirefox } from '../helpers/firefox.ts'
import { FirefoxPush } from '../helpers/firefox-push.ts'
import { sleepingPage, toldOf, WORKER } from '../helpers/push-pages.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { type SdkSite, SdkTab, startSdkSite } from '../helpers/sdk-page.ts'
import type { TabOptions } from '../helpers/sdk-tab.ts'

const MAIN = fileURLToPath(new URL('../../server/dist/main.js', import.meta.url))
/** In the page. */
declare const document: { readonly title: string }

const skip = findFirefox() === undefined && systemAdvice('firefox')
/** What Firefox itself writes when a WebSocket meets nobody, or is ended by somebody else. */
const NO_WEBSOCKET = /establish a connection to the server at ws|connection to ws.* was interrupted/

describe('Firefox', { skip }, () => {
  const push = new FirefoxPush()
  let env: Record<string, string>
  let firefox: Firefox
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let server: ServerProcess
  let site: SdkSite
  let acme: Acme
  before(async () => {
    data = await makeDataDir()
    await push.start()
    const { stdout } = spawnSync(process.execPath, [MAIN, 'vapid-keys'], { encoding: 'utf8' })
    const { vapidPublicKey, vapidPrivateKey } = JSON.parse(stdout)
    env = {
      VAPID_PUBLIC_KEY: vapidPublicKey,
      VAPID_PRIVATE_KEY: vapidPrivateKey,
      VAPID_SUBJECT: 'mailto:ops@acme.example',
      WEB_PUSH_HOSTS: '127.0.0.1',
      WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.1',
    }
    server = await startProcess(data.path, env)
    site = await startSdkSite(server.port)
    acme = new Acme(server.url)
    firefox = await startFirefox({ pushUrl: push.socketUrl })
  })
  after(async () => {
    await firefox?.close()
    await site.close()
    await server.kill()
    await push.stop()
    await data.remove()
  })

  type Tab = SdkTab<FirefoxPage>
  async function openTab(context: FirefoxContext): Promise<Tab> {
    return new SdkTab(await context.open(site.tabAddress()))
  }
  async function reach(t: TestContext, options: TabOptions = {}) {
    const context = await firefox.newContext(t)
    const tab = await openTab(context)
    return { context, tab, id: await tab.reach(options) }
  }
  async function isRung(tab: Tab, id: string): Promise<void> {
    const { acknowledged, eventId } = await acme.ring(id, {}, { waitSeconds: 10 })
    assert.equal(acknowledged, 1)
    assert.equal((await tab.report()).events.at(-1)?.id, eventId)
  }

  it('registers, receives, and unregisters when it is closed', async (t) => {
    const { tab, id } = await reach(t)
    assert.ok((await acme.registered()).includes(id))
    await isRung(tab, id)
    await tab.close()
    assert.ok(!(await acme.registered()).includes(id))
    assert.deepEqual((await tab.report()).states, ['online subscribed', 'closed closed_by_app'])
  })

  it('loses nothing to a handler that throws, and is the same device after a reload', async (t) => {
    const { tab, id } = await reach(t, { connect: { handlerAttemptsMax: 2 } })
    for (const handler of ['throws once', 'throws']) await acme.ring(id, { id: `${handler} ${id}`, handler })
    const { events } = await tab.until(({ calls }) => calls.length === 4, 'each had its turn')
    assert.deepEqual(
      events.map((event) => event['handler']),
      ['throws once'],
    )
    await tab.page.reload()
    await tab.loaded()
    await tab.mend()
    assert.equal(await tab.reach(), id)
    await acme.acknowledged(`throws ${id}`)
    await tab.close()
  })

  it('answers: the first tab has the call, and the others are told', async (t) => {
    const shared = { connect: { shareSocket: true } }
    const { context, tab: leader, id } = await reach(t, shared)
    const follower = await openTab(context)
    const other = await follower.reach(shared)
    assert.notEqual(other, id)
    await acme.linksAre(1)
    for (const [tab, one] of [[leader, id] as const, [follower, other] as const]) await isRung(tab, one)
    const eventId = await acme.call()
    for (const tab of [leader, follower])
      await tab.until(({ events }) => events.some((event) => event.id === eventId), 'it rings')
    assert.equal(await follower.answer(eventId), 'first')
    await leader.until(({ events }) => events.at(-1)?.type === 'CallCancelledEvent', 'it may stop')
    assert.equal(await leader.answer(eventId), `elsewhere: ${other}`)

    // The one that has the connection goes, and the other takes over.
    await leader.page.close()
    await follower.until(({ states }) => states.length > 1, 'it has noticed')
    await follower.online()
    await isRung(follower, other)
    await follower.close()
  })

  it('gets events as a stream where no WebSocket gets through, and goes back', async (t) => {
    site.refuseWebSockets(true)
    t.after(() => site.refuseWebSockets(false))
    const context = await firefox.newContext(t)
    context.watch.expect(NO_WEBSOCKET)
    const tab = await openTab(context)
    const id = await tab.reach()
    await isRung(tab, id)
    assert.equal((await tab.report()).transport, 'stream')
    site.refuseWebSockets(false)
    await tab.page.reload()
    assert.equal(await tab.reach(), id)
    await isRung(tab, id)
    assert.equal((await tab.report()).transport, 'websocket')
    await tab.close()
  })

  it('comes back to a server that was killed and started again, and gets what waited', async (t) => {
    const { context, tab, id } = await reach(t, { connect: { handlerTimeoutMs: 500 } })
    context.watch.expect(NO_WEBSOCKET)
    await acme.ring(id, { handler: 'hangs' })
    await tab.until(({ calls }) => calls.length === 1, 'its handler has it')
    await server.kill()
    await tab.until(({ states }) => states.length > 1, 'it has noticed')
    await tab.mend()
    server = await startProcess(data.path, { ...env, PORT: String(server.port) })
    await tab.online()
    await tab.until(({ events }) => events.length === 1, 'what waited')
    await isRung(tab, id)
    await tab.close()
  })

  it('is watched: what a page throws, writes and asks of others is noticed', async (t) => {
    const context = await firefox.newContext(t)
    context.watch.expect(/planted|127\.0\.0\.1:9/)
    const page = await context.open(site.tabAddress())
    await page.evaluate(() => {
      setTimeout(() => {
        throw new Error('planted and thrown')
      })
      console.error('planted and written')
      void fetch('http://127.0.0.1:9/').catch(() => undefined)
    })
    const noticed = (pattern: RegExp) => context.watch.noticed().some((text) => pattern.test(text))
    for (const pattern of [/^javascript error: .*planted and thrown/, /^console error: planted and written/])
      await eventually(() => noticed(pattern), `${pattern}`)
    await eventually(
      () => noticed(/^(javascript|console) error: Content-Security-Policy.*127|^asks another origin/),
      'asked',
    )
  })

  it('is woken by Web Push when the page has gone, and its worker reads which event waits', async (t) => {
    const context = await firefox.newContext(t)
    const page = await context.open(site.addProgram(sleepingPage(site.addScript(WORKER))))
    const title = () => page.evaluate(() => document.title)
    await eventually(
      async () => (await title()).length === 36 || (await title()).startsWith('error'),
      'reachable',
    )
    const id = await title()
    assert.equal(id.length, 36, id)
    await page.goto('about:blank')
    await acme.linksAre(0)
    const { count, eventId } = await acme.ring(id)
    assert.equal(count, 1)
    await eventually(() => push.got.length > 0, 'a push')
    await page.goto(site.tabAddress())
    const told = { userEndpointId: id, eventId, type: 'CallOfferedEvent' }
    await eventually(
      async () => JSON.stringify(await page.evaluate(toldOf, eventId)) === JSON.stringify(told),
      'told',
    )
    assert.equal(await acme.outcome(eventId), 'woken')
    await acme.unregister(id)
  })

  it('rings from tab to tab in the example, and one answers', async (t) => {
    const context = await firefox.newContext(t)
    const says = (page: FirefoxPage, wanted: RegExp) =>
      eventually(
        async () => wanted.test(`${await page.text('#state')}\n${await page.text('#call')}`),
        `${wanted}`,
      )
    const [alice, bob, other] = [
      await context.open(`${server.url}/examples/ring/?as=alice`),
      await context.open(`${server.url}/examples/ring/?as=bob`),
      await context.open(`${server.url}/examples/ring/?as=bob`),
    ]
    for (const page of [alice, bob, other]) await says(page, /· online$/m)
    await alice.click('#ring')
    for (const page of [bob, other]) await says(page, /^Alice is ringing$/m)
    await bob.click('#answer')
    await says(alice, /^Bob answered$/m)
    await says(bob, /^In a call with Alice$/m)
    await says(other, /^Answered in another tab$/m)
  })
})
