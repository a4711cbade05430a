import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { findFirefox, systemAdvice } from '../../scripts/system-packages.mjs'
import { at, type BiDi, connectBiDi } from './bidi.ts'
import { Watch } from './page-watch.ts'

const START_TIMEOUT_MS = 30_000

/** What keeps it quiet. What drives it sets the rest by itself. */
const PREFERENCES = {
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.systemAddon.update.enabled': false,
  'media.autoplay.default': 0,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'toolkit.telemetry.server': '',
}

/** A Firefox for the tests of one file, driven by WebDriver BiDi (docs/adr/0075). */
export type Firefox = {
  /** A fresh profile for one test, whose pages are watched until the test ends. */
  newContext(t: TestContext): Promise<FirefoxContext>
  close(): Promise<void>
}

/** A profile; its test fails at the end if any page has thrown, written an error, or asked another origin. */
export type FirefoxContext = {
  readonly watch: Watch
  open(url: string): Promise<FirefoxPage>
}

/** Has the browser subscribe at a push service of the test's own, and ask nobody whether a page may notify. */
const pushPreferences = (url: string) => ({
  // What drives it has switched this off.
  'dom.push.connection.enabled': url !== '',
  'dom.push.serverURL': url,
  'dom.push.testing.allowInsecureServerURL': true,
  'permissions.default.desktop-notification': 1,
})

/**
 * Starts the one of the machine, without a window and with a profile of its own. `close` it at the end.
 *
 * @param pushUrl of the push service; default: none that is Mozilla's is asked by the tests either
 */
export async function startFirefox({ pushUrl }: { readonly pushUrl?: string } = {}): Promise<Firefox> {
  const path = findFirefox() ?? assert.fail(systemAdvice('firefox'))
  const profile = await mkdtemp(join(tmpdir(), 'rollcall-firefox-'))
  const preferences = { ...PREFERENCES, ...pushPreferences(pushUrl ?? '') }
  const lines = Object.entries(preferences).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  )
  await writeFile(join(profile, 'user.js'), lines.join(''))
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0']
  // Its sandbox wants a home of its own.
  const env = { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' }
  const child = spawn(path, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  const end = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const bidi = await connectBiDi(`${await addressIn(child)}/session`)
    await bidi.send('session.new', { capabilities: {} })
    await bidi.send('session.subscribe', { events: ['log.entryAdded', 'network.beforeRequestSent'] })
    return { newContext: (t) => newContext(t, bidi), close: () => bidi.close().then(end) }
  } catch (error) {
    await end()
    throw error
  }
}

/** Where Firefox says that it can be driven. */
function addressIn({ stderr }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const fail = (): void => reject(new Error(`Firefox did not start:\n${text}`))
    const timer = setTimeout(fail, START_TIMEOUT_MS)
    stderr?.on('end', fail)
    stderr?.on('data', (chunk) => {
      text += String(chunk)
      const address = /WebDriver BiDi listening on (ws:\S+)/.exec(text)?.[1]
      if (address === undefined) return
      clearTimeout(timer)
      resolve(address)
    })
  })
}

async function newContext(t: TestContext, bidi: BiDi): Promise<FirefoxContext> {
  const { userContext } = await bidi.send('browser.createUserContext', {})
  const watch = new Watch()
  const own = new Set<unknown>()
  const stop = bidi.on((method, params) => {
    if (method === 'network.beforeRequestSent' && own.has(params['context']))
      watch.judge(String(at(params, 'request', 'url')))
    else if (
      method === 'log.entryAdded' &&
      own.has(at(params, 'source', 'context')) &&
      params['level'] === 'error'
    )
      watch.complain(`${params['type']} error: ${params['text']}`)
  })
  // What tsx makes of a named function in a test calls this; in a page it is not there.
  const functionDeclaration = '() => { globalThis.__name ??= (named) => named }'
  await bidi.send('script.addPreloadScript', { functionDeclaration, userContexts: [userContext] })
  t.after(async () => {
    stop()
    await bidi.send('browser.removeUserContext', { userContext })
    assert.deepEqual(watch.complaints(), [], 'what went wrong in the pages')
  })
  return {
    watch,
    async open(url) {
      watch.allow(url)
      const { context } = await bidi.send('browsingContext.create', { type: 'tab', userContext })
      own.add(context)
      const page = new FirefoxPage(bidi, String(context))
      await page.goto(url)
      return page
    },
  }
}

/** A tab. */
export class FirefoxPage {
  readonly #bidi: BiDi
  readonly #context: string

  constructor(bidi: BiDi, context: string) {
    this.#bidi = bidi
    this.#context = context
  }

  async goto(url: string): Promise<void> {
    await this.#bidi.send('browsingContext.navigate', { context: this.#context, url, wait: 'complete' })
  }

  async reload(): Promise<void> {
    await this.#bidi.send('browsingContext.reload', { context: this.#context, wait: 'complete' })
  }

  async close(): Promise<void> {
    await this.#bidi.send('browsingContext.close', { context: this.#context })
  }

  /** Puts the tab in front: the others are hidden then. */
  async show(): Promise<void> {
    await this.#bidi.send('browsingContext.activate', { context: this.#context })
  }

  /** Runs a function in the page. What goes in and comes out is as JSON has it. */
  async evaluate<Result>(
    inPage: (given: unknown) => Result | Promise<Result>,
    given: unknown = null,
  ): Promise<Result> {
    const text = JSON.stringify(given ?? null)
    const answer = await this.#bidi.send('script.callFunction', {
      functionDeclaration: `async (text) => JSON.stringify(await (${inPage})(JSON.parse(text)))`,
      arguments: [{ type: 'string', value: text }],
      target: { context: this.#context },
      awaitPromise: true,
    })
    if (answer['type'] === 'exception')
      throw new Error(`in the page: ${at(answer, 'exceptionDetails', 'text')}`)
    const value = at(answer, 'result', 'value')
    return JSON.parse(typeof value === 'string' ? value : 'null')
  }

  /** What an element says, `undefined` where there is none. */
  text(selector: string): Promise<string | undefined> {
    return this.evaluate(inPageText, selector)
  }

  /** As a person does: with the mouse, in the middle of it. */
  async click(selector: string): Promise<void> {
    await this.show()
    const { x, y } = await this.evaluate(inPageMiddle, selector)
    const actions = [
      { type: 'pointerMove', x, y },
      { type: 'pointerDown', button: 0 },
      { type: 'pointerUp', button: 0 },
    ]
    await this.#bidi.send('input.performActions', {
      context: this.#context,
      actions: [{ type: 'pointer', id: 'mouse', actions }],
    })
  }
}

/** In the page. */
declare const document: {
  querySelector(selector: unknown): {
    readonly textContent: string
    getBoundingClientRect(): {
      readonly x: number
      readonly y: number
      readonly width: number
      readonly height: number
    }
  } | null
}

function inPageText(selector: unknown): string | undefined {
  return document.querySelector(selector)?.textContent
}

function inPageMiddle(selector: unknown): { x: number; y: number } {
  const box = document.querySelector(selector)?.getBoundingClientRect()
  if (box === undefined) throw new Error(`there is no ${selector}`)
  return { x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) }
}
