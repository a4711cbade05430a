import type { Browser, Page } from 'playwright-core'
import { type Look, openLook, shoot } from './pictures.ts'

/** Takes a picture of the ring example: bob's tab while alice's is ringing it. */
export async function shootRing(browser: Browser, url: string, look: Look): Promise<void> {
  const [alice, bob] = [await openLook(browser, look), await openLook(browser, look)]
  await enter(alice, url, 'alice')
  await enter(bob, url, 'bob')
  await alice.getByRole('button', { name: 'Ring Bob' }).click()
  await bob.getByText('Alice is ringing').first().waitFor()
  await shoot(bob, 'example-ring', look)
  for (const page of [alice, bob]) await page.context().close()
}

async function enter(page: Page, url: string, name: string): Promise<void> {
  await page.goto(`${url}/examples/ring/?as=${name}`)
  await page.getByText('online').first().waitFor()
}
