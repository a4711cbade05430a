import { HttpConnection } from '../load/http-connection.ts'
import { nowMs } from '../machine/time.ts'

const PERIOD_MS = 5
const READ_BUFFER_BYTES = 65_536

/** Asks `/health/live` every 5 ms: the longest answer tells the longest stall of the server. */
export class Probe implements Disposable {
  readonly #connection: HttpConnection
  readonly #timer: NodeJS.Timeout
  #askedAtMs: number | undefined
  #longestMs = 0
  #answers = 0

  private constructor(connection: HttpConnection, port: number) {
    const request = Buffer.from(`GET /health/live HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    this.#connection = connection
    this.#timer = setInterval(() => {
      if (this.#askedAtMs !== undefined) return
      this.#askedAtMs = nowMs()
      connection.send(request)
    }, PERIOD_MS)
  }

  static async start(port: number): Promise<Probe> {
    let probe: Probe | undefined
    const connection = await HttpConnection.open({
      port,
      readBuffer: Buffer.alloc(READ_BUFFER_BYTES),
      onResponse: () => probe?.onAnswer(),
      onLost: () => {},
    })
    probe = new Probe(connection, port)
    return probe
  }

  /** One that is still waited for counts as if it came now. @throws Error where there was hardly an answer */
  longestMs(): number {
    if (this.#answers < 10) throw new Error('/health/live was not answered')
    return Math.max(this.#longestMs, this.#waitedMs())
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#connection.close()
  }

  private onAnswer(): void {
    this.#longestMs = Math.max(this.#longestMs, this.#waitedMs())
    this.#askedAtMs = undefined
    this.#answers++
  }

  #waitedMs(): number {
    return this.#askedAtMs === undefined ? 0 : nowMs() - this.#askedAtMs
  }
}
