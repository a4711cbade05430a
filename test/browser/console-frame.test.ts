import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { assertAccessible } from '../helpers/accessibility.ts'
import { openPage } from '../helpers/browser.ts'
import { type BrowserScene, openBrowserScene } from '../helpers/browser-scene.ts'
import { headed, signInAsBackend, signInAsPerson } from '../helpers/console-page.ts'
import { registerDevice } from '../helpers/device.ts'

const REFUSED = /Failed to load resource: the server responded with a status of 403/
const LONG = `${'w'.repeat(100)}<img src=x onerror=alert(1)>`

describe('the frame around every page of the console', () => {
  let scene: BrowserScene
  before(async () => {
    scene = await openBrowserScene()
  })
  after(() => scene.close())

  it('says what is wrong now, leads to it, and says nothing once it is over', async (t) => {
    const watched = await scene.chromium.newContext(t, { viewport: { width: 390, height: 800 } })
    const page = await openPage(watched, `${scene.server.url}/console/#/events`)
    page.on('dialog', () => assert.fail('something was run that should be text'))
    let notices: readonly object[] = [
      { kind: 'disk_low' },
      { kind: 'webhook_failing', organizationId: 'acme', webhookId: LONG, failure: 'timeout' },
      { kind: 'mailboxes_full', count: 12 },
      { kind: 'of_tomorrow' },
    ]
    await page.route(/\/rtc-api\/notices/, (route) =>
      route.fulfill({ json: { at: '2026-01-01T00:00:00Z', version: '9.9.9', docs: true, notices } }),
    )
    await signInAsBackend(page)
    const strip = page.getByRole('region', { name: 'What is wrong now' })
    await strip.getByRole('link', { name: 'The disk is nearly full' }).waitFor()
    await strip.getByRole('link', { name: 'Something is wrong: of_tomorrow' }).waitFor()
    assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0)
    assert.equal(await page.locator('main img').count(), 0)
    await assertAccessible(page, 'what is wrong')
    await strip.getByRole('link', { name: 'had no room' }).click()
    await headed(page, 'Events')
    await strip.getByRole('link', { name: 'A webhook is failing' }).click()
    await page.getByText('The organization has no webhook of this name').waitFor()
    notices = []
    await strip.waitFor({ state: 'detached' })
  })

  it('follows an address that changes in the moment in which the page is there', async (t) => {
    const watched = await scene.chromium.newContext(t)
    const page = await openPage(watched, `${scene.server.url}/console/#/events`)
    await signInAsBackend(page)
    await headed(page, 'Events')
    // Text: what it names is the browser's.
    await page.addInitScript({
      content: `new MutationObserver((_, observer) => {
        if (document.querySelector('nav') === null) return
        observer.disconnect()
        location.hash = '#/help'
      }).observe(document, { childList: true, subtree: true })`,
    })
    await page.reload()
    await headed(page, 'Help')
  })

  it('has the version, the API and help; times say their zone', async (t) => {
    const watched = await scene.chromium.newContext(t, { timezoneId: 'Asia/Kolkata' })
    const page = await openPage(watched, `${scene.server.url}/console/#/people`)
    await registerDevice(t, scene.server.url, 'bob', 'bobs-phone')
    await signInAsBackend(page)
    await page.getByText(/^Rollcall \d+\.\d+\.\d+/).waitFor()
    assert.equal(await page.getByRole('link', { name: 'API', exact: true }).getAttribute('href'), '/docs')
    await page.getByRole('link', { name: 'bob', exact: true }).click()
    const title = await page.locator('time').first().getAttribute('title')
    assert.match(title ?? '', /GMT\+5:30 · \d{4}-\d\d-\d\dT[\d:.]+Z$/)
    await page.getByRole('link', { name: 'Events', exact: true }).click()
    await page.getByText(/^Times are in Asia\/(Kolkata|Calcutta), GMT\+5:30\.$/).waitFor()
    await page.getByRole('link', { name: 'Help', exact: true }).click()
    await headed(page, 'Help')
    await page.getByText('What becomes of an event').waitFor()
    await assertAccessible(page, 'help')
  })

  it('keeps its head small on a tall phone, and says the zone where there is room', async (t) => {
    const watched = await scene.chromium.newContext(t, {
      viewport: { width: 390, height: 1_600 },
      timezoneId: 'Asia/Kolkata',
    })
    const page = await openPage(watched, `${scene.server.url}/console/#/hooks`)
    await signInAsBackend(page)
    await page.getByText('No webhook is set up').waitFor()
    const head = await page.locator('.nav').boundingBox()
    assert(head !== null && head.height < 120, `${head?.height} pixels`)
    await page.setViewportSize({ width: 1_280, height: 800 })
    await page.getByText(/^Asia\/(Kolkata|Calcutta), GMT\+5:30$/).waitFor()
  })

  it('asks nothing about the organization for whoever may not know', async (t) => {
    const watched = await scene.chromium.newContext(t)
    watched.watch.expect(REFUSED)
    const page = await openPage(watched, `${scene.server.url}/console/`)
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await signInAsPerson(page, 'bob')
    await page.getByRole('link', { name: 'Help', exact: true }).click()
    await headed(page, 'Help')
    assert.ok(!asked.includes('/rtc-api/notices'))
  })
})
