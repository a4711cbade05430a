import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { assertAccessible } from '../helpers/accessibility.ts'
import { openPage } from '../helpers/browser.ts'
import { type BrowserScene, openBrowserScene } from '../helpers/browser-scene.ts'
import { call } from '../helpers/call.ts'
import { headed, signInAsBackend, signInAsPerson } from '../helpers/console-page.ts'
import { offer, tokenOf } from '../helpers/demo.ts'
import { registerDevice } from '../helpers/device.ts'
import { eventually } from '../helpers/run-server.ts'

const REFUSED = /Failed to load resource: the server responded with a status of 403/
const NOT_THERE = /Failed to load resource: the server responded with a status of 404/
const MARKUP = '<img src=x onerror=alert(1)>'

describe('the console tells who is reachable', () => {
  let scene: BrowserScene
  before(async () => {
    scene = await openBrowserScene()
  })
  after(() => scene.close())

  async function open(t: TestContext, fragment: string, clientId?: string, width = 1280) {
    const watched = await scene.chromium.newContext(t, { viewport: { width, height: 900 } })
    const page = await openPage(watched, `${scene.server.url}/console/${fragment}`)
    page.on('dialog', () => assert.fail('something was run that should be text'))
    await signInAsBackend(page, clientId)
    return { watched, page }
  }

  async function send(command: object): Promise<string> {
    const acme = await tokenOf(scene.server.url, 'acme-backend')
    const { status, text, headers } = await call(
      scene.server.url,
      acme,
      'POST users/endpoints/sendEvent',
      command,
    )
    assert.equal(status, 200, text)
    return decodeURIComponent(headers.get('event-id') ?? '')
  }

  /** The part of the page about one device. */
  function deviceCard(page: Page, id: string): Locator {
    return page.locator('.device', { has: page.getByRole('heading', { name: id, exact: true }) })
  }

  function answered(page: Page, sentence: string): Promise<void> {
    return page.getByRole('heading', { level: 2, name: sentence, exact: true }).waitFor()
  }

  it('is bob reachable, and what became of the last event? In two clicks', async (t) => {
    const { page } = await open(t, '#/hooks')
    const phone = await registerDevice(t, scene.server.url, 'bob', 'bobs-phone')
    await registerDevice(t, scene.server.url, 'bob', 'bobs-tab')
    await phone.connect()
    const eventId = await send(offer('bob', { qos: 1 }))
    await page.getByRole('link', { name: 'People', exact: true }).click()
    await page.getByRole('link', { name: 'bob', exact: true }).click()
    await answered(page, 'bob is reachable: 1 of 2 devices connected')
    await page.getByText(/Acknowledged by 1 of 2 devices within \d+ ms; 1 queued\./).waitFor()
    // A third, where more is wanted.
    await page.getByRole('link', { name: 'CallOfferedEvent' }).first().click()
    await page.waitForURL((url) => url.hash === `#/events/${eventId}`)
  })

  it('shows every device: its state, until when, what waits, and who holds its connection', async (t) => {
    const desk = await registerDevice(t, scene.server.url, 'bob', 'bobs-desk', 300)
    await registerDevice(t, scene.server.url, 'bob', 'bobs-tab')
    await desk.connect({ clientId: 'desk-7', protocolVersion: 5 })
    await send(offer('bob', { qos: 1, userEndpointId: 'bobs-tab' }))
    const { page } = await open(t, '#/people/bob')
    const card = deviceCard(page, 'bobs-desk')
    for (const text of ['Connected', 'with MQTT 5.0 over WebSocket', 'desk-7', 'empty'])
      await card
        .getByText(text, { exact: text.startsWith('C') })
        .first()
        .waitFor()
    await card.getByText(/^Expires in 4 min 5\d s$|^Expires in 5 min$/).waitFor()
    const tab = deviceCard(page, 'bobs-tab')
    await tab.getByText('Not connected').waitFor()
    await tab.getByText('1 event waits').waitFor()
    await tab.getByRole('link', { name: 'Send to this device' }).click()
    await page.waitForURL((url) => url.hash === '#/send/bob?userEndpointId=bobs-tab')
    await page.goBack()
    await answered(page, 'bob is reachable: 1 of 2 devices connected')
    await assertAccessible(page, 'somebody')
  })

  it('kicks a device by keyboard, once it has been asked twice', async (t) => {
    const phone = await (await registerDevice(t, scene.server.url, 'bob', 'bobs-phone')).connect()
    await await registerDevice(t, scene.server.url, 'bob', 'bobs-tab')
    const waiting = await send(offer('bob', { qos: 1, userEndpointId: 'bobs-tab' }))
    const { page } = await open(t, '#/people')
    // The field is ready to be written in.
    await page.getByRole('searchbox', { name: 'User id' }).and(page.locator(':focus')).waitFor()
    await page.keyboard.type('bob')
    await page.keyboard.press('Enter')
    await answered(page, 'bob is reachable: 1 of 2 devices connected')
    for (const id of ['bobs-phone', 'bobs-tab']) {
      await tabTo(page, deviceCard(page, id).getByRole('button', { name: 'Kick' }))
      await page.keyboard.press('Enter')
      const sure = deviceCard(page, id).getByRole('button', { name: 'Discard what waits and disconnect' })
      await sure.and(page.locator(':focus')).waitFor()
      await page.keyboard.press('Escape')
      await sure.waitFor({ state: 'detached' })
    }
    assert.equal(phone.client.connected, true)
    for (const id of ['bobs-phone', 'bobs-tab']) {
      await deviceCard(page, id).getByRole('button', { name: 'Kick' }).press('Enter')
      await page.keyboard.press('Enter')
      await page.getByRole('status').getByText(`${id} was kicked: its registration is over.`).waitFor()
      await deviceCard(page, id).waitFor({ state: 'detached' })
    }
    await answered(page, 'Nobody is registered as bob')
    await page.getByText(/^Last seen: (\d+ s ago|just now)\.$/).waitFor()
    await eventually(() => !phone.client.connected, 'the connection is closed')
    await page.goto(`${scene.server.url}/console/#/events/${waiting}`)
    await page.getByText('An operator kicked the device before it had taken it.').waitFor()
  })

  it('follows devices that come and go, and events, until it is told to hold still', async (t) => {
    const { page } = await open(t, '#/people/bob')
    const log = page.getByRole('log', { name: 'Changes' })
    await answered(page, 'Nobody is registered as bob')
    const phone = await registerDevice(t, scene.server.url, 'bob', 'follow-me')
    await log.getByText('follow-me registered').waitFor()
    const link = await phone.connect()
    await log.getByText('follow-me connected with MQTT 3.1.1 over WebSocket').waitFor()
    await answered(page, 'bob is reachable: the only device is connected')
    await send(offer('bob', { qos: 1 }, { type: 'TextWrittenEvent' }))
    await log.getByText('TextWrittenEvent: 1 acknowledged').waitFor()
    await link.end()
    await log.getByText('follow-me disconnected').waitFor()
    await answered(page, 'bob has 1 device registered, none connected')
    const live = page.getByRole('button', { name: 'Live' })
    await live.click()
    assert.equal(await live.getAttribute('aria-pressed'), 'false')
    await phone.unregister()
    await answered(page, 'bob has 1 device registered, none connected')
    await live.click()
    await log.getByText('follow-me is gone: unregistered, or kicked').waitFor()
    await answered(page, 'Nobody is registered as bob')
  })

  it('tells of those that expire', async (t) => {
    const { page } = await open(t, '#/people/bob')
    await answered(page, 'Nobody is registered as bob')
    await registerDevice(t, scene.server.url, 'bob', 'short-lived', 3)
    const log = page.getByRole('log', { name: 'Changes' })
    await log.getByText('short-lived registered').waitFor()
    await log.getByText('short-lived expired: no keepalive came in time').waitFor()
  })

  it('shows people themselves, and nobody else', async (t) => {
    await registerDevice(t, scene.server.url, 'bob', 'bobs-phone')
    const watched = await scene.chromium.newContext(t)
    watched.watch.expect(REFUSED)
    const page = await openPage(watched, `${scene.server.url}/console/#/people`)
    await signInAsPerson(page, 'bob')
    await page.waitForURL((url) => url.hash === '#/people/bob')
    await answered(page, 'bob has 1 device registered, none connected')
    assert.equal(await page.getByRole('searchbox').count(), 0)
    await page.goto(`${scene.server.url}/console/#/people/alice`)
    await page.getByText('Not for this sign-in').waitFor()
  })

  it('lists who is there and who was, by the beginning of an id, and who is connected', async (t) => {
    await (await registerDevice(t, scene.server.url, 'bob', 'bobs-phone')).connect()
    await (await registerDevice(t, scene.server.url, 'alice', 'gone')).unregister()
    const { page } = await open(t, '#/people')
    const rows = page.getByRole('row')
    await rows.filter({ hasText: 'bob' }).getByText('Reachable').waitFor()
    await rows.filter({ hasText: 'alice' }).getByText('Nobody there').waitFor()
    await page.getByRole('searchbox', { name: 'User id' }).pressSequentially('al')
    await rows.filter({ hasText: 'bob' }).waitFor({ state: 'detached' })
    await page.waitForURL((url) => url.hash === '#/people?prefix=al')
    await page.reload()
    await rows.filter({ hasText: 'alice' }).waitFor()
    await page.getByRole('searchbox', { name: 'User id' }).fill('')
    await page.getByRole('radio', { name: 'Connected' }).check()
    await rows.filter({ hasText: 'alice' }).waitFor({ state: 'detached' })
    await rows.filter({ hasText: 'bob' }).waitFor()
    await page.getByRole('searchbox', { name: 'User id' }).pressSequentially('zz')
    await page.getByText('Nobody whose id begins like that').waitFor()
  })

  it('shows one page of very many people at a time', async (t) => {
    const { page } = await open(t, '#/now')
    await page.route(/\/rtc-api\/users\?/, (route) => {
      const at = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0)
      const users = Array.from({ length: 50 }, (_, index) => ({
        ...{ userId: `person-${at + index}`, registered: 1, connected: 0, lastSeenAt: null },
      }))
      return route.fulfill({ json: { users, nextCursor: String(at + 50) } })
    })
    await page.getByRole('link', { name: 'People', exact: true }).click()
    await page.getByRole('link', { name: 'person-0', exact: true }).waitFor()
    for (let at = 50; at <= 1_000; at += 50) {
      await page.getByRole('button', { name: 'Next', exact: true }).click()
      await page.getByRole('link', { name: `person-${at}`, exact: true }).waitFor()
    }
    assert.equal(await page.getByRole('row').count(), 51)
    await page.getByRole('heading', { name: 'Everybody, page 21' }).waitFor()
    await page.getByRole('link', { name: 'person-1000', exact: true }).click()
    await page.goBack()
    await page.getByRole('heading', { name: 'Everybody, page 21' }).waitFor()
    await page.getByRole('button', { name: 'First', exact: true }).click()
    await page.getByRole('link', { name: 'person-0', exact: true }).waitFor()
  })

  it('asks role SERVICE whose user it is, before anything is asked', async (t) => {
    await registerDevice(t, scene.server.url, 'bob', 'bobs-phone')
    const { page, watched } = await open(t, '#/people/bob', 'platform-service')
    watched.watch.expect(NOT_THERE)
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await page.getByText('Which organization?').waitFor()
    assert.deepEqual(
      asked.filter((path) => path.includes('/users/') || path.includes('/events')),
      [],
    )
    await page.getByLabel('Organization').fill('acme')
    await page.keyboard.press('Enter')
    await answered(page, 'bob has 1 device registered, none connected')
    await page.getByLabel('Organization').fill('globex')
    await page.keyboard.press('Enter')
    await answered(page, 'Nobody is registered as bob')
    // It stays in the address, wherever one goes, over a reload and back.
    await page.waitForURL((url) => url.hash === '#/people/bob?organization=globex')
    await page.getByRole('link', { name: 'Events', exact: true }).click()
    await page.waitForURL((url) => url.hash === '#/events?organization=globex')
    await page.reload()
    assert.equal(await page.getByLabel('Organization').inputValue(), 'globex')
    await page.goto(`${scene.server.url}/console/#/people/bob?organization=acme`)
    await answered(page, 'bob has 1 device registered, none connected')
    assert.equal(await page.getByLabel('Organization').inputValue(), 'acme')
    // What there is, is offered; what there is not, is told.
    await page.locator('datalist option[value=globex]').waitFor({ state: 'attached' })
    await page.getByLabel('Organization').fill('acne')
    await page.keyboard.press('Enter')
    await page.getByText('There is no such organization').waitFor()
  })

  it('tells other organizations nothing', async (t) => {
    await registerDevice(t, scene.server.url, 'bob', 'bobs-phone')
    await send(offer('bob', { qos: 1 }))
    const { page } = await open(t, '#/people', 'globex-backend')
    await page.getByText('Nobody yet', { exact: true }).waitFor()
    await page.getByRole('radio', { name: 'Sent to lately' }).check()
    await page.getByText('Nobody was sent anything lately').waitFor()
    await page.goto(`${scene.server.url}/console/#/people/bob`)
    await answered(page, 'Nobody is registered as bob')
    await page.getByText('The history remembers no event to this user.').waitFor()
    await page.getByText('Last seen: never, or more than 90 days ago.').waitFor()
  })

  it('takes ids as text, however long, at any width', async (t) => {
    const long = 'w'.repeat(128)
    for (const id of [MARKUP, long]) {
      await registerDevice(t, scene.server.url, 'alice', id)
      await send(offer(id, { qos: 0 }))
    }
    await send(offer('alice', { qos: 1 }))
    const { page } = await open(t, '#/people?shown=lately', 'acme-backend', 390)
    for (const id of [MARKUP, long]) await page.getByRole('link', { name: id, exact: true }).waitFor()
    await fits(page)
    await page.goto(`${scene.server.url}/console/#/people/alice`)
    for (const id of [MARKUP, long]) await deviceCard(page, id).waitFor()
    await fits(page)
    await page.goto(`${scene.server.url}/console/#/people/${encodeURIComponent(MARKUP)}`)
    await answered(page, `Nobody is registered as ${MARKUP}`)
    await headed(page, MARKUP)
    await fits(page)
    assert.equal(await page.locator('main img').count(), 0)
  })

  it('has headings, names and colours that everybody can read', async (t) => {
    await send(offer('alice', { qos: 0 }))
    const { page } = await open(t, '#/people')
    await page
      .getByText(/seen (\d+ s ago|just now)/)
      .first()
      .waitFor()
    await assertAccessible(page, 'everybody')
    await page.getByRole('radio', { name: 'Sent to lately' }).check()
    await page.getByRole('link', { name: 'alice', exact: true }).waitFor()
    await assertAccessible(page, 'people')
    await page.getByRole('link', { name: 'alice', exact: true }).click()
    await answered(page, 'Nobody is registered as alice')
    await assertAccessible(page, 'nobody')
  })
})

/** Presses Tab until the element has the focus. */
async function tabTo(page: Page, element: Locator): Promise<void> {
  const target = element.and(page.locator(':focus'))
  for (let presses = 0; presses < 60; presses++) {
    if ((await target.count()) > 0) return
    await page.keyboard.press('Tab')
  }
  assert.fail('not to be reached by Tab')
}

async function fits(page: Page): Promise<void> {
  const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
  assert.equal(over, 0, 'the page is wider than its window')
}
