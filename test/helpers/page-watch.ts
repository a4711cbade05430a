import type { BrowserContext, ConsoleMessage } from 'playwright-core'

/** Writes down what goes wrong in the pages of a context, whatever drives the browser. */
export class Watch {
  readonly #origins = new Set<string>()
  readonly #complaints: string[] = []
  readonly #expected: RegExp[] = []

  /** The pages may ask the origin of `url`. */
  allow(url: string): void {
    this.#origins.add(new URL(url).origin)
  }

  /** What matches is as it should be: a test that cuts the network has the browser say so on the console. */
  expect(pattern: RegExp): void {
    this.#expected.push(pattern)
  }

  /** Everything, what was to be expected too. */
  noticed(): readonly string[] {
    return this.#complaints
  }

  /** Each as a text that says what it was and where. */
  complaints(): readonly string[] {
    return this.#complaints.filter((text) => !this.#expected.some((pattern) => pattern.test(text)))
  }

  /** A page has asked this address. */
  judge(address: string): void {
    const url = new URL(address.replace(/^ws/, 'http'))
    // What a page makes itself (data:, blob:) goes to nobody.
    if (url.protocol.startsWith('http') && !this.#origins.has(url.origin))
      this.complain(`asks another origin: ${address}`)
  }

  complain(text: string): void {
    this.#complaints.push(text)
  }
}

/** Of a context that Playwright drives, with the pages that its pages open. */
export function watchPages(context: BrowserContext): Watch {
  const watch = new Watch()
  context.on('weberror', (event) => {
    const error = event.error()
    watch.complain(`page error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  })
  // A broken Content Security Policy is among the errors of the console.
  context.on('console', (message) => {
    if (message.type() === 'error') watch.complain(describe(message))
  })
  context.on('request', (request) => watch.judge(request.url()))
  context.on('page', (page) => page.on('websocket', (socket) => watch.judge(socket.url())))
  return watch
}

function describe(message: ConsoleMessage): string {
  const { url, lineNumber } = message.location()
  return `console error: ${message.text()} (${url}:${lineNumber + 1})`
}
