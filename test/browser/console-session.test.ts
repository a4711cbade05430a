import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible } from '../helpers/accessibility.ts'
import { openPage, startBrowser, type TestBrowser } from '../helpers/browser.ts'
import { type BrowserScene, openBrowserScene } from '../helpers/browser-scene.ts'
import { fillBackend, headed, signInAsBackend, signInAsPerson } from '../helpers/console-page.ts'
import { startCuttableProxy } from '../helpers/cuttable-proxy.ts'
import { signIn, tokenOf } from '../helpers/demo.ts'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'

/** What Chromium writes about an answer that is no success, and about none. */
const REFUSED = /Failed to load resource: the server responded with a status of/
const UNREACHABLE = /Failed to load resource: net::ERR_/

describe('signing in to the console', () => {
  let scene: BrowserScene
  before(async () => {
    scene = await openBrowserScene()
  })
  after(() => scene.close())

  async function open(t: TestContext, fragment = '#/now', base = scene.server.url) {
    const watched = await scene.chromium.newContext(t)
    return { watched, page: await openPage(watched, `${base}/console/${fragment}`) }
  }

  async function openThrough(t: TestContext, fragment: string) {
    const watched = await scene.chromium.newContext(t)
    watched.watch.expect(UNREACHABLE)
    const proxy = await startCuttableProxy(scene.server.port)
    t.after(() => proxy.close())
    return { proxy, page: await openPage(watched, `${proxy.url}/console/${fragment}`) }
  }

  it('says that credentials are wrong, and signs nobody in', async (t) => {
    const { watched, page } = await open(t)
    watched.watch.expect(REFUSED)
    await assertAccessible(page, 'the sign-in')
    for (const clientId of ['acme-backend', 'nobody<b>']) {
      await fillBackend(page, clientId, 'wrong')
      await page.getByRole('alert').getByText('That client or its secret is not right').waitFor()
      assert.equal(await keptToken(page), null)
    }
    await page.getByRole('radio', { name: 'Person' }).check()
    await page.getByLabel('User name').fill('alice')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('That user name or password is not right').waitFor()
    await assertAccessible(page, 'a refused sign-in')
  })

  it('says that the server is down, and works once it is back', async (t) => {
    const { proxy, page } = await openThrough(t, '#/send')
    proxy.cut()
    await fillBackend(page, 'acme-backend', 'acme-secret')
    await page.getByText('The server cannot be reached').waitFor()
    proxy.restore()
    await page.getByRole('button', { name: 'Sign in' }).click()
    await headed(page, 'Send')
  })

  it('keeps what is shown while the server is away, and goes on by itself', async (t) => {
    const { proxy, page } = await openThrough(t, '#/people/bob')
    await signInAsBackend(page)
    await aboutBob(page)
    proxy.cut()
    await page.getByText('The server cannot be reached').waitFor()
    await aboutBob(page)
    proxy.restore()
    await page.getByText('The server cannot be reached').waitFor({ state: 'detached' })
  })

  it('takes the sign-in up after a reload, also once the server can answer again', async (t) => {
    const { watched, page } = await open(t, '#/people/bob')
    watched.watch.expect(REFUSED)
    await signInAsBackend(page)
    await page.reload()
    await aboutBob(page)
    const unavailable = { status: 503, headers: { 'retry-after': '4' }, json: { error: 'unavailable' } }
    await page.route('**/rtc-api/statistics*', (route) => route.fulfill(unavailable))
    await page.reload()
    await page.getByText('The server cannot serve this now').waitFor()
    await page.unroute('**/rtc-api/statistics*')
    await aboutBob(page)
  })

  it('says for how long there were too many attempts', async (t) => {
    const { watched, page } = await open(t)
    watched.watch.expect(REFUSED)
    const limited = { status: 429, headers: { 'retry-after': '7' } }
    await page.route('**/security/oauth/token', (route) =>
      route.fulfill({ ...limited, json: { error: 'invalid_request', error_description: 'Slow down.' } }),
    )
    await fillBackend(page, 'acme-backend', 'acme-secret')
    await page.getByText('Try again in 7 s.').waitFor()
    await page.unroute('**/security/oauth/token')
    await page.route('**/rtc-api/users/bob/endpoints*', (route) =>
      route.fulfill({ ...limited, json: { error: 'rate_limited', message: 'Too many requests.' } }),
    )
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    await page.goto(`${scene.server.url}/console/#/people/bob`)
    await page
      .getByText('Too many requests.Try again in 7 s.')
      .or(page.getByText(/Try again in 7 s/))
      .waitFor()
  })

  it('says that the server is older than the console', async (t) => {
    const { watched, page } = await open(t)
    watched.watch.expect(REFUSED)
    await page.route('**/rtc-api/statistics*', (route) =>
      route.fulfill({ status: 404, json: { error: 'not_found', message: 'Nothing here.' } }),
    )
    await fillBackend(page, 'acme-backend', 'acme-secret')
    await page.getByRole('alert').getByText('This server is older than the console').waitFor()
    assert.equal(await keptToken(page), null)
  })

  it('shows people whose endpoints come without the newer members', async (t) => {
    const { page } = await open(t, '#/people/bob')
    const at = new Date().toISOString()
    const endpoint = {
      id: 'old<b>phone',
      keepAliveSeconds: 30,
      serverKeepAliveReminderOn: false,
      registeredAt: at,
      lastKeepAliveAt: at,
      expiresAt: new Date(Date.now() + 30_000).toISOString(),
      connected: true,
      mailboxDepth: 0,
    }
    await page.route('**/rtc-api/users/bob/endpoints*', (route) => route.fulfill({ json: [endpoint] }))
    await signInAsBackend(page)
    await page.getByText('old<b>phone').first().waitFor()
  })

  it('works where storage is switched off, until a reload', async (t) => {
    const watched = await scene.chromium.newContext(t)
    await watched.context.addInitScript(`for (const name of ['sessionStorage', 'localStorage'])
      Object.defineProperty(window, name, { get() { throw new DOMException('off', 'SecurityError') } })`)
    const page = await openPage(watched, `${scene.server.url}/console/#/send`)
    await signInAsBackend(page)
    await page.getByRole('button', { name: /^Colours: system/ }).click()
    await page.getByRole('button', { name: /^Colours: light/ }).waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  })

  it('shows a person their own, and no more', async (t) => {
    const { watched, page } = await open(t)
    watched.watch.expect(REFUSED)
    await signInAsPerson(page, 'alice')
    for (const name of ['Now', 'People', 'Events', 'Hooks', 'Send']) {
      await page.getByRole('navigation').getByRole('link', { name }).click()
      await page.getByRole('heading', { level: 1 }).waitFor()
      assert.equal(await page.getByText('The sign-in has ended').count(), 0, name)
      await assertAccessible(page, `${name} of a person`)
    }
    await page.getByLabel('User').fill('bob')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText('Nobody is registered as bob').waitFor()
  })

  it('lets role SERVICE name the organization', async (t) => {
    const { watched, page } = await open(t, '#/send/carol')
    watched.watch.expect(REFUSED)
    await signInAsBackend(page, 'platform-service')
    await page.getByText('Which organization?').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled(), true)
    await assertAccessible(page, 'Send without an organization')
    await page.getByLabel('Organization').fill('globex')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText('Nobody is registered as carol').waitFor()
    await page.getByRole('link', { name: 'What became of it' }).click()
    await page.getByRole('main').getByText('globex').and(page.locator(':visible')).first().waitFor()
  })

  it('gives the token back when somebody signs out, and leaves nothing', async (t) => {
    const { page, watched } = await open(t, '#/send')
    watched.watch.expect(REFUSED)
    await signInAsPerson(page, 'alice')
    await page.getByLabel('Other attributes').fill('{"secret": "of alice"}')
    await page.getByLabel('User').fill('bob')
    const token = JSON.parse((await keptToken(page)) ?? '').accessToken
    assert.equal(await statusOf(scene.server.url, token), 200)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    assert.equal(await page.title(), 'Sign in · Rollcall')
    assert.equal(await keptToken(page), null)
    await eventually(async () => (await statusOf(scene.server.url, token)) === 401, 'the token is revoked')
    await page.goBack()
    await page.goForward()
    assert.equal(await page.getByRole('button', { name: 'Sign in' }).isVisible(), true)
    await signInAsBackend(page, 'globex-backend')
    await page.getByRole('navigation').getByRole('link', { name: 'Send' }).click()
    assert.equal(await page.getByLabel('User').inputValue(), '')
    assert.doesNotMatch(await page.content(), /of alice/)
  })

  it('gives back what a reload has left, too', async (t) => {
    const { page, watched } = await open(t, '#/send')
    watched.watch.expect(REFUSED)
    await signInAsPerson(page, 'alice')
    await page.reload()
    await headed(page, 'Send')
    const token = JSON.parse((await keptToken(page)) ?? '').accessToken
    await page.getByRole('button', { name: 'Sign out' }).click()
    await eventually(async () => (await statusOf(scene.server.url, token)) === 401, 'the token is revoked')
  })

  it('shows nothing of a page that comes back from memory after a sign-out', async (t) => {
    const { page } = await open(t, '#/people/bob')
    await signInAsBackend(page)
    await aboutBob(page)
    const turn = (type: string) =>
      page.evaluate(`dispatchEvent(new PageTransitionEvent('${type}', { persisted: true }))`)
    await turn('pagehide')
    assert.equal(await page.getByText('Nobody is registered as bob').isVisible(), false)
    await turn('pageshow')
    await aboutBob(page)
    await turn('pagehide')
    await page.evaluate('sessionStorage.clear()')
    await turn('pageshow')
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    assert.equal(await page.getByText('bob').count(), 0)
  })

  it('never tells one what another asked', async (t) => {
    const { page } = await open(t, '#/people/bob')
    await signInAsBackend(page)
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    await page.route('**/rtc-api/users/bob/endpoints*', async (route) => {
      await released
      await route.fulfill({ status: 401, json: { error: 'unauthorized' } }).catch(() => undefined)
    })
    await page.getByRole('navigation').getByRole('link', { name: 'Send' }).click()
    const asked = page.waitForRequest('**/rtc-api/users/bob/endpoints*')
    await page.getByLabel('User').fill('bob')
    await page.keyboard.press('Tab')
    await asked
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signInAsBackend(page, 'globex-backend')
    release()
    await page.getByRole('navigation').getByRole('link', { name: 'Send' }).click()
    await headed(page, 'Send')
    assert.equal(await page.getByText('globex-backend').isVisible(), true)
  })

  it('survives a page that fails', async (t) => {
    const { page, watched } = await open(t, '#/now')
    watched.watch.expect(/out of order/)
    await signInAsBackend(page)
    await page.evaluate(`{
      const { stringify } = JSON
      globalThis.isBroken = true
      JSON.stringify = (...given) => {
        if (isBroken && given[2] === 2) throw new Error('out of <b>order</b>')
        return stringify(...given)
      }
    }`)
    await page.getByRole('navigation').getByRole('link', { name: 'Send' }).click()
    await headed(page, 'This page has failed')
    await page.getByText('out of <b>order</b>').waitFor()
    await assertAccessible(page, 'a page that failed')
    await page.getByRole('navigation').getByRole('link', { name: 'People' }).click()
    await headed(page, 'People')
    await page.goBack()
    await headed(page, 'This page has failed')
    await page.evaluate('isBroken = false')
    await page.getByRole('button', { name: 'Try again' }).click()
    await headed(page, 'Send')
  })

  it('can be walked through with the keyboard alone', async (t) => {
    const { page } = await open(t)
    await page.getByLabel('Client id').focus()
    await page.keyboard.type('acme-backend')
    await page.keyboard.press('Tab')
    await page.keyboard.type('acme-secret')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Now' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Now' }).waitFor()
    assert.equal(await page.evaluate('document.activeElement.localName'), 'body', 'focus taken at load')
    await page.keyboard.press('Tab')
    assert.equal(await focused(page), 'Skip to the page')
    await page.keyboard.press('Enter')
    assert.equal(await page.evaluate('document.activeElement.localName'), 'main')
    for (const name of ['People', 'Events', 'Send', 'Hooks', 'Now']) {
      await tabTo(page, name)
      await page.keyboard.press('Enter')
      await headed(page, name)
      // People begins with a question, whose field is ready; everywhere else one is at the heading.
      const wanted = name === 'People' ? 'input' : 'h1'
      await page.locator(`main ${wanted}:focus`).waitFor()
      assert.equal(await page.title(), `${name} · Rollcall`)
      await assertAccessible(page, name)
    }
    await tabTo(page, 'Sign out')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  })
})

describe('a sign-in to the console', () => {
  let chromium: TestBrowser
  before(async () => {
    chromium = await startBrowser()
  })
  after(() => chromium.close())

  async function begin(t: TestContext, env: Record<string, string>) {
    const watched = await chromium.newContext(t)
    watched.watch.expect(REFUSED)
    const data = await makeDataDir()
    t.after(() => data.remove())
    const server = await startProcess(data.path, env)
    t.after(() => server.kill())
    return { watched, server, page: await openPage(watched, `${server.url}/console/#/people/bob`) }
  }

  it('is renewed without a word, whatever it was made of, and ends where it cannot be', async (t) => {
    const { server, page } = await begin(t, { ACCESS_TOKEN_TTL_SECONDS: '2' })
    for (const enter of [() => signInAsPerson(page, 'olivia'), () => signInAsBackend(page)]) {
      await enter()
      const first = await keptToken(page)
      await eventually(async () => (await keptToken(page)) !== first, 'the token is renewed')
      await aboutBob(page)
      assert.equal(await page.getByRole('alert').count(), 0)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.goto(`${server.url}/console/#/people/bob`)
    }
    await signInAsPerson(page, 'olivia')
    const { endsAtMs } = JSON.parse((await keptToken(page)) ?? '')
    await page.goto('about:blank')
    await eventually(() => Date.now() > endsAtMs + 100, 'the token has run out')
    await page.goto(`${server.url}/console/#/people/bob`)
    await page.getByText('The sign-in has ended').waitFor()
    // Whoever signs in again is where they were.
    await signInAsBackend(page)
    await aboutBob(page)
  })

  it('ends when it is revoked and there is nothing to renew it with', async (t) => {
    const { server, page } = await begin(t, {})
    await signInAsPerson(page, 'olivia')
    await page.reload()
    await aboutBob(page)
    const token = await tokenOf(server.url, 'platform-service')
    const { status } = await fetch(`${server.url}/rtc-api/users/olivia/revoke?organizationId=acme`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
    assert.equal(status, 204)
    await page.getByText('The sign-in has ended').waitFor()
    assert.equal(await keptToken(page), null)
    assert.ok((await signIn(server.url, 'olivia')).accessToken)
  })
})

/** Nobody has registered a device of bob here. */
async function aboutBob(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'Nobody is registered as bob' }).waitFor()
}

async function keptToken(page: Page): Promise<string | null> {
  return page.evaluate<string | null>(`sessionStorage.getItem('rollcall.console.token')`)
}

async function statusOf(url: string, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  return (await fetch(`${url}/rtc-api/users/endpoints`, { headers })).status
}

/** The text of what has the focus. */
async function focused(page: Page): Promise<string> {
  return page.evaluate<string>(
    '(document.activeElement.ariaLabel ?? document.activeElement.textContent).trim()',
  )
}

const STOPS_MAX = 80

/** Presses Tab until that is where one is. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let stops = 0; stops < STOPS_MAX; stops++) {
    await page.keyboard.press('Tab')
    const isLinkOrButton = await page.evaluate<boolean>(`document.activeElement.matches('a, button')`)
    if (isLinkOrButton && (await focused(page)) === name) return
  }
  throw new Error(`the keyboard does not reach ${name}`)
}
