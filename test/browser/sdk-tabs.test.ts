import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { WatchedContext } from '../helpers/browser.ts'
import { SdkTab } from '../helpers/sdk-page.ts'
import { openSdkScene, type SdkScene } from '../helpers/sdk-scene.ts'

/** In the page. */
declare const open: (address: string) => unknown

const SHARED = { connect: { shareSocket: true } }

let scene: SdkScene

before(async () => {
  scene = await openSdkScene()
})
after(() => scene.close())

describe('tabs of one user in a browser', () => {
  /** Two tabs that share a connection, the leader first. */
  async function openPair(t: TestContext) {
    const watched = await scene.chromium.newContext(t)
    await scene.acme.linksAre(0)
    const leader = await openReachable(watched)
    const follower = await openReachable(watched)
    assert.notEqual(leader.id, follower.id)
    await scene.acme.linksAre(1)
    return { watched, leader, follower }
  }
  async function openReachable(watched: WatchedContext) {
    const tab = await scene.site.openTab(watched)
    return { tab, id: await tab.reach(SHARED) }
  }

  it('share one connection, and each gets its own events', async (t) => {
    const { leader, follower } = await openPair(t)
    for (const { tab, id } of [leader, follower]) {
      const { acknowledged, eventId } = await scene.acme.ring(id, {}, { waitSeconds: 10 })
      assert.equal(acknowledged, 1)
      const { events } = await tab.report()
      assert.deepEqual(
        events.map((event) => event.id),
        [eventId],
      )
    }
  })

  it('answer each for itself: the first has it, and the others are told', async (t) => {
    const { watched, leader, follower } = await openPair(t)
    watched.watch.expect(/409 \(Conflict\)/)
    const eventId = await scene.acme.call()
    for (const { tab } of [leader, follower])
      await tab.until(({ events }) => events.some(({ id }) => id === eventId), 'it rings')
    assert.equal(await follower.tab.answer(eventId), 'first')
    await leader.tab.until(
      ({ events }) => events.some(({ type }) => type === 'CallCancelledEvent'),
      'it is told that it may stop',
    )
    assert.equal(await leader.tab.answer(eventId), `elsewhere: ${follower.id}`)
    const { events } = await follower.tab.report()
    assert.deepEqual(
      events.map(({ type }) => type),
      ['CallOfferedEvent'],
    )
  })

  it('go on without the one that was closed, and lose nothing', async (t) => {
    const { leader, follower } = await openPair(t)
    // One is being handled, one waits behind it, and one comes while nobody leads.
    const first = await scene.acme.ring(follower.id, { handler: 'waits' })
    const second = await scene.acme.ring(follower.id)
    await follower.tab.until(({ calls }) => calls.length === 1, 'it handles the first')
    await leader.tab.page.close()
    const third = await scene.acme.ring(follower.id)
    await follower.tab.until(({ states }) => states.length > 1, 'it has noticed')
    await follower.tab.mend()
    await follower.tab.online()
    const sent = [first, second, third].map(({ eventId }) => eventId)
    for (const eventId of sent) await scene.acme.acknowledged(eventId)
    const { events } = await follower.tab.report()
    assert.deepEqual(
      events.map((event) => event.id),
      sent,
    )
    await scene.acme.linksAre(1)
  })

  it('go on without the one that crashed, and lose nothing', async (t) => {
    const { watched, leader, follower } = await openPair(t)
    const session = await watched.context.newCDPSession(leader.tab.page)
    const crashed = leader.tab.page.waitForEvent('crash')
    // Nobody answers.
    void session.send('Page.crash').catch(() => undefined)
    await crashed
    const { eventId } = await scene.acme.ring(follower.id)
    await scene.acme.acknowledged(eventId)
    await follower.tab.online()
    assert.deepEqual((await follower.tab.report()).calls, [`${eventId} 1`])
    await scene.acme.linksAre(1)
  })

  it('do not notice that one of the others was closed or crashed', async (t) => {
    const { watched, leader, follower } = await openPair(t)
    const third = await openReachable(watched)
    await follower.tab.close()
    await third.tab.page.close()
    assert.equal((await scene.acme.ring(leader.id, {}, { waitSeconds: 10 })).acknowledged, 1)
    assert.deepEqual((await leader.tab.report()).states, ['online subscribed'])
  })

  it('come back together when one of them was signed out from elsewhere', async (t) => {
    const { watched, leader, follower } = await openPair(t)
    watched.watch.expect(/status of 400 .*keepalive/)
    await scene.acme.unregister(follower.id)
    const { states } = await follower.tab.until((report) => report.states.length > 2, 'it registers again')
    assert.ok(states.includes('expired registration_ended'), states.join())
    await follower.tab.online()
    await leader.tab.online()
    for (const { id } of [leader, follower])
      assert.equal((await scene.acme.ring(id, {}, { waitSeconds: 10 })).acknowledged, 1)
    await scene.acme.linksAre(1)
  })
})

describe('the id of a tab', () => {
  it('survives reloads, and going away and back', async (t) => {
    const watched = await scene.chromium.newContext(t)
    const tab = await scene.site.openTab(watched)
    const id = await tab.reach()
    for (let reload = 0; reload < 5; reload++) {
      await tab.page.reload()
      assert.equal(await tab.reach(), id)
    }
    await tab.page.goto(`${scene.site.url}/sdk-test/blank`)
    await tab.page.goBack()
    await tab.loaded()
    const { status } = await tab.report()
    // The browser may have kept the page as it was, or have loaded it again.
    assert.equal(status === '' ? await tab.reach() : (await tab.online()).userEndpointId, id)
    assert.equal((await scene.acme.ring(id, {}, { waitSeconds: 10 })).acknowledged, 1)
  })

  it('is another one in a tab that was duplicated', async (t) => {
    const watched = await scene.chromium.newContext(t)
    const tab = await scene.site.openTab(watched)
    const id = await tab.reach()
    const opened = watched.context.waitForEvent('page')
    // As a duplicate does, it begins with a copy of the storage.
    await tab.page.evaluate((address) => void open(address), tab.page.url())
    const copy = new SdkTab(await opened)
    const other = await copy.reach()
    assert.notEqual(other, id)
    for (const one of [id, other])
      assert.equal((await scene.acme.ring(one, {}, { waitSeconds: 10 })).acknowledged, 1)
    assert.deepEqual((await tab.report()).states, ['online subscribed'])
    // And keeps it.
    await copy.page.reload()
    assert.equal(await copy.reach(), other)
  })
})
