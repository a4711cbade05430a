import type { Page } from 'playwright-core'
import { fillBackend, headed } from '../helpers/console-page.ts'
import { BACKEND, SECRET } from './directory.ts'
import { type Look, shoot } from './pictures.ts'

/** Opens the console, takes a picture of the sign-in, and stays at Now, whose lines then begin. */
export async function enterConsole(page: Page, url: string, look: Look): Promise<void> {
  await page.goto(`${url}/console/`)
  await page.getByLabel('Client id').fill(BACKEND)
  await page.getByLabel('Client secret').fill(SECRET)
  await shoot(page, 'console-sign-in', look)
  await fillBackend(page, BACKEND, SECRET)
  await headed(page, 'Now')
}

/** Takes a picture of Now, which is open: it forgets its lines when it is left. */
export async function shootNow(page: Page, look: Look): Promise<void> {
  await shoot(page, 'console-now', look)
}

/** Takes a picture of every other page. */
export async function shootConsole(page: Page, url: string, eventId: string, look: Look): Promise<void> {
  const at = async (fragment: string, ready: string): Promise<void> => {
    await page.goto(`${url}/console/${fragment}`)
    await page.getByText(ready).first().waitFor()
    await page.waitForLoadState('networkidle').catch(() => undefined)
  }
  await at('#/people/bob', 'bobs-desk-phone')
  await shoot(page, 'console-people', look)
  await at('#/events', 'CallOfferedEvent')
  await shoot(page, 'console-events', look)
  await at(`#/events/${encodeURIComponent(eventId)}`, 'bobs-tablet')
  await shoot(page, 'console-event', look)
  await at('#/hooks', 'presence')
  await shoot(page, 'console-hooks', look)
  await at('#/hooks/crm', 'carlas-phone')
  await shoot(page, 'console-hook', look)
  await compose(page, url)
  await shoot(page, 'console-send', look)
}

async function compose(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/console/#/send/alice`)
  await page
    .getByLabel('Other attributes')
    .fill('{\n  "caller": { "name": "Nora", "number": "+46 8 123" },\n  "video": true\n}')
  await page.getByLabel('Masks').fill('$.caller.number')
  await page.locator('mark').waitFor()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByText('acknowledged in time').waitFor()
}
