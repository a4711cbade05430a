import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { chromium } from 'playwright-core'
import { chromiumFlags, chromiumPath } from './chromium.ts'
import { type WatchedContext, watchContext } from './watched-context.ts'

const START_TIMEOUT_MS = 30_000

/**
 * The one profile of a Chromium that treats tabs as it does on people's screens: a tab that is not in front is hidden
 * and its timers are slow, and a page that was left may be kept as it was. Playwright's own has that switched off.
 *
 * Timers that start each other fire once a minute after a second in the background; in life, after five minutes.
 */
export async function openHidingContext(t: TestContext): Promise<WatchedContext> {
  const profile = await mkdtemp(join(tmpdir(), 'rollcall-browser-'))
  const child = spawn(
    chromiumPath(),
    [
      '--headless',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      '--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1',
      ...chromiumFlags(),
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const exited = once(child, 'exit')
  const end = async (): Promise<void> => {
    child.kill()
    await exited
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const browser = await chromium.connectOverCDP(await addressIn(child.stderr), { noDefaults: true })
    const [context = await browser.newContext()] = browser.contexts()
    const watched = await watchContext(t, context)
    watched.after(end)
    return watched
  } catch (error) {
    await end()
    throw error
  }
}

/** Where Chromium says that it can be driven. */
function addressIn(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const fail = (): void => reject(new Error(`Chromium did not start:\n${text}`))
    const timer = setTimeout(fail, START_TIMEOUT_MS)
    stream.on('end', fail)
    stream.on('data', (chunk) => {
      text += String(chunk)
      const address = /DevTools listening on (ws:\S+)/.exec(text)?.[1]
      if (address === undefined) return
      clearTimeout(timer)
      resolve(address)
    })
  })
}
