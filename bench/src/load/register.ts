import { endpointId, type Tokens, tokenOf } from './roster.ts'
import { postRequest, type Work } from './work.ts'

/** Longest period that the server takes by default: nothing expires while the benchmark runs. */
const KEEP_ALIVE_SECONDS = 86_400

type Options = {
  readonly authority: string
  readonly tokens: Tokens
  readonly userOf: (endpoint: number) => number
  /** All are to expire in the second that begins then, monotonic time; `undefined`: in a day. */
  readonly expiringAtMs: number | undefined
  /** The first. Default: 0. */
  readonly from?: number | undefined
}

/** New endpoints, in their order. */
export class Register implements Work {
  readonly #options: Options
  readonly #deadlinesMs: number[] = []
  #endpoint: number

  constructor(options: Options) {
    this.#options = options
    this.#endpoint = options.from ?? 0
  }

  next(_slot: number, nowNs: number): Buffer {
    const { authority, tokens, userOf } = this.#options
    const endpoint = this.#endpoint++
    const keepAliveSeconds = this.#keepAliveSeconds(nowNs / 1e6)
    const body = `{"userEndpointId":"${endpointId(endpoint)}","keepAliveSeconds":${keepAliveSeconds}}`
    return postRequest(authority, '/register', tokenOf(tokens, userOf(endpoint)), body)
  }

  accepts(status: number): boolean {
    return status === 200
  }

  /** The earliest moment at which each endpoint may expire, in their order; monotonic time. */
  deadlinesMs(): readonly number[] {
    return this.#deadlinesMs
  }

  #keepAliveSeconds(nowMs: number): number {
    const { expiringAtMs } = this.#options
    if (expiringAtMs === undefined) return KEEP_ALIVE_SECONDS
    const seconds = Math.ceil((expiringAtMs - nowMs) / 1000)
    if (seconds < 1) throw new RangeError('the registrations were not all made before they were to expire')
    this.#deadlinesMs.push(nowMs + seconds * 1000)
    return seconds
  }
}
