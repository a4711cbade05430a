import type { TestContext } from 'node:test'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { chromiumFlags, chromiumPath } from './chromium.ts'
import { type WatchedContext, watchContext } from './watched-context.ts'

const START_TIMEOUT_MS = 30_000

/** A browser for the tests of one file. */
export type TestBrowser = {
  readonly browser: Browser
  /** A fresh profile for one test, whose pages are watched until the test ends. */
  newContext(t: TestContext, options?: BrowserContextOptions): Promise<WatchedContext>
  close(): Promise<void>
}

export type { WatchedContext }

/**
 * Starts Chromium with a profile of its own, without a window. `close` it at the end.
 *
 * @param flags beside those that all tests have
 */
export async function startBrowser(flags: readonly string[] = []): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    headless: true,
    timeout: START_TIMEOUT_MS,
    args: [...chromiumFlags(), ...flags],
  })
  return {
    browser,
    close: () => browser.close(),
    newContext: async (t, options = {}) => watchContext(t, await browser.newContext(options)),
  }
}

/**
 * Opens a page. Its test fails at the end if any page of the context has thrown, written an error to the console,
 * broken its Content Security Policy, or asked an origin for anything that is not the origin of an opened page.
 */
export async function openPage({ context, watch }: WatchedContext, url: string): Promise<Page> {
  watch.allow(url)
  const page = await context.newPage()
  await page.goto(url)
  return page
}
