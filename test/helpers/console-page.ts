import type { Page } from 'playwright-core'
import { secretOf } from './demo.ts'

/** What tests do at the console as anybody would: by what is written on it. */

/** Signs in as a client of the demo directory; resolves once its first page is there. */
export async function signInAsBackend(page: Page, clientId = 'acme-backend'): Promise<void> {
  await fillBackend(page, clientId, secretOf(clientId))
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
}

/** Signs in as a user of the demo directory. */
export async function signInAsPerson(page: Page, username: string): Promise<void> {
  await page.getByRole('radio', { name: 'Person' }).check()
  await page.getByLabel('User name').fill(username)
  await page.getByLabel('Password').fill(`${username}-password`)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
}

/** Fills in the form and sends it, whatever comes of it. */
export async function fillBackend(page: Page, clientId: string, clientSecret: string): Promise<void> {
  await page.getByLabel('Client id').fill(clientId)
  await page.getByLabel('Client secret').fill(clientSecret)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Resolves once the page has that heading. */
export async function headed(page: Page, heading: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
}
