import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible } from '../helpers/accessibility.ts'
import { openPage } from '../helpers/browser.ts'
import { type BrowserScene, openBrowserScene } from '../helpers/browser-scene.ts'
import { call } from '../helpers/call.ts'
import { headed, signInAsBackend } from '../helpers/console-page.ts'
import { signIn, tokenOf } from '../helpers/demo.ts'
import { registerDevice } from '../helpers/device.ts'
import { eventually } from '../helpers/run-server.ts'

const REFUSED = /Failed to load resource: the server responded with a status of 400/
const UNREACHABLE = /Failed to load resource: net::ERR_/
const MARKUP = '<img src=x onerror=alert(1)>'

describe('the console sends events', () => {
  let scene: BrowserScene
  before(async () => {
    scene = await openBrowserScene()
  })
  after(() => scene.close())

  async function open(t: TestContext, fragment = '#/send') {
    const watched = await scene.chromium.newContext(t)
    const page = await openPage(watched, `${scene.server.url}/console/${fragment}`)
    page.on('dialog', () => assert.fail('something was run that should be text'))
    await signInAsBackend(page)
    return { watched, page }
  }

  it('and waits until a person answers, and says who', async (t) => {
    const { page } = await open(t)
    const device = await registerDevice(t, scene.server.url, 'bob', 'bobs-phone')
    const phone = await device.connect()
    await page.getByLabel('User').fill('bob')
    await page.getByText('30 s', { exact: true }).click({ force: true })
    await page.getByText('A person answers', { exact: true }).click({ force: true })
    await sendButton(page).click()
    await page.getByText('Waiting for an answer').waitFor()
    await eventually(() => phone.received.length === 1, 'it rings')
    const eventId = String(phone.received[0]?.event['id'])
    const bob = (await signIn(scene.server.url, 'bob')).accessToken
    const answer = { userEndpointId: 'bobs-phone' }
    const { status } = await call(scene.server.url, bob, `POST events/${eventId}/answer`, answer)
    assert.equal(status, 204)
    await page.getByText('Answered by bobs-phone. Accepted for 1 device.').waitFor()
  })

  it('to a device that acknowledges, once for a double-click, and again as another event', async (t) => {
    const { page } = await open(t)
    const device = await registerDevice(t, scene.server.url, 'bob', 'bobs-phone')
    await registerDevice(t, scene.server.url, 'bob', 'bobs-tab')
    const phone = await device.connect()
    await page.getByLabel('User').fill('bob')
    await page.keyboard.press('Tab')
    const devices = page.getByLabel('Device', { exact: true })
    await devices.locator('option', { hasText: 'All of them (2 registered)' }).waitFor({ state: 'attached' })
    assert.match((await devices.textContent()) ?? '', /bobs-phone · connected/)
    assert.match((await devices.textContent()) ?? '', /bobs-tab · away/)
    await page.getByText('2 s', { exact: true }).click({ force: true })
    await sendButton(page).dblclick()
    await page.getByText('Waiting for receipts').waitFor()
    await page.getByText('Accepted for 2 devices: 1 connected, 1 acknowledged in time.').waitFor()
    assert.equal(phone.received.length, 1)
    await assertAccessible(page, 'Send with a result')
    await devices.selectOption('bobs-phone')
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByText('Accepted for 2 devices').waitFor()
    const [first, second] = phone.received
    assert.equal(phone.received.length, 2)
    assert.notEqual(first?.event['id'], second?.event['id'])
    assert.equal(second?.event['caller'], 'Alice')
    await page.getByRole('link', { name: 'What became of it' }).click()
    await page.waitForURL((url) => url.hash === `#/events/${second?.event['id']}`)
  })

  it('sends the bytes that were written, and keeps what the masks leave', async (t) => {
    const { page, watched } = await open(t, `#/send/alice?userEndpointId=${encodeURIComponent(MARKUP)}`)
    watched.watch.expect(REFUSED)
    const device = await registerDevice(t, scene.server.url, 'alice', MARKUP)
    const phone = await device.connect()
    assert.equal(await page.getByLabel('User').inputValue(), 'alice')
    await page
      .getByLabel('Other attributes')
      .fill(`{"card": "4711", "amount": 1.0, "order": 12345678901234567890, "note": "${MARKUP}"}`)
    await page.getByLabel('Masks').fill('$.card')
    const kept = page.getByRole('region', { name: 'What is kept' })
    await kept.locator('mark', { hasText: '"****"' }).waitFor()
    const clear = page.getByRole('region', { name: 'What the device gets' })
    assert.match((await clear.textContent()) ?? '', /"4711"/)
    assert.match((await kept.textContent()) ?? '', /onerror=alert\(1\)/)
    await page.getByLabel('Masks').fill('$.card\n\n$.note[')
    await page.getByText(/^Line 3 \(\$\.note\[\), position \d+: /).waitFor()
    await sendButton(page).click()
    await page.locator('textarea:focus').waitFor()
    assert.equal(phone.received.length, 0)
    await page.getByLabel('Masks').fill('$.card')
    await kept.locator('mark').waitFor()
    await sendButton(page).click()
    await page.getByText('Accepted for 1 device: 1 connected, 1 acknowledged in time.').waitFor()
    assert.match(phone.received[0]?.text ?? '', /"card":"4711","amount":1\.0,"order":12345678901234567890,/)
    const [record] = await history(scene.server.url)
    assert.equal(record?.event.card, '****')
  })

  it('names what is wrong beside where it is, and sends nothing', async (t) => {
    const { page } = await open(t)
    await sendButton(page).click()
    await page.locator('input[aria-invalid=true]:focus').waitFor()
    await errorOf(page, 'User', /1 to 128 characters/)
    await page.getByLabel('Type').fill('AnsweredEvent')
    await errorOf(page, 'Type', /at least two capitalised words/)
    await page.getByLabel('Other attributes').fill('{\n  "a": 1,\n}')
    await errorOf(page, 'Other attributes', /^Line 3, column 1: expected a name in double quotes$/)
    await page.getByRole('radio', { name: 'Fixed' }).check()
    await page.getByLabel('Instant').fill('2026-02-29T00:00:00Z')
    await errorOf(page, 'Instant', /ISO-8601/)
    await page.getByLabel('Lifetime in seconds').fill('0')
    await errorOf(page, 'Lifetime in seconds', /whole seconds/)
    await assertAccessible(page, 'Send with mistakes')
    await page.getByLabel('User').fill('nobody')
    await sendButton(page).click()
    assert.equal(await page.getByText('nothing was sent').count(), 0)
    await page.locator('input:focus').and(page.getByLabel('Type')).waitFor()
  })

  it('keeps what was written while one looks elsewhere, and forgets it with the sign-in', async (t) => {
    const { page } = await open(t, '#/send/bob')
    await page.getByLabel('User').fill('carol')
    await page.getByLabel('Other attributes').fill('{"a": 1}')
    await page.getByRole('radio', { name: 'At once (0)' }).check()
    await page.getByText('There are no receipts').waitFor()
    await page.getByRole('navigation').getByRole('link', { name: 'Hooks' }).click()
    await headed(page, 'Hooks')
    await page.goBack()
    await headed(page, 'Send')
    assert.equal(await page.getByLabel('User').inputValue(), 'carol')
    assert.equal(await page.getByLabel('Other attributes').inputValue(), '{"a": 1}')
    assert.equal(await page.getByRole('radio', { name: 'At once (0)' }).isChecked(), true)
    const stored = await page.evaluate<string>('JSON.stringify([sessionStorage, localStorage])')
    assert.doesNotMatch(stored, /carol/)
    await sendButton(page).click()
    await page.getByText('Nobody is registered as carol: nothing was sent.').waitFor()
    await page.reload()
    await headed(page, 'Send')
    assert.equal(await page.getByLabel('User').inputValue(), '')
  })

  it('waits as long as one wants to, and says what may have happened', async (t) => {
    const { page } = await open(t)
    const device = await registerDevice(t, scene.server.url, 'olivia', 'olivias-phone')
    // There, and silent: with nobody there the answer would come at once.
    await device.connect({ protocolVersion: 5, customHandleAcks: () => undefined })
    await page.getByLabel('User').fill('olivia')
    await page.getByRole('radio', { name: '10 s' }).check()
    await sendButton(page).click()
    await page.getByText(/^[1-9] of 10 s$/).waitFor()
    assert.equal(await sendButton(page).isDisabled(), true)
    await assertAccessible(page, 'Send while it waits')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('You did not wait for the answer').waitFor()
    await page.getByRole('link', { name: 'Look for it in the history' }).click()
    await page.getByRole('link', { name: 'CallOfferedEvent' }).first().waitFor()
  })

  it('sends once what had no answer, however often it is tried', async (t) => {
    const { page, watched } = await open(t)
    watched.watch.expect(UNREACHABLE)
    const device = await registerDevice(t, scene.server.url, 'bob', 'bobs-watch')
    const phone = await device.connect()
    await page.getByLabel('User').fill('bob')
    await page.getByRole('radio', { name: 'No', exact: true }).check()
    // The answer is lost on its way, not the question.
    await page.route('**/sendEvent', async (route) => {
      await route.fetch()
      await route.abort('connectionreset')
    })
    await sendButton(page).click()
    await page.getByText('The server cannot be reached').waitFor()
    await eventually(() => phone.received.length === 1, 'the device has it')
    await page.unroute('**/sendEvent')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Accepted for').waitFor()
    assert.equal(phone.received.length, 1)
  })
})

function sendButton(page: Page) {
  return page.getByRole('button', { name: 'Send', exact: true })
}

/** The message that belongs to a field, as a screen reader finds it. */
async function errorOf(page: Page, label: string, expected: RegExp): Promise<void> {
  const field = page.getByLabel(label, { exact: true })
  assert.equal(await field.getAttribute('aria-invalid'), 'true', label)
  const ids = ((await field.getAttribute('aria-describedby')) ?? '').split(' ')
  const texts = await Promise.all(ids.map((id) => page.locator(`[id="${id}"]`).textContent()))
  assert.match(texts.at(-1) ?? '', expected)
}

type Record = { readonly event: { readonly card?: string } }

async function history(url: string): Promise<readonly Record[]> {
  const authorization = `Bearer ${await tokenOf(url, 'acme-backend')}`
  const response = await fetch(`${url}/rtc-api/events?userId=alice`, { headers: { authorization } })
  const { events }: { readonly events: readonly Record[] } = JSON.parse(await response.text())
  return events
}
