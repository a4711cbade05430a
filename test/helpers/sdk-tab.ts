import {
  type ConnectOptions,
  connect,
  type Event,
  type GetToken,
  type Registration,
  type SdkError,
  tokenSource,
} from '@rollcall/client/client'

// This runs in the page: test/helpers/sdk-page.ts bundles it with the SDK. Its types go for both sides.

/** How a tab is to be reachable; what is left out is as `connect` has it, but for shorter waits. */
export type TabOptions = {
  /** Default: where the page came from. */
  readonly url?: string
  /** Default `bob`. */
  readonly username?: string
  /** Default: as the demo directory has it. */
  readonly password?: string
  /** Given at every attempt, instead of signing in. */
  readonly token?: string
  /** A new token every time that one is asked for. */
  readonly renewsAlways?: boolean
  readonly connect?: Partial<
    Pick<
      ConnectOptions,
      | 'userEndpointId'
      | 'keepAliveSeconds'
      | 'shareSocket'
      | 'handlerTimeoutMs'
      | 'handlerAttemptsMax'
      | 'pingMs'
      | 'timeoutMs'
      | 'backoffMaxMs'
    >
  >
}

/** What a tab has seen so far, in a form that can leave the page. */
export type TabReport = {
  readonly userEndpointId: string | undefined
  readonly status: string
  readonly reason: string
  /** Of the error of the state, where there is one. */
  readonly error: { readonly code: string; readonly message: string } | undefined
  /** Every state since the start, as `status reason`. */
  readonly states: readonly string[]
  /** Events whose handler has succeeded, in order. */
  readonly events: readonly Event[]
  /** Every call of the handler, as `id attempt`. */
  readonly calls: readonly string[]
  /** What `onError` was told, as `code eventId`. */
  readonly errors: readonly string[]
}

/**
 * The page's one registration. An event may say what its handler does: `handler: 'throws'` or `'hangs'`, until the
 * test says that the handler is `mended`; `'throws once'`.
 */
class Tab {
  mended = false
  readonly #states: string[] = []
  readonly #events: Event[] = []
  readonly #calls: string[] = []
  readonly #errors: string[] = []
  #registration: Registration | undefined

  start(options: TabOptions): void {
    const { url = location.origin } = options
    const registration = connect({
      url,
      getToken: getTokenOf(options, url),
      keepAliveSeconds: 2,
      backoffFirstMs: 50,
      backoffMaxMs: 500,
      onEvent: (event, { attempt }) => this.#handle(event, attempt),
      onError: (error) => void this.#errors.push(`${error.code} ${error.eventId}`),
      ...options.connect,
    })
    registration.onState(({ status, reason }) => void this.#states.push(`${status} ${reason}`))
    this.#registration = registration
  }

  close(): Promise<void> | undefined {
    return this.#registration?.close()
  }

  report(): TabReport {
    const { state, userEndpointId } = this.#registration ?? { state: undefined, userEndpointId: undefined }
    return {
      userEndpointId,
      status: state?.status ?? '',
      reason: state?.reason ?? '',
      error: state?.error === undefined ? undefined : describe(state.error),
      states: this.#states,
      events: this.#events,
      calls: this.#calls,
      errors: this.#errors,
    }
  }

  async #handle(event: Event, attempt: number): Promise<void> {
    this.#calls.push(`${event.id} ${attempt}`)
    const wanted = this.mended ? undefined : event['handler']
    if (wanted === 'hangs') await new Promise(() => undefined)
    if (wanted === 'throws' || (wanted === 'throws once' && attempt === 1)) throw new Error('as it was told')
    this.#events.push(event)
  }
}

function getTokenOf(
  { token, username = 'bob', password, renewsAlways = false }: TabOptions,
  url: string,
): GetToken {
  if (token !== undefined) return () => token
  const grant = { type: 'password', username, password: password ?? `${username}-password` } as const
  const source = tokenSource({ url, clientId: 'customer', grant })
  return renewsAlways ? ({ signal }) => source({ signal, refused: true }) : source
}

function describe(error: Error & Partial<Pick<SdkError, 'code'>>) {
  return { code: error.code ?? error.name, message: error.message }
}

export type { Tab }

declare const location: { readonly origin: string }
Object.assign(globalThis, { tab: new Tab() })
