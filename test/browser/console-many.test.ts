import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { systemClock } from '../../server/src/clock/clock.ts'
import { openFolderStore } from '../../server/src/store/embedded/embedded.ts'
import { assertAccessible } from '../helpers/accessibility.ts'
import { openPage, startBrowser } from '../helpers/browser.ts'
import { call } from '../helpers/call.ts'
import { headed, signInAsBackend } from '../helpers/console-page.ts'
import { offer, tokenOf } from '../helpers/demo.ts'
import { makeDataDir, startProcess } from '../helpers/run-server.ts'

const DEVICES = 1_000
/** However much there is to show. */
const NODES_MAX = 1_500
const HEIGHT_PX_MAX = 12_000

/** Leaves a data folder in which bob has very many devices. */
async function registerMany(dataDir: string): Promise<void> {
  const store = await openFolderStore({ dataDir, clock: systemClock() })
  const terms = { keepAliveSeconds: 3_600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
  const bob = { organizationId: 'acme', userId: 'bob', ...terms }
  await Promise.all(
    Array.from({ length: DEVICES }, (_, n) =>
      store.registrations.register(
        { ...bob, userEndpointId: `device-${String(n).padStart(4, '0')}` },
        DEVICES,
      ),
    ),
  )
  await store.close()
}

async function open(t: TestContext): Promise<{ readonly page: Page; readonly url: string }> {
  const chromium = await startBrowser()
  const watched = await chromium.newContext(t, { viewport: { width: 390, height: 844 } })
  watched.after(() => chromium.close())
  const data = await makeDataDir()
  watched.after(() => data.remove())
  await registerMany(data.path)
  const server = await startProcess(data.path, { ENDPOINTS_PER_USER_MAX: String(DEVICES) })
  watched.after(() => server.kill())
  const page = await openPage(watched, `${server.url}/console/`)
  await signInAsBackend(page)
  return { page, url: server.url }
}

/** The page is small and no wider than its window. */
async function isSmall(page: Page): Promise<void> {
  const nodes = await page.locator('*').count()
  const height = Number(await page.evaluate('document.documentElement.scrollHeight'))
  assert(nodes < NODES_MAX, `${nodes} elements`)
  assert(height < HEIGHT_PX_MAX, `${height} pixels`)
  assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0)
}

describe('the console stays small', () => {
  it('for somebody with a thousand devices, and an event to all of them', async (t) => {
    const { page, url } = await open(t)
    await page.goto(`${url}/console/#/people/bob`)
    await headed(page, 'bob')
    await page.getByText('1–24 of 1,000').waitFor()
    await isSmall(page)
    const pages = page.getByRole('navigation', { name: 'Pages of devices' })
    // By keyboard: the button that is focused stays where it is.
    await pages.getByRole('button', { name: 'Next' }).focus()
    await page.keyboard.press('Enter')
    await pages.getByText('25–48 of 1,000').waitFor()
    await page.getByRole('heading', { name: 'device-0024' }).waitFor()
    await page.getByLabel('Device id').fill('CE-099')
    await pages.waitFor({ state: 'detached' })
    assert.equal(await page.locator('.device').count(), 10)
    await page.getByRole('radio', { name: 'Connected', exact: true }).check()
    await page.getByText('No such device').waitFor()
    await page.getByRole('radio', { name: 'All', exact: true }).check()
    await assertAccessible(page, 'somebody with many devices')

    const token = await tokenOf(url, 'acme-backend')
    const sent = await call(
      url,
      token,
      'POST users/endpoints/sendEvent',
      offer('bob', { qos: 1, ttlSeconds: 600 }),
    )
    assert.equal(sent.status, 200, sent.text)
    await page.goto(`${url}/console/#/events`)
    await page.getByText('1,000 queued').waitFor()
    await isSmall(page)
    await page.getByRole('link', { name: 'CallOfferedEvent' }).first().click()
    await page.getByText('1–25 of 1,000').waitFor()
    await isSmall(page)
    await page.getByLabel('Show').selectOption({ label: '1,000 queued' })
    await page
      .getByRole('navigation', { name: 'Pages of devices' })
      .getByRole('button', { name: 'Next' })
      .click()
    await page.getByText('26–50 of 1,000').waitFor()
    await assertAccessible(page, 'an event to many devices')
  })
})
