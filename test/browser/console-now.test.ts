import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { assertAccessible } from '../helpers/accessibility.ts'
import { openPage, startBrowser, type TestBrowser } from '../helpers/browser.ts'
import { call } from '../helpers/call.ts'
import { chartPieces, chartSharpness } from '../helpers/chart-pixels.ts'
import { signInAsBackend, signInAsPerson } from '../helpers/console-page.ts'
import { offer, signIn, tokenOf } from '../helpers/demo.ts'
import { connectPhone, type Phone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import type { WatchedContext } from '../helpers/watched-context.ts'

const REFUSED = /Failed to load resource: the server responded with a status of 403/
const UNREACHABLE = /Failed to load resource: net::ERR_/

/** As a backend is told of a cluster in trouble. */
const AT = new Date(Date.now() - 65_000).toISOString()
const FAILOVER = { at: AT, partitions: 22 }
const TWO_NODES = {
  at: AT,
  organizationId: 'acme',
  nodes: [
    {
      id: 'a/1',
      name: 'a',
      isSelf: true,
      state: 'there',
      heardAt: AT,
      since: AT,
      version: '1.0.0',
      connected: 1_200,
    },
    { id: 'b/2', name: 'b', isSelf: false, state: 'silent', heardAt: AT },
  ],
  store: {
    kind: 'redis',
    state: 'partly_away',
    redis: {
      topology: 'cluster',
      partitions: 64,
      partitionsAway: 21,
      primaries: [
        { isReached: true, partitions: 43, replicas: 1 },
        { isReached: false, awaySince: AT, partitions: 21 },
      ],
      failover: FAILOVER,
    },
  },
  happened: [
    { kind: 'node_silent', at: AT, node: 'b/2', seenBy: ['a'] },
    { kind: 'redis_failover', ...FAILOVER, seenBy: ['a', 'b'] },
  ],
}

describe('the console tells how an organization is doing', () => {
  let chromium: TestBrowser
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let server: ServerProcess
  before(async () => {
    chromium = await startBrowser()
  })
  after(() => chromium.close())

  /** A server of one test, so that it alone is counted, and a profile for it. */
  async function start(t: TestContext, options: BrowserContextOptions = {}): Promise<WatchedContext> {
    const watched = await chromium.newContext(t, options)
    data = await makeDataDir()
    watched.after(() => data.remove())
    server = await startProcess(data.path)
    watched.after(() => server.kill())
    return watched
  }

  async function open(watched: WatchedContext, clientId?: string): Promise<Page> {
    const page = await openPage(watched, `${server.url}/console/`)
    await signInAsBackend(page, clientId)
    return page
  }

  /** A device of bob's. */
  async function register(userEndpointId: string, keepAliveSeconds = 3600): Promise<string> {
    const { accessToken } = await signIn(server.url, 'bob')
    const command = { userEndpointId, keepAliveSeconds }
    const { status, text } = await call(server.url, accessToken, 'POST users/endpoints/register', command)
    assert.equal(status, 200, text)
    return accessToken
  }

  async function connect(watched: WatchedContext, userEndpointId: string): Promise<Phone> {
    const phone = await connectPhone(server.url, 'bob', await register(userEndpointId))
    watched.after(() => phone.end())
    await phone.subscribe(`users/endpoints/${userEndpointId}`)
    return phone
  }

  async function send(command: object): Promise<void> {
    const token = await tokenOf(server.url, 'acme-backend')
    const { status, text } = await call(server.url, token, 'POST users/endpoints/sendEvent', command)
    assert.equal(status, 200, text)
  }

  it('by a page of the processes, which nobody with one process is bothered with', async (t) => {
    const watched = await start(t)
    const page = await open(watched)
    await shows(page, 'Registrations', '0')
    assert.equal(await page.locator('.now-nodes').count(), 0)
    await page.goto(`${server.url}/console/#/nodes`)
    await page.getByText('this one answers').waitFor()
    await page.getByText('Everything is kept by this process alone.').waitFor()

    await page.route('**/rtc-api/nodes*', (route) => route.fulfill({ json: TWO_NODES }))
    await page.goto(`${server.url}/console/#/now`)
    const line = page.locator('.now-nodes')
    await line.getByText('b: Silent: others do its part · A Redis Cluster: a part cannot be used').waitFor()
    await line.getByRole('link', { name: '2 processes' }).click()
    await page.getByText('b fell silent: the others do its part').waitFor()
    await page.getByText('Failover: 22 partitions passed to another primary').waitFor()
    await page.getByText('64, 21 of them away').waitFor()
    await assertAccessible(page, 'nodes')
  })

  it('by figures that follow what happens', async (t) => {
    const watched = await start(t)
    const page = await open(watched)
    await shows(page, 'Registrations', '0')
    await shows(page, 'Events per second', '0')
    await shows(page, 'Acknowledged', '–')
    const phone = await connect(watched, 'phone')
    await register('away')
    await shows(page, 'Registrations', '2')
    await shows(page, 'Connected', '1')
    await tile(page, 'Connected').getByText('50 % of them have a link').waitFor()
    for (const qos of [1, 1, 1, 0, 0]) await send(offer('bob', { qos, userEndpointId: 'phone' }))
    await eventually(() => phone.received.length === 5, 'everything arrives')
    await shows(page, 'Acknowledged', '100 %')
    await shows(page, 'Events per second', /^[\d.]*[1-9]/)
    await shows(page, 'Delivery, QoS 1', /^[\d.]+ m?s p50$/)
    await tile(page, 'Delivery, QoS 0').getByText('until sent; 2 in the last').waitFor()
    await send(offer('bob', { qos: 1, userEndpointId: 'away', ttlSeconds: 2 }))
    await shows(page, 'Waiting in mailboxes', '1')
    await shows(page, 'Waiting in mailboxes', '0')
    await shows(page, 'Acknowledged', '75 %')
    await register('brief', 1)
    await tile(page, 'Expiry lateness').getByText('after the deadline; 1 expiry').waitFor()
    await totals(page, 'Copies kept4', 'Acknowledged3', 'Sent2', 'Unregistered0')
    await page.getByRole('img', { name: /Registrations: 2 now, from 0 to [23]; Connected: 1 now/ }).waitFor()
    await assertAccessible(page, 'Now')
  })

  it('and nothing of what another organization does', async (t) => {
    const watched = await start(t)
    const page = await open(watched, 'globex-backend')
    const service = await open(watched, 'platform-service')
    await connect(watched, 'phone')
    await send(offer('bob', { qos: 1 }))
    await send(offer('bob'))
    // Role SERVICE sees all of them together until it names one.
    await shows(service, 'Acknowledged', '100 %')
    await totals(service, 'Copies kept1', 'Sent1')
    await shows(page, 'Registrations', '0')
    await totals(page, 'Events0', 'Copies kept0', 'Acknowledged0', 'Sent0')
    await service.getByLabel('Organization').fill('globex')
    await service.keyboard.press('Enter')
    await shows(service, 'Registrations', '0')
    await totals(service, 'Copies kept0', 'Sent0')
    await page.getByRole('img', { name: /Registrations: 0 now, from 0 to 0/ }).waitFor()
  })

  it('over a restart of the server, which leaves a gap', async (t) => {
    const watched = await start(t)
    watched.watch.expect(UNREACHABLE)
    // A server that was started anew answers before it has read its store.
    watched.watch.expect(/status of 503/)
    await register('phone')
    const page = await open(watched)
    await shows(page, 'Registrations', '1')
    await drawn(page, 1)
    await server.kill()
    await page.getByText('The server cannot be reached').waitFor()
    await page.getByText(/^as of /).waitFor()
    await shows(page, 'Registrations', '1')
    server = await startProcess(data.path, { PORT: String(server.port) })
    await page.getByText('The server cannot be reached').waitFor({ state: 'detached' })
    await page.getByText(/^server up for \d+ s$/).waitFor()
    await shows(page, 'Registrations', '1')
    await drawn(page, 2)
    await send(offer('bob', { qos: 1 }))
    await totals(page, 'Copies kept1')
  })

  it('over the last day, which outlives the server, and stays in the address', async (t) => {
    const watched = await start(t)
    watched.watch.expect(UNREACHABLE)
    watched.watch.expect(/status of 503/)
    await register('phone')
    for (let n = 0; n < 5; n++) await send(offer('bob', { qos: 1 }))
    await server.terminate()
    server = await startProcess(data.path, { PORT: String(server.port) })
    const page = await open(watched)
    await page.getByRole('radio', { name: 'Last day' }).check()
    await page.waitForURL((url) => url.hash === '#/now?shown=day')
    // In the first minute of five the step is told of once that minute is over.
    const chart = page.getByRole('img', {
      name: /^Events per minute over the last 24 hours\. QoS 0: 0 now, from 0 to 0; QoS 1: (5\.0|2\.5) now/,
    })
    await chart.waitFor({ timeout: 100_000 })
    await page.getByRole('img', { name: /^Registrations and links over the last 24 hours/ }).waitFor()
    await assertAccessible(page, 'Now, the last day')
    await page.reload()
    await page.getByRole('radio', { name: 'Last day', checked: true }).waitFor()
    await page.getByRole('radio', { name: 'Last 5 minutes' }).check()
    await page.waitForURL((url) => url.hash === '#/now')
    await page.getByRole('img', { name: /Registrations: 1 now/ }).waitFor()
  })

  it('with sharp charts that fit, in the colours of the theme, with values under a crosshair', async (t) => {
    const options = {
      deviceScaleFactor: 2,
      colorScheme: 'dark',
      viewport: { width: 1280, height: 900 },
    } as const
    const watched = await start(t, options)
    await register('phone')
    const page = await open(watched)
    await drawn(page, 1)
    const dark = await colourOf(page)
    await page.emulateMedia({ colorScheme: 'light' })
    await eventually(async () => (await colourOf(page)) !== dark, 'it is drawn in other colours')
    await page.getByRole('button', { name: /^Colours: system/ }).click()
    await page.getByRole('button', { name: /^Colours: light/ }).click()
    await eventually(async () => (await colourOf(page)) === dark, 'and in the ones that were chosen')
    for (const width of [390, 1000]) {
      await page.setViewportSize({ width, height: 900 })
      await eventually(async () => (await chartSharpness(page)) === 2, `it is drawn for ${width} pixels`)
      assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0)
    }
    const chart = page.locator('.chart', { hasText: 'Registrations and links' })
    await chart.getByText('latest').waitFor()
    const place = await chart.locator('.u-over').boundingBox()
    assert.ok(place !== null)
    await page.mouse.move(place.x + place.width - 2, place.y + 40)
    await chart.getByText(/^\d\d:\d\d:\d\d/).waitFor()
    // The same moment in every chart.
    assert.equal(await page.getByText('latest', { exact: true }).count(), 0)
    await page.mouse.move(place.x + 40, place.y + 40)
    await chart.getByText('latest').waitFor()
  })

  it('to those who may know; others are shown the way to what is theirs', async (t) => {
    const watched = await start(t)
    watched.watch.expect(REFUSED)
    const page = await openPage(watched, `${server.url}/console/`)
    await signInAsPerson(page, 'bob')
    // They begin with what is theirs.
    await page.waitForURL((url) => url.hash === '#/people/bob')
    await page.getByRole('link', { name: 'Now', exact: true }).click()
    await page.getByText('These figures are about the whole organization').waitFor()
    await page.getByRole('link', { name: 'your own devices' }).click()
    await page.waitForURL((url) => url.hash === '#/people/bob')
    await page.getByRole('link', { name: 'Events', exact: true }).click()
    await page.getByRole('link', { name: 'Rollcall', exact: true }).click()
    await page.waitForURL((url) => url.hash === '#/people/bob')
  })
})

function tile(page: Page, label: string): Locator {
  return page.locator('.tile', { has: page.getByText(label, { exact: true }) })
}

/** Waits until the first number of a tile is that. */
async function shows(page: Page, label: string, value: string | RegExp): Promise<void> {
  const text = typeof value === 'string' ? new RegExp(`^${value}( (p50|p99))?$`) : value
  await tile(page, label).locator('.tile-value').first().getByText(text).waitFor()
}

/** Waits until these rows stand among what was counted since the start, each with its number. */
async function totals(page: Page, ...rows: readonly string[]): Promise<void> {
  for (const row of rows)
    await page.locator('.totals dl > div').filter({ hasText: row }).first().waitFor({ timeout: 15_000 })
}

/** Waits until the first chart has that many pieces with gaps between, each wide enough to be more than a point. */
async function drawn(page: Page, pieces: number): Promise<void> {
  await eventually(async () => {
    const widths = (await chartPieces(page)).map(({ widthPx }) => widthPx)
    return widths.length === pieces && widths.every((widthPx) => widthPx > 1)
  }, `${pieces} pieces are drawn`)
}

async function colourOf(page: Page): Promise<string | undefined> {
  return (await chartPieces(page))[0]?.colour
}
