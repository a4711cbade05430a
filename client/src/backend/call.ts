import { RollcallError } from '@rollcall/protocol/error-code'
import { Backoff } from '../backoff.ts'
import { readInteger } from '../connect/options.ts'
import { type ClientOptions, request, type Wanted } from '../http-client.ts'
import { type ClientClock, type ClientRandom, systemClock, systemRandom } from '../platform.ts'
import { type GetToken, tokenSource } from '../token-source.ts'
import { abortedError, sleep, withTimeout } from '../waiting.ts'

export type BackendOptions = {
  /** Base URL of the server. */
  readonly url: string
  /** Client credentials, or what gives access tokens. */
  readonly credentials: { readonly clientId: string; readonly clientSecret: string } | GetToken
  /** Ends what is under way and refuses anything new. Default: never. */
  readonly signal?: AbortSignal
  /** How long to wait for one answer; milliseconds. Default 15,000, range 100 to 600,000. Receipts come on top. */
  readonly timeoutMs?: number
  /** How often a request that met no server, 429, 500 or 503 is made again. Default 3, range 0 to 20. */
  readonly retriesMax?: number
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch
  /** Default: the system's. */
  readonly clock?: ClientClock
  /** Default: the system's. */
  readonly random?: ClientRandom
}

export type OrganizationOptions = {
  /** Needed by callers with role SERVICE, ignored for others. */
  readonly organizationId?: string
  readonly signal?: AbortSignal
}

/** How a request is made: with a token, a time limit, and again where that may help. */
export type Call = (path: string, wanted: Wanted, options?: CallOptions) => Promise<Response>

type CallOptions = {
  readonly signal?: AbortSignal | undefined
  readonly extraMs?: number
  /** Whether it does no harm twice. Default `true`. */
  readonly isRepeatable?: boolean
}

const RETRY_FIRST_MS = 250
const RETRY_MAX_MS = 10_000

/** @throws SdkError `invalid_option` */
export function createCall(options: BackendOptions): Call {
  const { clock = systemClock, random = systemRandom, credentials, url, signal: life } = options
  const timeoutMs = readInteger('timeoutMs', options.timeoutMs ?? 15_000, 100, 600_000)
  const retriesMax = readInteger('retriesMax', options.retriesMax ?? 3, 0, 20)
  const getToken = typeof credentials === 'function' ? credentials : clientCredentials(options, credentials)
  return async (path, wanted, { signal: own, extraMs = 0, isRepeatable = true } = {}) => {
    const signal = joinSignals(life, own)
    const backoff = new Backoff(random, RETRY_FIRST_MS, RETRY_MAX_MS)
    let refused = false
    let undecided: RollcallError | undefined
    for (let attempt = 0; ; attempt++) {
      try {
        const limits = { clock, timeoutMs: timeoutMs + extraMs, signal, what: `${url}${path}` }
        return await withTimeout(limits, async (inTime) => {
          const token = await getToken({ signal: inTime, refused })
          return whole(await request(clientOptions(options, token, inTime), path, wanted))
        })
      } catch (error) {
        // A later refusal says nothing about the event of an earlier attempt.
        if (error instanceof RollcallError && error.isUndecided) undecided ??= error
        const waitMs = again(error, refused, isRepeatable)
        if (waitMs === undefined || attempt >= retriesMax) throw undecided ?? error
        refused = error instanceof RollcallError && error.code === 'unauthorized'
        await sleep(clock, Math.max(waitMs, backoff.nextMs()), signal)
        if (signal.aborted) throw abortedError(signal)
      }
    }
  }
}

/** The answer with its body: one that never comes to its end must not outlast the time limit. */
async function whole(response: Response): Promise<Response> {
  const { status, headers } = response
  const text = await response.text()
  return new Response(text === '' ? null : text, { status, headers })
}

/** Whether to try again, and after how many milliseconds at least. */
function again(error: unknown, wasRefused: boolean, isRepeatable: boolean): number | undefined {
  // fetch's own, for an answer that never came: the request may have been carried out.
  if (error instanceof TypeError) return isRepeatable ? 0 : undefined
  if (!(error instanceof RollcallError)) return undefined
  // One token may have ended on its way; a fresh one has not.
  if (error.code === 'unauthorized') return wasRefused ? undefined : 0
  const isPassing = ['unavailable', 'rate_limited', 'mailbox_full', 'internal_error'].includes(error.code)
  return isPassing ? (error.retryAfterSeconds ?? 0) * 1000 : undefined
}

function clientCredentials(
  { url, fetch, clock }: BackendOptions,
  credentials: Exclude<BackendOptions['credentials'], GetToken>,
): GetToken {
  return tokenSource({
    url,
    ...credentials,
    grant: { type: 'client_credentials' },
    ...(fetch === undefined ? {} : { fetch }),
    ...(clock === undefined ? {} : { clock }),
  })
}

function clientOptions({ url, fetch }: BackendOptions, token: string, signal: AbortSignal): ClientOptions {
  return { url, token, signal, ...(fetch === undefined ? {} : { fetch }) }
}

function joinSignals(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined))
}
