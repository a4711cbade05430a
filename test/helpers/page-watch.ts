import type { BrowserContext, ConsoleMessage } from 'playwright-core'

/** Writes down what goes wrong in the pages of a context, those that they open included. */
export class Watch {
  readonly #origins = new Set<string>()
  readonly #complaints: string[] = []
  readonly #expected: RegExp[] = []

  constructor(context: BrowserContext) {
    context.on('weberror', (event) => {
      const error = event.error()
      this.#complain(`page error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    })
    // A broken Content Security Policy is among the errors of the console.
    context.on('console', (message) => {
      if (message.type() === 'error') this.#complain(describe(message))
    })
    context.on('request', (request) => this.#judge(request.url()))
    context.on('page', (page) => page.on('websocket', (socket) => this.#judge(socket.url())))
  }

  /** The pages may ask the origin of `url`. */
  allow(url: string): void {
    this.#origins.add(new URL(url).origin)
  }

  /** What matches is as it should be: a test that cuts the network has the browser say so on the console. */
  expect(pattern: RegExp): void {
    this.#expected.push(pattern)
  }

  /** Each as a text that says what it was and where. */
  complaints(): readonly string[] {
    return this.#complaints.filter((text) => !this.#expected.some((pattern) => pattern.test(text)))
  }

  #judge(address: string): void {
    const url = new URL(address.replace(/^ws/, 'http'))
    // What a page makes itself (data:, blob:) goes to nobody.
    if (url.protocol.startsWith('http') && !this.#origins.has(url.origin))
      this.#complain(`asks another origin: ${address}`)
  }

  #complain(text: string): void {
    this.#complaints.push(text)
  }
}

function describe(message: ConsoleMessage): string {
  const { url, lineNumber } = message.location()
  return `console error: ${message.text()} (${url}:${lineNumber + 1})`
}
