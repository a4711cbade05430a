import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { BrowserContext } from 'playwright-core'
import { type Watch, watchPages } from './page-watch.ts'

const SHOTS = fileURLToPath(new URL('../../.cache/browser/', import.meta.url))
/** For everything that a test waits for in a page. */
const WAIT_TIMEOUT_MS = 30_000

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

/** Watches the pages of a context from now on, and closes it at the end of the test. */
export async function watchContext(t: TestContext, context: BrowserContext): Promise<WatchedContext> {
  context.setDefaultTimeout(WAIT_TIMEOUT_MS)
  // What tsx makes of a named function in a test calls this; in a page it is not there.
  await context.addInitScript('globalThis.__name ??= (named) => named')
  const watch = watchPages(context)
  const ends: (() => Promise<unknown>)[] = []
  t.after(() => finish(t, { context, watch }, ends))
  return { context, watch, after: (end) => void ends.unshift(end) }
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
