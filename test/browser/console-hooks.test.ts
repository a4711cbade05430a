import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { createClient, requestToken } from '@rollcall/client/client'
import type { Locator, Page } from 'playwright-core'
import { assertAccessible } from '../helpers/accessibility.ts'
import { openPage, startBrowser, type TestBrowser } from '../helpers/browser.ts'
import { fillBackend, headed, signInAsBackend, signInAsPerson } from '../helpers/console-page.ts'
import { bury } from '../helpers/dead-letters.ts'
import { makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'
import type { WatchedContext } from '../helpers/watched-context.ts'
import { WebhookReceiver } from '../helpers/webhook-receiver.ts'

const REFUSED = /Failed to load resource: the server responded with a status of 403/
const MARKUP = '<img src=x onerror=alert(1)>'
const REGISTERED = 'UserEndpointRegisteredEvent'
/** Of the secret `acme-secret`. */
const SECRET_HASH = 'sha256$MHxgn4faQ8PVY0KKT379-YV_SHH9EEZXMsSrEamFoIw'

describe('the console shows webhooks', () => {
  let chromium: TestBrowser
  let server: ServerProcess
  let directoryFile: string
  /** Fails until a test lets it take what comes. */
  let failing: WebhookReceiver
  let working: WebhookReceiver
  before(async () => {
    chromium = await startBrowser()
  })
  after(() => chromium.close())

  /** A server of one test with three webhooks of acme, the first of which has dead letters. */
  async function start(t: TestContext, deadLetters: number, width = 1280): Promise<WatchedContext> {
    const watched = await chromium.newContext(t, { viewport: { width, height: 900 } })
    const data = await makeDataDir()
    watched.after(() => data.remove())
    failing = await startReceiver(watched)
    failing.behave = (response) => response.writeHead(503).end()
    working = await startReceiver(watched)
    const endpoints = Array.from({ length: deadLetters }, (_, index) => ({
      userId: index === 1 ? MARKUP : 'alice',
      userEndpointId: `endpoint-${index}`,
    }))
    if (deadLetters > 0)
      await bury(data.path, { webhookId: 'presence', endpoints, failure: 'certificate_refused' })
    directoryFile = join(data.path, 'directory.json')
    await writeDirectory([
      hook('presence', failing, { events: [REGISTERED] }),
      hook('archive', working),
      hook('paused', working, { enabled: false, events: [REGISTERED] }),
    ])
    server = await startProcess(data.path, {
      DIRECTORY_FILE: directoryFile,
      WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.1',
    })
    watched.after(() => server.kill())
    return watched
  }

  function writeDirectory(webhooks: readonly object[]): Promise<void> {
    const client = (id: string, organizationId: string) => ({
      id,
      organizationId,
      secretHash: SECRET_HASH,
      grants: ['client_credentials'],
    })
    const content = {
      organizations: [{ id: 'acme', webhooks }, { id: 'globex' }],
      clients: [client('backend', 'acme'), client('globex-backend', 'globex')],
    }
    return writeFile(directoryFile, JSON.stringify(content))
  }

  async function open(watched: WatchedContext, fragment: string, clientId = 'backend'): Promise<Page> {
    const page = await openPage(watched, `${server.url}/console/${fragment}`)
    page.on('dialog', () => assert.fail('something was run that should be text'))
    await fillBackend(page, clientId, 'acme-secret')
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    return page
  }

  /** Something happens that webhooks are told of. */
  async function register(): Promise<void> {
    const grant = { type: 'client_credentials' } as const
    const { url } = server
    const { accessToken } = await requestToken({
      url,
      clientId: 'backend',
      clientSecret: 'acme-secret',
      grant,
    })
    await createClient({ url, token: accessToken }).register({ keepAliveSeconds: 600 })
  }

  it('each with how it is doing, and why it fails', async (t) => {
    const page = await open(await start(t, 0), '#/hooks')
    await card(page, 'presence').getByText('Idle').waitFor()
    await register()
    const presence = card(page, 'presence')
    await presence.getByText('Failing').waitFor()
    await presence.getByText('it answered 503').waitFor()
    await fact(presence, 'Waiting', '1')
    await fact(presence, 'Tried again in', /^(\d+ s|a moment)$/)
    const archive = card(page, 'archive')
    await archive.getByText('Working').waitFor()
    await archive.getByText('every event').waitFor()
    await fact(archive, 'Last taken', /ago|just now/)
    await card(page, 'paused').getByText('Disabled').waitFor()
    await assertAccessible(page, 'webhooks')
    failing.behave = undefined
    await presence.getByText('Working').waitFor()
    await fact(presence, 'Waiting', '0')
  })

  it('with the dead letters of one, a page at a time, to be opened; ids stay text', async (t) => {
    const page = await open(await start(t, 60), '#/hooks')
    await card(page, 'presence').getByRole('link', { name: '60 dead letters' }).click()
    await headed(page, 'presence')
    await letters(page, 50)
    await page.getByRole('button', { name: REGISTERED, exact: true }).nth(1).press('Enter')
    const json = page.getByRole('region', { name: REGISTERED })
    await json.getByText(`"userId": "${MARKUP}"`).waitFor()
    assert.equal(await page.locator('main img').count(), 0)
    await page.getByText('it showed a certificate that is not trusted').first().waitFor()
    const all = page.getByRole('checkbox', { name: 'Select all on this page' })
    await all.check()
    await page.getByRole('button', { name: 'Replay 50 selected' }).waitFor()
    await page
      .getByRole('checkbox', { name: `Select ${REGISTERED}` })
      .nth(3)
      .uncheck()
    await page.getByRole('button', { name: 'Replay 49 selected' }).waitFor()
    assert.equal(await page.evaluate(`document.querySelector('.letters-all input').indeterminate`), true)
    await assertAccessible(page, 'dead letters')
    await page.getByRole('button', { name: 'Newer' }).click()
    await page.getByText('endpoint-59').waitFor()
    await letters(page, 10)
    assert.equal(await page.getByRole('button', { name: /selected$/ }).count(), 0)
    assert.equal(await page.getByRole('button', { name: 'Newer' }).getAttribute('aria-disabled'), 'true')
    await page.getByRole('button', { name: 'Older' }).click()
    await letters(page, 50)
    await page.getByText('endpoint-0', { exact: true }).waitFor()
    await page.getByRole('link', { name: MARKUP }).click()
    await page.waitForURL((url) => url.hash === `#/people/${encodeURIComponent(MARKUP)}`)
  })

  it('and sends dead letters again: one, some, all, once the receiver answers', async (t) => {
    const page = await open(await start(t, 60), '#/hooks/presence')
    await letters(page, 50)
    await page.getByRole('button', { name: 'Replay all' }).click()
    await said(page, 'The replay has stopped: the receiver answered 503')
    await page.getByText('60 are still in the list').waitFor()
    failing.behave = undefined
    await page
      .getByRole('button', { name: `Replay ${REGISTERED}` })
      .nth(1)
      .click()
    await said(page, 'The receiver has taken it')
    await page.getByRole('link', { name: MARKUP }).waitFor({ state: 'detached' })
    assert.deepEqual(taken(failing), ['endpoint-1'])
    for (const index of [0, 1])
      await page
        .getByRole('checkbox', { name: `Select ${REGISTERED}` })
        .nth(index)
        .check()
    await page.getByRole('button', { name: 'Replay 2 selected' }).click()
    await said(page, 'The receiver has taken all 2')
    assert.deepEqual(taken(failing).slice(1), ['endpoint-0', 'endpoint-2'])
    await fact(page.locator('main'), 'Dead letters', '57')
    await page.getByRole('button', { name: 'Replay all' }).click()
    await said(page, 'The receiver has taken all 57')
    await page.getByText('What a receiver has not taken').waitFor()
    assert.equal(taken(failing).length, 60)
    await page.getByText('Working').waitFor()
  })

  it('and drops them, by keyboard, once it has been asked twice', async (t) => {
    const page = await open(await start(t, 2), '#/hooks/presence')
    await letters(page, 2)
    await tabTo(page, page.getByRole('button', { name: 'Drop all' }))
    await page.keyboard.press('Enter')
    const sure = page.getByRole('button', { name: 'Drop all 2 for good' })
    await sure.and(page.locator(':focus')).waitFor()
    await page.keyboard.press('Escape')
    await sure.waitFor({ state: 'detached' })
    await letters(page, 2)
    await page.getByRole('button', { name: 'Drop all' }).press('Enter')
    await page.keyboard.press('Enter')
    await said(page, 'All dead letters were dropped')
    await letters(page, 0)
    assert.deepEqual(taken(failing), [])
  })

  it('sends a test event, tells what the receiver says, and what it was sent lately', async (t) => {
    const watched = await start(t, 0)
    const page = await open(watched, '#/hooks/presence')
    await page.getByText('Nothing was sent since the server started').waitFor()
    const send = page.getByRole('button', { name: 'Send a test event' })
    await send.focus()
    await page.keyboard.press('Enter')
    await page.getByText('The test event was not taken: the receiver answered 503').waitFor()
    const [first] = failing.got
    assert.equal(first?.isGenuine, true)
    assert.equal(String(first?.events[0]?.type), 'WebhookTestEvent')
    const rows = page.locator('.rows-attempts tbody tr')
    await rows.filter({ hasText: 'answered 503' }).waitFor()
    failing.behave = undefined
    await page.waitForTimeout(1_000)
    await send.click()
    await page.getByText('The receiver has taken the test event: it answered 204').waitFor()
    await rows.filter({ hasText: 'answered 204' }).waitFor()
    assert.deepEqual(await rows.locator('.rows-main').allTextContents(), ['Test event', 'Test event'])
    await assertAccessible(page, 'a webhook with attempts')
  })

  it('that fails on every page, until it works again', async (t) => {
    const watched = await start(t, 2)
    const page = await open(watched, '#/events')
    const strip = page.getByRole('region', { name: 'What is wrong now' })
    await strip.getByRole('link', { name: '2 dead letters of a webhook: presence' }).waitFor()
    await page.goto(`${server.url}/console/#/hooks/presence`)
    await page.getByRole('button', { name: 'Replay all' }).click()
    await strip.getByRole('link', { name: 'A webhook is failing: presence' }).waitFor()
    failing.behave = undefined
    await page.getByRole('button', { name: 'Replay all' }).click()
    await page.getByText('The receiver has taken all 2').waitFor()
    await strip.waitFor({ state: 'detached' })
  })

  it('at phone width, without a page that is wider than it', async (t) => {
    const page = await open(await start(t, 2, 390), '#/hooks')
    await card(page, 'archive').waitFor()
    await fits(page)
    await page.goto(`${server.url}/console/#/hooks/presence`)
    await page.getByRole('button', { name: REGISTERED, exact: true }).first().click()
    await page.getByRole('region', { name: REGISTERED }).waitFor()
    await fits(page)
  })

  it('as the directory says; what it does not name is not there', async (t) => {
    const watched = await start(t, 1)
    const page = await open(watched, '#/hooks/presence')
    await letters(page, 1)
    // The page may be asking for the letters just when the webhook goes.
    watched.watch.expect(/status of 404 .+\/deadLetters/)
    await writeDirectory([])
    await page.getByText('The organization has no webhook of this name').waitFor({ timeout: 30_000 })
    await page.getByRole('link', { name: 'All webhooks' }).click()
    await page.getByText('No webhook is set up').waitFor()
    await page.getByText('whsec_').waitFor()
  })

  it('of one organization to nobody of another', async (t) => {
    const page = await open(await start(t, 1), '#/hooks', 'globex-backend')
    await page.getByText('No webhook is set up').waitFor()
    await page.goto(`${server.url}/console/#/hooks/presence`)
    await page.getByText('The organization has no webhook of this name').waitFor()
    assert.equal(await page.getByText('endpoint-0').count(), 0)
  })

  it('to those who may know, of an organization that has been named', async (t) => {
    const watched = await chromium.newContext(t)
    watched.watch.expect(REFUSED)
    const data = await makeDataDir()
    watched.after(() => data.remove())
    // With the demo directory.
    server = await startProcess(data.path)
    watched.after(() => server.kill())
    const person = await openPage(watched, `${server.url}/console/#/hooks`)
    await signInAsPerson(person, 'bob')
    await person.getByText('Webhooks concern the whole organization').waitFor()
    const service = await openPage(watched, `${server.url}/console/#/hooks`)
    const asked: string[] = []
    service.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await signInAsBackend(service, 'platform-service')
    await service.getByText('Which organization?').waitFor()
    assert.deepEqual(
      asked.filter((path) => path.includes('/webhooks')),
      [],
    )
    await service.getByLabel('Organization').fill('acme')
    await service.keyboard.press('Enter')
    await service.getByText('No webhook is set up').waitFor()
  })
})

async function startReceiver(watched: WatchedContext): Promise<WebhookReceiver> {
  const receiver = new WebhookReceiver()
  await receiver.start()
  watched.after(() => receiver.stop())
  return receiver
}

function hook(id: string, { url, secret }: WebhookReceiver, more: object = {}): object {
  return { id, url, secret, events: ['*'], ...more }
}

/** Devices whose events a receiver has taken. */
function taken(receiver: WebhookReceiver): readonly string[] {
  return receiver.taken.map(({ userEndpointId = '' }) => userEndpointId)
}

function card(page: Page, webhookId: string): Locator {
  return page.locator('.card', { has: page.getByRole('link', { name: webhookId, exact: true }) })
}

async function fact(place: Locator, name: string, value: string | RegExp): Promise<void> {
  const text = typeof value === 'string' ? new RegExp(`^${value}$`) : value
  await place.locator('.hook-facts > div', { hasText: name }).locator('dd', { hasText: text }).waitFor()
}

/** Waits until that many dead letters are shown. */
async function letters(page: Page, count: number): Promise<void> {
  const all = page.locator('.letter')
  if (count > 0) await all.nth(count - 1).waitFor()
  await all.nth(count).waitFor({ state: 'detached' })
}

function said(page: Page, title: string): Promise<void> {
  return page.locator('[aria-live]').getByText(title, { exact: true }).waitFor()
}

async function tabTo(page: Page, element: Locator): Promise<void> {
  const target = element.and(page.locator(':focus-visible'))
  for (let presses = 0; presses < 60; presses++) {
    if ((await target.count()) > 0) return
    await page.keyboard.press('Tab')
  }
  assert.fail('not to be reached by Tab')
}

async function fits(page: Page): Promise<void> {
  assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0)
}
