import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core'
import { findChromium, systemAdvice } from '../../scripts/system-packages.mjs'
import { Watch } from './page-watch.ts'

const SHOTS = fileURLToPath(new URL('../../.cache/browser/', import.meta.url))
const START_TIMEOUT_MS = 30_000
/** For everything that a test waits for in a page. */
const WAIT_TIMEOUT_MS = 15_000

const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A browser for the tests of one file. */
export type TestBrowser = {
  readonly browser: Browser
  /** A fresh profile for one test, whose pages are watched until the test ends. */
  newContext(t: TestContext, options?: BrowserContextOptions): Promise<WatchedContext>
  close(): Promise<void>
}

/** A profile of which a test demands at its end that nothing has gone wrong in any page. */
export type WatchedContext = {
  readonly context: BrowserContext
  readonly watch: Watch
  /**
   * Ends what the test has started beside, such as a server: after the pages, which would notice, newest first, and
   * whatever has gone wrong before. (`t.after` would end it first, or not at all once another of its hooks has failed.)
   */
  after(end: () => Promise<unknown>): void
}

/** Starts Chromium with a profile of its own, without a window. `close` it at the end. */
export async function startBrowser(): Promise<TestBrowser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error(systemAdvice('chromium'))
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    timeout: START_TIMEOUT_MS,
    // Chromium's sandbox refuses to be run by root.
    args: [...FLAGS, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  })
  return {
    browser,
    close: () => browser.close(),
    async newContext(t, options = {}) {
      const context = await browser.newContext(options)
      context.setDefaultTimeout(WAIT_TIMEOUT_MS)
      // What tsx makes of a named function in a test calls this; in a page it is not there.
      await context.addInitScript('globalThis.__name ??= (named) => named')
      const watch = new Watch(context)
      const ends: (() => Promise<unknown>)[] = []
      t.after(() => finish(t, { context, watch }, ends))
      return { context, watch, after: (end) => void ends.unshift(end) }
    },
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

/** Leaves pictures of what the pages looked like where the test has failed; closes everything; then complains. */
async function finish(
  t: TestContext,
  { context, watch }: Pick<WatchedContext, 'context' | 'watch'>,
  ends: readonly (() => Promise<unknown>)[],
): Promise<void> {
  const complaints = watch.complaints()
  // A test that has failed already is not told of anything else that fails.
  if (hasFailed(t)) for (const complaint of complaints) t.diagnostic(complaint)
  if (complaints.length > 0 || hasFailed(t)) await shoot(t.name, context)
  const failures: unknown[] = []
  for (const end of [() => context.close(), ...ends])
    await end().catch((error: unknown) => failures.push(error))
  assert.deepEqual(complaints, [], 'what went wrong in the pages')
  if (failures.length > 0) throw new AggregateError(failures, 'what did not end well')
}

/** Node.js has it from 20.12 on; its types for 20 do not. */
function hasFailed(t: TestContext): boolean {
  return 'passed' in t && t.passed === false
}

async function shoot(name: string, context: BrowserContext): Promise<void> {
  await mkdir(SHOTS, { recursive: true })
  const stem = name.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 100)
  // A page that has crashed cannot be looked at.
  for (const [index, page] of context.pages().entries())
    await page
      .screenshot({ path: join(SHOTS, `${stem}-${index + 1}.png`), timeout: 5_000 })
      .catch(() => undefined)
}
