import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { assertAccessible } from '../helpers/accessibility.ts'
import { openPage } from '../helpers/browser.ts'
import { type BrowserScene, openBrowserScene } from '../helpers/browser-scene.ts'
import { call } from '../helpers/call.ts'
import { headed, signInAsBackend } from '../helpers/console-page.ts'
import { offer, signIn, tokenOf } from '../helpers/demo.ts'
import { registerDevice } from '../helpers/device.ts'

const NOT_FOUND = /Failed to load resource: the server responded with a status of 404/
const MARKUP = '<img src=x onerror=alert(1)>'
const ROWS = 100_000
const NO_LIMITS = { EVENTS_PER_SECOND_PER_CALLER: '0', EVENTS_PER_SECOND_PER_ORGANIZATION: '0' }

describe('the console tells what became of an event', () => {
  let scene: BrowserScene
  before(async () => {
    scene = await openBrowserScene(NO_LIMITS)
  })
  after(() => scene.close())

  async function open(t: TestContext, fragment: string, clientId?: string, options = {}) {
    const watched = await scene.chromium.newContext(t, options)
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

  const show = (page: Page, eventId: string): Promise<unknown> =>
    page.goto(`${scene.server.url}/console/#/events/${encodeURIComponent(eventId)}`)

  function answered(page: Page, sentence: string | RegExp): Promise<void> {
    return page.getByRole('heading', { level: 2, name: sentence }).waitFor()
  }

  it('at each device: acknowledged, and expired', async (t) => {
    const phone = await registerDevice(t, scene.server.url, 'bob', 'bobs-phone')
    await registerDevice(t, scene.server.url, 'bob', 'bobs-tab')
    await phone.connect()
    const eventId = await send(offer('bob', { qos: 1, ttlSeconds: 1 }))
    const { page } = await open(t, `#/events/${eventId}`)
    await answered(page, /^Acknowledged by 1 of 2 devices within \d+ ms; 1 expired\.$/)
    const steps = await lane(page, 'bobs-phone').locator('.steps > li').allTextContents()
    assert.match(
      steps.join(', '),
      /^accepted, queued at once, sent (at once|\d+ ms), acknowledged (at once|\d+ ms)$/,
    )
    const tab = lane(page, 'bobs-tab')
    await tab
      .getByText(/^Its lifetime ended after 1\.\d s, before it could be handed to a connection\.$/)
      .waitFor()
    await tab.getByText('expired', { exact: true }).waitFor()
    await assertAccessible(page, 'an event')
  })

  it('follows one that waits until a person has answered it, shows who, and stops', async (t) => {
    const phone = await registerDevice(t, scene.server.url, 'bob', 'bobs-phone')
    const eventId = await send(offer('bob', { qos: 1 }))
    const { page } = await open(t, `#/events/${eventId}`)
    await answered(page, 'No device has acknowledged it yet: 1 queued.')
    await lane(page, 'bobs-phone')
      .getByText(/^It waits in the mailbox/)
      .waitFor()
    await phone.connect()
    await answered(page, /^Acknowledged by its only device within/)
    await page.getByText('It is not over yet').waitFor({ state: 'detached' })
    // The device has it: now a person may answer.
    const { accessToken } = await signIn(scene.server.url, 'bob')
    const answer = { userEndpointId: 'bobs-phone', answer: { with: MARKUP } }
    await call(scene.server.url, accessToken, `POST events/${eventId}/answer`, answer)
    await answered(page, /^Answered by bobs-phone after .+ Acknowledged by its only device within/)
    await lane(page, 'bobs-phone')
      .getByText(/^answered/)
      .waitFor()
    await page.getByText(`"with": "${MARKUP}"`).waitFor()
    await assertAccessible(page, 'an event that was answered')
    await page.clock.install()
    const asked = requestsOf(page)
    await page.clock.fastForward(60_000)
    assert.deepEqual(asked, [])
  })

  it('lost without a connection, discarded as the device went, for nobody', async (t) => {
    const phone = await registerDevice(t, scene.server.url, 'bob', 'bobs-phone')
    const lost = await send(offer('bob', { qos: 0 }))
    const given = await send(offer('bob', { qos: 1 }))
    await phone.unregister()
    const { page } = await open(t, `#/events/${lost}`)
    await answered(page, 'No device got it: 1 not connected.')
    await page.getByText('The device had no connection, and at QoS 0 nothing waits: it is lost.').waitFor()
    await show(page, given)
    await answered(page, 'No device got it: 1 discarded.')
    await page.getByText('The device unregistered before it had taken it.').waitFor()
    await show(page, await send(offer('nobody-there', { qos: 1 })))
    await answered(page, 'Nobody was registered: no device got it.')
  })

  it('shows masked values as masked, and has nothing else of them', async (t) => {
    const secret = '4111 1111 1111 1111'
    const eventId = await send(
      offer('bob', { masks: ['$.card'] }, { card: secret, caller: 'Alice', note: '<b>' }),
    )
    const { page } = await open(t, '#/events')
    const bodies: Promise<string>[] = []
    page.on('response', (response) => bodies.push(response.text().catch(() => '')))
    await show(page, eventId)
    await page.locator('mark', { hasText: `"${'*'.repeat(secret.length)}"` }).waitFor()
    await page.getByText('here they were never stored').waitFor()
    await page.getByText('"caller": "Alice"').waitFor()
    const texts = await Promise.all(bodies)
    assert.ok(texts.some((text) => text.includes('Alice')))
    for (const text of [await page.content(), ...texts]) assert.ok(!text.includes(secret))
  })

  it('finds an event by its id, and says where there is none', async (t) => {
    const eventId = await send(offer('bob', {}, { id: `order/7?&#%${MARKUP}` }))
    const { watched, page } = await open(t, '#/events')
    watched.watch.expect(NOT_FOUND)
    await page.getByRole('searchbox', { name: 'Event id' }).fill(eventId)
    await page.keyboard.press('Enter')
    await page.locator('.facts').getByText(eventId, { exact: true }).waitFor()
    await page.getByRole('link', { name: 'All events' }).click()
    await page.getByRole('searchbox', { name: 'Event id' }).fill('no-such-event')
    await page.getByRole('button', { name: 'Find' }).click()
    await page.getByText('There is nothing here').waitFor()
  })

  it('tells other organizations nothing, by list or by link', async (t) => {
    const eventId = await send(offer('bob', {}, { type: 'SecretAffairEvent' }))
    const { watched, page } = await open(t, '#/events', 'globex-backend')
    watched.watch.expect(NOT_FOUND)
    await page.getByText('No events yet').waitFor()
    await show(page, eventId)
    await page.getByText('There is nothing here').waitFor()
    assert.ok(!(await page.content()).includes('SecretAffairEvent'))
  })

  it('narrows by user, type, device and time, and keeps that in the address', async (t) => {
    await registerDevice(t, scene.server.url, 'alice', 'alices-desk')
    await send(offer('alice', { userEndpointId: 'alices-desk' }, { type: 'DeskMovedEvent' }))
    await send(offer('alice', {}, { type: 'LampLitEvent' }))
    await send(offer('dora', {}, { type: 'DeskMovedEvent' }))
    const { page } = await open(t, '#/events', undefined, { timezoneId: 'Asia/Kolkata' })
    await page.getByLabel('User id').fill('alice')
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.hash === '#/events?userId=alice')
    await page.getByRole('link', { name: 'LampLitEvent' }).waitFor()
    await page.getByLabel('Type').fill('DeskMovedEvent')
    await page.getByLabel('Device id').fill('alices-desk')
    await page.getByLabel('From').fill('2020-01-01T05:30')
    await page.getByLabel('From').press('Enter')
    await page.waitForURL((url) => url.hash.includes('from=2020-01-01T00%3A00%3A00.000Z'))
    await rowsAre(page, 1)
    await page.reload()
    await rowsAre(page, 1)
    assert.equal(await page.getByLabel('From').inputValue(), '2020-01-01T05:30')
    await page.getByLabel('Before').fill('2020-01-02T00:00')
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.getByText('No such events').waitFor()
    await page.getByRole('link', { name: 'Clear' }).click()
    await page.getByRole('link', { name: 'LampLitEvent' }).waitFor()
    assert.equal(await page.getByLabel('User id').inputValue(), '')
    await assertAccessible(page, 'events')
  })

  it('names a filter that cannot be', async (t) => {
    const { watched, page } = await open(t, '#/events')
    watched.watch.expect(/status of 400/)
    await page.goto(`${scene.server.url}/console/#/events?from=soon&userId=a%2Fb`)
    await page.getByRole('alert').getByText('userId').waitFor()
  })

  it('narrows by what became of them and by a part of what was said, kept in the address', async (t) => {
    await send(offer('bob', { qos: 0 }, { type: 'NobodyHomeEvent', said: 'Half a WORD' }))
    await send(offer('bob', { qos: 0 }, { type: 'OtherThingEvent', said: 'nothing' }))
    const { page } = await open(t, '#/events')
    await page.getByRole('link', { name: 'OtherThingEvent' }).first().waitFor()
    await page.getByLabel('Words').fill('a wor')
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.getByRole('link', { name: 'NobodyHomeEvent' }).waitFor()
    await page.getByRole('link', { name: 'OtherThingEvent' }).first().waitFor({ state: 'detached' })
    await page.waitForURL((url) => url.hash === '#/events?text=a+wor')
    await page.getByLabel('Outcome').selectOption('acknowledged')
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.getByText('No such events').waitFor()
    await page.reload()
    assert.equal(await page.getByLabel('Outcome').inputValue(), 'acknowledged')
    assert.equal(await page.getByLabel('Words').inputValue(), 'a wor')
  })

  it('shows new ones as they come, until it is told to hold still', async (t) => {
    const { page } = await open(t, '#/events')
    await page.clock.install()
    await send(offer('bob', {}, { type: 'FirstComeEvent' }))
    await page.getByRole('link', { name: 'FirstComeEvent' }).waitFor()
    await page.getByRole('button', { name: 'Live' }).click()
    await page.getByRole('button', { name: 'Live', pressed: false }).waitFor()
    const asked = requestsOf(page)
    await send(offer('bob', {}, { type: 'ThenServedEvent' }))
    await page.clock.fastForward(60_000)
    assert.deepEqual(asked, [])
    await page.getByRole('button', { name: 'Live' }).click()
    await page.getByRole('link', { name: 'ThenServedEvent' }).waitFor()
  })

  it('takes types and ids as text, however long, at any width', async (t) => {
    const type = `A${'b'.repeat(240)}LongEvent`
    const eventId = await send(offer(MARKUP, {}, { id: 'i'.repeat(128), type, [MARKUP]: MARKUP }))
    const { page } = await open(t, '#/events', undefined, { viewport: { width: 390, height: 800 } })
    await page.getByRole('link', { name: MARKUP, exact: true }).waitFor()
    await fits(page)
    await page.getByRole('link', { name: type }).click()
    await headed(page, type)
    await page.locator('.facts').getByText(eventId, { exact: true }).waitFor()
    await fits(page)
    assert.equal(await page.locator('main img').count(), 0)
  })

  it('walks through a hundred thousand, a page at a time', async (t) => {
    await seed(scene.server.url)
    const { page } = await open(t, '#/events?type=ManySentEvent')
    await rowsAre(page, 50)
    const seen = new Set<string>()
    const older = page.getByRole('button', { name: 'Older' })
    for (let number = 2; number <= 21; number++) {
      for (const id of await idsOn(page)) seen.add(id)
      await older.press('Enter')
      await page.getByRole('heading', { name: `Page ${number}`, exact: true }).waitFor()
      await page.locator('.listed[data-fresh=true]').waitFor({ timeout: 2_000 })
      await older.and(page.locator(':focus')).waitFor()
      await rowsAre(page, 50)
    }
    assert.equal(seen.size, 20 * 50)
    assert.ok(Number(await page.evaluate('document.querySelectorAll("*").length')) < 1_500)
    const [first = ''] = await idsOn(page)
    assert.ok(!seen.has(first))
    await page.getByRole('link', { name: 'ManySentEvent' }).first().click()
    await answered(page, 'Nobody was registered: no device got it.')
    await page.goBack()
    await page.getByRole('heading', { name: 'Page 21', exact: true }).waitFor()
    await page.locator('.listed[data-fresh=true]').waitFor()
    assert.equal((await idsOn(page))[0], first)
    await page.getByRole('button', { name: 'Newer' }).click()
    await page.getByRole('heading', { name: 'Page 20', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Newest' }).click()
    await page.getByRole('heading', { name: 'Newest', exact: true }).waitFor()
    await rowsAre(page, 50)
  })
})

function lane(page: Page, userEndpointId: string): Locator {
  return page.locator('.lanes > li', { has: page.getByText(userEndpointId, { exact: true }) })
}

async function rowsAre(page: Page, count: number): Promise<void> {
  await page.locator(`.listed[data-fresh=true] tbody tr:nth-child(${count}):last-child`).waitFor()
}

/** What a page asks for from now on, but for what the frame goes on asking: what is wrong. */
function requestsOf(page: Page): readonly string[] {
  const urls: string[] = []
  page.on('request', (request) => {
    if (!request.url().includes('/rtc-api/notices')) urls.push(request.url())
  })
  return urls
}

/** The ids of the events on the page, from their links. */
async function idsOn(page: Page): Promise<readonly string[]> {
  const links = page.getByRole('link', { name: 'ManySentEvent' })
  return links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
}

async function fits(page: Page): Promise<void> {
  const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
  assert.equal(over, 0, 'the page is wider than its window')
}

/** A hundred thousand events, sent as a busy backend would. */
async function seed(url: string): Promise<void> {
  const token = await tokenOf(url, 'acme-backend')
  const lines = 10_000
  for (let sent = 0; sent < ROWS; sent += lines) {
    const body = Array.from({ length: lines }, (_, index) =>
      JSON.stringify(offer(`user-${(sent + index) % 997}`, {}, { type: 'ManySentEvent' })),
    ).join('\n')
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' }
    const response = await fetch(`${url}/rtc-api/users/endpoints/sendEvents`, {
      method: 'POST',
      headers,
      body,
    })
    assert.equal(response.status, 200)
    await response.arrayBuffer()
  }
}
