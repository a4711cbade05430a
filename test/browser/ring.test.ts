import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { createBackend } from '@rollcall/client'
import type { Page } from 'playwright-core'
import { openPage, startBrowser, type TestBrowser, type WatchedContext } from '../helpers/browser.ts'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'

const PATH = '/examples/ring/'
const ACME = { clientId: 'acme-backend', clientSecret: 'acme-secret' }

describe('the ring example', () => {
  let chromium: TestBrowser
  before(async () => {
    chromium = await startBrowser()
  })
  after(() => chromium.close())

  /** A profile and a server of its own, so that no tab of another test is still registered. */
  async function begin(t: TestContext, env: Record<string, string> = {}) {
    const watched = await chromium.newContext(t)
    const data = await makeDataDir()
    t.after(() => data.remove())
    const server = await startProcess(data.path, env)
    t.after(() => server.kill())
    return { watched, server, url: server.url, open: (query: string) => openTab(watched, server.url, query) }
  }

  it('rings, is answered, and hung up', async (t) => {
    const { watched, url, open } = await begin(t)
    const alice = await openPage(watched, `${url}${PATH}`)
    await alice.getByRole('button', { name: 'Alice' }).click()
    await says(alice, 'Alice · online')
    assert.equal(new URL(alice.url()).search, '?as=alice')
    const bob = await open('?as=bob')
    // By keyboard: the focus stays with what is going on when the button goes away.
    await alice.getByRole('button', { name: 'Ring Bob' }).press('Enter')
    await says(alice, 'Ringing…')
    assert.equal(await alice.evaluate('document.activeElement.id'), 'call')
    await says(bob, 'Alice is ringing')
    assert.match(await bob.title(), /^(● Alice is ringing|Ring · Bob)$/)
    await bob.getByRole('button', { name: 'Answer' }).click()
    await says(alice, 'Bob answered')
    await says(bob, 'In a call with Alice')
    for (const page of [alice, bob])
      await page
        .getByRole('timer')
        .filter({ hasText: /^0:0[1-9]$/ })
        .waitFor()
    await bob.getByRole('button', { name: 'Hang up' }).click()
    for (const page of [alice, bob]) await says(page, 'Call ended')
    await alice.getByRole('button', { name: 'Ring Bob' }).waitFor()
  })

  it('rings by the pages that a demo with random secrets prints', async (t) => {
    const { server, open } = await begin(t, { DEMO_SECRETS: 'random' })
    const printed = (name: string) =>
      new RegExp(`/examples/ring/(\\?as=${name}#\\S{32})`).exec(server.output())?.[1]
    await eventually(() => printed('bob') !== undefined && printed('alice') !== undefined, 'they are printed')
    const [alice, bob] = [await open(printed('alice') ?? ''), await open(printed('bob') ?? '')]
    await ring(alice)
    await says(bob, 'Alice is ringing')
    await bob.getByRole('button', { name: 'Answer' }).click()
    await says(alice, 'Bob answered')
  })

  it('rings on in every tab, whoever has acknowledged first, until one answers', async (t) => {
    const { url, open } = await begin(t)
    const [alice, bob, other] = [await open('?as=alice'), await open('?as=bob'), await open('?as=bob')]
    await ring(alice)
    // Both have acknowledged the offer: that is no answer, and silences nobody.
    await says(alice, 'Ringing on 2 devices…')
    await alice.waitForTimeout(1_000)
    for (const page of [bob, other]) await says(page, 'Alice is ringing')
    await bob.getByRole('button', { name: 'Answer' }).click()
    await says(other, 'Answered in another tab')
    await says(alice, 'Bob answered')
    const { history } = createBackend({ url, credentials: ACME })
    const { events } = await history.list({ userId: 'bob', type: 'CallOfferedEvent' })
    const [{ answeredBy, endpoints } = assert.fail('no offer')] = events
    assert.deepEqual(
      endpoints.map(({ userEndpointId, outcome, answeredAt }) => [
        outcome,
        (answeredAt !== undefined) === (userEndpointId === answeredBy),
      ]),
      [
        ['acknowledged', true],
        ['acknowledged', true],
      ],
    )
  })

  it('gives the call to one of two tabs that answer in the same moment', async (t) => {
    const { watched, open } = await begin(t)
    // What the browser says of the refusal, which the page takes for what it is.
    watched.watch.expect(/409 \(Conflict\)/)
    const [alice, bob, other] = [await open('?as=alice'), await open('?as=bob'), await open('?as=bob')]
    await ring(alice)
    for (const page of [bob, other]) await says(page, 'Alice is ringing')
    // Pressed as it stands: to wait until a button can be pressed would be too late for the second.
    await Promise.all([bob, other].map((page) => page.evaluate("document.querySelector('#answer').click()")))
    await says(alice, 'Bob answered')
    const texts = async () => [
      await bob.locator('#call').textContent(),
      await other.locator('#call').textContent(),
    ]
    await eventually(async () => (await texts()).every((text) => text !== 'Connecting…'), 'both know')
    assert.deepEqual((await texts()).toSorted(), ['Answered in another tab', 'In a call with Alice'])
  })

  it('stops in the other tabs when one answers, and in all when one declines', async (t) => {
    const { open } = await begin(t)
    const [alice, bob, other] = [await open('?as=alice'), await open('?as=bob'), await open('?as=bob')]
    await ring(alice)
    await says(alice, 'Ringing on 2 devices…')
    for (const page of [bob, other]) await says(page, 'Alice is ringing')
    const late = await open('?as=bob')
    await other.getByRole('button', { name: 'Answer' }).click()
    await says(alice, 'Bob answered')
    await says(bob, 'Answered in another tab')
    await alice.getByRole('button', { name: 'Hang up' }).click()
    await says(other, 'Call ended')
    assert.equal(await late.locator('#call').textContent(), '')

    await ring(alice)
    for (const page of [bob, other, late]) await says(page, 'Alice is ringing')
    await bob.getByRole('button', { name: 'Decline' }).click()
    await says(alice, 'Bob declined')
    for (const page of [other, late]) await says(page, 'Declined in another tab')
  })

  it('says that somebody is busy', async (t) => {
    const { open } = await begin(t)
    const [alice, bob] = [await open('?as=alice'), await open('?as=bob')]
    await ring(alice)
    await bob.getByRole('button', { name: 'Answer' }).click()
    await says(alice, 'Bob answered')
    const second = await open('?as=alice')
    await ring(second)
    await says(second, 'Bob is busy')
    await says(bob, 'In a call with Alice')
  })

  it('says why somebody is unavailable', async (t) => {
    const { open } = await begin(t)
    const alice = await open('?as=alice')
    await ring(alice)
    await says(alice, 'Bob is unavailable: not registered on any device')
    await crash(await open('?as=bob'))
    await ring(alice)
    await says(alice, 'Bob is unavailable: no device answered the ring')
    const bob = await open('?as=bob')
    await bob.getByRole('button', { name: 'Leave' }).click()
    await bob.getByText('Who are you?').waitFor()
    assert.equal(new URL(bob.url()).search, '')
  })

  it('stops when the caller cancels, or leaves', async (t) => {
    const { open } = await begin(t)
    const [alice, bob] = [await open('?as=alice'), await open('?as=bob')]
    await ring(alice)
    await says(bob, 'Alice is ringing')
    await alice.getByRole('button', { name: 'Cancel' }).click()
    await says(bob, 'Missed call from Alice')
    await ring(alice)
    await says(bob, 'Alice is ringing')
    await alice.reload()
    await says(bob, 'Missed call from Alice')
  })

  it('stops by itself when nobody answers, also where the caller has died', async (t) => {
    const { open } = await begin(t)
    const [alice, bob] = [await open('?as=alice&ring=3'), await open('?as=bob')]
    await ring(alice)
    await says(bob, 'Alice is ringing')
    await says(alice, 'No answer')
    await says(bob, 'Missed call from Alice')
    await ring(alice)
    await says(bob, 'Alice is ringing')
    await crash(alice)
    await says(bob, 'Missed call from Alice')
    await bob.getByRole('button', { name: 'Ring Alice' }).waitFor()
  })

  it('is the same device after a reload', async (t) => {
    const { open } = await begin(t)
    const [alice, bob] = [await open('?as=alice'), await open('?as=bob')]
    await bob.reload()
    await says(bob, 'Bob · online')
    await ring(alice)
    await says(alice, 'Ringing…')
    await bob.getByRole('button', { name: 'Answer' }).click()
    await says(alice, 'Bob answered')
    await bob.reload()
    await says(alice, 'Call ended')
  })

  it('takes a name for text, whatever it is', async (t) => {
    const { url, open } = await begin(t)
    const bob = await open('?as=bob')
    const name = '<img src=x onerror="document.title=1">'
    const offer = {
      type: 'CallOfferedEvent',
      callId: 'call',
      from: name,
      fromEndpoint: 'tab',
      ringSeconds: 30,
    }
    await createBackend({ url, credentials: ACME }).send({ userId: 'bob', qos: 1, event: offer })
    await says(bob, `${name} is ringing`)
    assert.equal(await bob.locator('img').count(), 0)
    await bob.getByRole('button', { name: 'Answer' }).click()
    await says(bob, `${name} could not be reached any more`)
  })

  it('fits a narrow screen, and blinks for nobody who wants no motion', async (t) => {
    const { watched, url, open } = await begin(t)
    const alice = await open('?as=alice')
    const bob = await openTab(watched, url, '?as=bob', { width: 320, height: 640 })
    await bob.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'dark' })
    await ring(alice)
    await says(bob, 'Alice is ringing')
    assert.equal(await bob.evaluate('document.documentElement.scrollWidth'), 320)
    assert.equal(
      await bob.evaluate("getComputedStyle(document.getElementById('avatar'), '::before').animationName"),
      'none',
    )
    const mute = bob.getByRole('button', { name: /^Mute/ })
    await mute.click()
    assert.equal(await mute.getAttribute('aria-pressed'), 'true')
  })
})

async function openTab(
  watched: WatchedContext,
  url: string,
  query: string,
  size?: { width: number; height: number },
): Promise<Page> {
  const page = await openPage(watched, `${url}${PATH}${query}`)
  if (size !== undefined) await page.setViewportSize(size)
  const name = query.startsWith('?as=alice') ? 'Alice' : 'Bob'
  await says(page, `${name} · online`)
  return page
}

async function ring(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Ring / }).click()
}

/** Waits until one of the page's two lines of text is this. */
async function says(page: Page, text: string): Promise<void> {
  const exactly = new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`)
  await page.locator('#call, #state').filter({ hasText: exactly }).waitFor()
}

/** Ends a tab as a fault of the browser does: without a word. */
async function crash(page: Page): Promise<void> {
  let isGone = false
  page.on('crash', () => {
    isGone = true
  })
  const session = await page.context().newCDPSession(page)
  session.send('Page.crash').catch(() => undefined)
  await eventually(() => isGone, 'the tab is gone')
}
