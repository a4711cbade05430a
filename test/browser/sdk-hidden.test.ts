import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Acme } from '../helpers/acme.ts'
import { openPage } from '../helpers/browser.ts'
import { openHidingContext } from '../helpers/hiding-browser.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import { type SdkSite, startSdkSite } from '../helpers/sdk-page.ts'
import type { WatchedContext } from '../helpers/watched-context.ts'

/** In the page. */
declare const document: { readonly visibilityState: string }

describe('the SDK in a tab that is not in front', () => {
  let site: SdkSite
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let acme: Acme

  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path)
    site = await startSdkSite(server.port)
    acme = new Acme(server.url)
  })
  after(async () => {
    await site?.close()
    await server?.kill()
    await data.remove()
  })

  /** Keepalives of all pages so far. */
  const keepalivesOf = ({ context }: WatchedContext) => {
    let count = 0
    context.on('request', (request) => {
      if (request.url().endsWith('/keepalive')) count++
    })
    return () => count
  }

  it('is kept alive by reminders when its timers never come', async (t) => {
    const watched = await openHidingContext(t)
    const keepalives = keepalivesOf(watched)
    const tab = await site.openTab(watched)
    const id = await tab.reach({ stopsTimers: true, connect: { keepAliveSeconds: 3 } })
    const other = await openPage(watched, `${site.url}/sdk-test/blank`)
    await other.bringToFront()
    await eventually(() => tab.page.evaluate(() => document.visibilityState === 'hidden'), 'it is hidden')
    const atFirst = keepalives()
    await eventually(
      () => keepalives() >= atFirst + 3,
      'three reminders, each within a period of its own',
      20_000,
    )
    assert.ok((await acme.registered()).includes(id))
    const { acknowledged } = await acme.ring(id, {}, { waitSeconds: 10 })
    assert.equal(acknowledged, 1)
    const { states, events } = await tab.report()
    assert.deepEqual([states, events.length], [['online subscribed'], 1])
  })

  it('keeps alive with the timers that a hidden tab has', async (t) => {
    const watched = await openHidingContext(t)
    const keepalives = keepalivesOf(watched)
    const tab = await site.openTab(watched)
    const id = await tab.reach({ connect: { keepAliveSeconds: 3 } })
    await (await openPage(watched, `${site.url}/sdk-test/blank`)).bringToFront()
    await eventually(() => tab.page.evaluate(() => document.visibilityState === 'hidden'), 'it is hidden')
    const atFirst = keepalives()
    await eventually(() => keepalives() >= atFirst + 3, 'it goes on', 20_000)
    assert.equal((await acme.ring(id, {}, { waitSeconds: 10 })).acknowledged, 1)
    assert.deepEqual((await tab.report()).states, ['online subscribed'])
  })

  it('registers again when the browser has had it asleep for too long', async (t) => {
    const watched = await openHidingContext(t)
    watched.watch.expect(/status of 400 .*keepalive|WebSocket connection to/)
    const tab = await site.openTab(watched)
    const id = await tab.reach({ connect: { keepAliveSeconds: 1 } })
    const session = await watched.context.newCDPSession(tab.page)
    await (await openPage(watched, `${site.url}/sdk-test/blank`)).bringToFront()
    await session.send('Page.setWebLifecycleState', { state: 'frozen' })
    await eventually(async () => !(await acme.registered()).includes(id), 'it is gone')
    await session.send('Page.setWebLifecycleState', { state: 'active' })
    await tab.page.bringToFront()
    await tab.until(({ states }) => states.includes('expired registration_ended'), 'it says so')
    assert.equal((await tab.online()).userEndpointId, id)
    assert.equal((await acme.ring(id, {}, { waitSeconds: 10 })).acknowledged, 1)
  })

  it('is reachable again when one comes back to its page', async (t) => {
    const watched = await openHidingContext(t)
    watched.watch.expect(/WebSocket connection to/)
    const tab = await site.openTab(watched)
    const id = await tab.reach({ connect: { shareSocket: true } })
    await tab.page.goto(`${site.url}/sdk-test/blank`)
    const { eventId } = await acme.ring(id)
    // A page that comes back as it was is never said to be loaded.
    await tab.page.goBack({ waitUntil: 'commit' })
    await tab.loaded()
    const { status } = await tab.report()
    t.diagnostic(status === '' ? 'the browser loaded the page again' : 'the browser had kept the page')
    if (status === '') await tab.reach({ connect: { shareSocket: true } })
    await acme.acknowledged(eventId)
    const { userEndpointId, events } = await tab.report()
    assert.deepEqual([userEndpointId, events.map((event) => event.id)], [id, [eventId]])
  })

  it('hands the connection of all over when its page is left', async (t) => {
    const watched = await openHidingContext(t)
    watched.watch.expect(/WebSocket connection to/)
    const options = { connect: { shareSocket: true } }
    const leader = await site.openTab(watched)
    const leadersId = await leader.reach(options)
    const follower = await site.openTab(watched)
    const followersId = await follower.reach(options)
    await leader.page.bringToFront()
    await leader.page.goto(`${site.url}/sdk-test/blank`)
    const [one, other] = [await acme.ring(leadersId), await acme.ring(followersId)]
    await acme.acknowledged(other.eventId)
    await leader.page.goBack({ waitUntil: 'commit' })
    await leader.loaded()
    const { status } = await leader.report()
    t.diagnostic(status === '' ? 'the browser loaded the page again' : 'the browser had kept the page')
    if (status === '') await leader.reach(options)
    await acme.acknowledged(one.eventId)
    for (const [tab, { eventId }] of [
      [leader, one],
      [follower, other],
    ] as const)
      assert.deepEqual((await tab.report()).calls, [`${eventId} 1`])
    assert.equal((await leader.online()).userEndpointId, leadersId)
    await follower.online()
  })

  it('gives its id to the next page in the same tab', async (t) => {
    const watched = await openHidingContext(t)
    watched.watch.expect(/WebSocket connection to/)
    const tab = await site.openTab(watched)
    const id = await tab.reach()
    await tab.page.goto(`${site.url}/sdk-test/?next`)
    assert.equal(await tab.reach(), id)
    await tab.page.goBack({ waitUntil: 'commit' })
    await tab.loaded()
    const { status } = await tab.report()
    assert.equal(status === '' ? await tab.reach() : (await tab.online()).userEndpointId, id)
    assert.equal((await acme.ring(id, {}, { waitSeconds: 10 })).acknowledged, 1)
  })
})
