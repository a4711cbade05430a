import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'

const FOLDER = fileURLToPath(new URL('../../docs/images/', import.meta.url))

/** How the pictures are taken, each with its name at the end of the file's. */
export const LOOKS = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1280, height: 800 }, scale: 1.25 },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 800 }, scale: 1.25 },
  { name: 'phone', colorScheme: 'light', viewport: { width: 390, height: 844 }, scale: 1.5 },
] as const

export type Look = (typeof LOOKS)[number]

/** A page of a fresh profile that looks so, wherever and whenever the pictures are taken. */
export async function openLook(browser: Browser, { colorScheme, viewport, scale }: Look): Promise<Page> {
  const context: BrowserContext = await browser.newContext({
    colorScheme,
    viewport,
    deviceScaleFactor: scale,
    locale: 'en-GB',
    timezoneId: 'Europe/Stockholm',
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(20_000)
  return context.newPage()
}

/** Takes a picture of what is to be seen: `docs/images/{subject}-{look}.png`. */
export async function shoot(page: Page, subject: string, look: Look): Promise<void> {
  await mkdir(FOLDER, { recursive: true })
  // No caret, no focus ring, nothing half scrolled.
  await page.evaluate('document.activeElement?.blur(); scrollTo(0, 0)')
  const path = join(FOLDER, `${subject}-${look.name}.png`)
  await page.screenshot({ path, caret: 'hide', animations: 'disabled' })
  process.stdout.write(`docs/images/${subject}-${look.name}.png\n`)
}
