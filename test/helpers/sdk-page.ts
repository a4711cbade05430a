import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import { openPage, type WatchedContext } from './browser.ts'
import { eventually } from './run-server.ts'
import { startSdkFront } from './sdk-front.ts'
import type { Tab, TabOptions, TabReport } from './sdk-tab.ts'

/** In the page. */
declare const tab: Tab

const HERE = fileURLToPath(new URL('.', import.meta.url))

const HTML = `<!doctype html><html lang="en"><title>SDK</title><link rel="icon" href="data:,">
<body><main></main><script type="module" src="page.js"></script></body></html>`

/** Stricter than most pages dare: the SDK needs its own origin and nothing else. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

/** What the page's program is: with the harness of test/helpers/sdk-tab.ts, or a test's own. */
const HARNESS = `import './tab.js'`

/** A server's origin with pages that hold the SDK. */
export type SdkSite = {
  /** The origin that pages come from; everything but the pages is the server. */
  readonly url: string
  readonly port: number
  /** Where the page is that `openTab` opens. `origin`: where the site seems to be. */
  tabAddress(origin?: string): string
  /** Opens the page in a new tab; `start` makes it reachable. `origin`: where the site seems to be. */
  openTab(watched: WatchedContext, origin?: string): Promise<SdkTab>
  /** Adds a script, which may import `./sdk.js`. Returns its name, beside which everything else is. */
  addScript(code: string): string
  /** Adds a page whose program is `code`, which may import `./sdk.js`. Returns its address. */
  addProgram(code: string): string
  /** Opens such a page. */
  openProgram(watched: WatchedContext, code: string): Promise<Page>
  /** From now on no WebSocket gets through, as behind some companies' proxies; or they do again. */
  refuseWebSockets(refused: boolean): void
  close(): Promise<void>
}

/** Bundles the SDK's sources, and puts pages in front of the server at `port`. */
export async function startSdkSite(port: number): Promise<SdkSite> {
  const files = new Map([
    ['', HTML],
    ['blank', HTML.replace('page.js', 'blank.js')],
    ['blank.js', ''],
    ['page.js', HARNESS],
    ['tab.js', await bundle('./sdk-tab.ts')],
    ['sdk.js', await bundle('@rollcall/client/client')],
  ])
  const front = await startSdkFront(port, (name, response) => answer(files.get(name), name, response))
  const addScript = (code: string): string => {
    const name = `script-${files.size}.js`
    files.set(name, code)
    return name
  }
  const addProgram = (code: string): string => {
    const name = `program-${files.size}`
    files.set(name, HTML.replace('page.js', addScript(code)))
    return new URL(`/sdk-test/${name}`, front.url).href
  }
  const tabAddress = (origin = front.url): string => new URL('/sdk-test/', origin).href
  return {
    url: front.url,
    port: front.port,
    refuseWebSockets: (refused) => front.refuseUpgrades(refused),
    close: () => front.close(),
    tabAddress,
    async openTab(watched, origin) {
      return new SdkTab(await openPage(watched, tabAddress(origin)))
    },
    addScript,
    addProgram,
    openProgram: (watched, code) => openPage(watched, addProgram(code)),
  }
}

function answer(body: string | undefined, name: string, response: ServerResponse): void {
  const type = name.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8'
  if (body === undefined) response.writeHead(404).end()
  else response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY }).end(body)
}

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from '${entry}'`, resolveDir: HERE },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['source'],
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

/** A browser tab, as far as the harness needs one: Playwright's pages are, and those of `firefox.ts`. */
type Tabbed = {
  evaluate<Result>(inPage: (given: unknown) => Result | Promise<Result>, given: unknown): Promise<Result>
}

/** A browser tab with the page, seen from the test. */
export class SdkTab<P extends Tabbed = Page> {
  readonly page: P

  constructor(page: P) {
    this.page = page
  }

  #run<Given, Result>(inPage: (given: Given) => Result | Promise<Result>, given: Given): Promise<Result> {
    return this.page.evaluate(inPage as (given: unknown) => Result | Promise<Result>, given)
  }

  /** Until the page's program runs. */
  async loaded(): Promise<void> {
    // `waitForFunction` would need a policy that allows `eval`.
    await eventually(() => this.#run(() => 'tab' in globalThis, undefined), 'the program runs')
  }

  /** Calls `connect`; again after a reload. */
  async start(options: TabOptions = {}): Promise<void> {
    await this.loaded()
    await this.#run((wanted) => tab.start(wanted), options)
  }

  /** Until it is online: calls `connect`, and tells under which id. */
  async reach(options: TabOptions = {}): Promise<string> {
    await this.start(options)
    const { userEndpointId } = await this.online()
    assert.ok(userEndpointId !== undefined)
    return userEndpointId
  }

  report(): Promise<TabReport> {
    return this.#run(() => tab.report(), undefined)
  }

  online(): Promise<TabReport> {
    return this.until(({ status }) => status === 'online', 'it is online')
  }

  /** Waits until what the tab has seen is so. */
  async until(check: (report: TabReport) => boolean, what: string, timeoutMs = 30_000): Promise<TabReport> {
    let report = await this.report()
    try {
      await eventually(
        async () => {
          report = await this.report()
          return check(report)
        },
        what,
        timeoutMs,
      )
    } catch (error) {
      throw new Error(`${what}: ${JSON.stringify(report, undefined, 2)}`, { cause: error })
    }
    return report
  }

  /** From now on the handler does not fail, whatever an event says. */
  async mend(): Promise<void> {
    await this.#run(() => tab.mend(), undefined)
  }

  /** Answers an event: `first`, or `elsewhere` and by whom. */
  answer(eventId: string): Promise<string> {
    return this.#run((id) => tab.answer(id), eventId)
  }

  async close(): Promise<void> {
    await this.#run(() => tab.close(), undefined)
  }
}
