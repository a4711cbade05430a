import type { TestContext } from 'node:test'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { chromiumFlags, chromiumPath, headlessPath } from './chromium.ts'
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

type How = {
  /** Beside those that all tests have. */
  readonly flags?: readonly string[]
  /** Chromium as people have it, for what its headless shell has not: notifications, tabs in the background. */
  readonly isWhole?: boolean
}

/** Starts Chromium with a profile of its own, without a window. `close` it at the end. */
export async function startBrowser({ flags = [], isWhole = false }: How = {}): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: isWhole ? chromiumPath() : headlessPath(),
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
