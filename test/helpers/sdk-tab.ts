import {
  AnsweredElsewhereError,
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
  /** Default: none, as the demo's public client has it. */
  readonly clientSecret?: string
  /** Given at every attempt, instead of signing in. */
  readonly token?: string
  /** A new token every time that one is asked for. */
  readonly renewsAlways?: boolean
  /** Once it is online, no timer fires any more, as if the browser put them off for ever. */
  readonly stopsTimers?: boolean
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
      | 'backoffFirstMs'
      | 'backoffMaxMs'
    >
  >
}

/** What a tab has seen so far, in a form that can leave the page. */
export type TabReport = {
  readonly userEndpointId: string | undefined
  /** How events come: `websocket` or `stream`. */
  readonly transport: string | undefined
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
 * The page's one registration. An event may say what its handler does, until the test mends it: `handler: 'throws'`,
 * `'throws once'`, `'hangs'` for ever, `'waits'` to be mended.
 */
class Tab {
  #isMended = false
  #goOn = (): void => undefined
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
      keepAliveSeconds: 60,
      backoffFirstMs: 50,
      backoffMaxMs: 500,
      onEvent: (event, { attempt }) => this.#handle(event, attempt),
      onError: (error) => void this.#errors.push(`${error.code} ${error.eventId}`),
      ...options.connect,
    })
    registration.onState(({ status, reason }) => {
      this.#states.push(`${status} ${reason}`)
      if (status === 'online' && options.stopsTimers) stopTimers()
    })
    this.#registration = registration
  }

  /** From now on handlers succeed, those that wait included. */
  mend(): void {
    this.#isMended = true
    this.#goOn()
  }

  /** Answers an event: `first`, or `elsewhere` and by whom. */
  async answer(eventId: string): Promise<string> {
    try {
      await this.#registration?.answer(eventId)
      return 'first'
    } catch (error) {
      if (error instanceof AnsweredElsewhereError) return `elsewhere: ${error.answeredBy}`
      throw error
    }
  }

  close(): Promise<void> | undefined {
    return this.#registration?.close()
  }

  report(): TabReport {
    const { state, userEndpointId } = this.#registration ?? { state: undefined, userEndpointId: undefined }
    return {
      userEndpointId,
      transport: this.#registration?.transport,
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
    const wanted = this.#isMended ? undefined : event['handler']
    if (wanted === 'hangs') await new Promise(() => undefined)
    if (wanted === 'waits')
      await new Promise<void>((resolve) => {
        this.#goOn = resolve
      })
    if (wanted === 'throws' || (wanted === 'throws once' && attempt === 1)) throw new Error('as it was told')
    this.#events.push(event)
  }
}

function getTokenOf(
  { token, username = 'bob', password, clientSecret = '', renewsAlways = false }: TabOptions,
  url: string,
): GetToken {
  if (token !== undefined) return () => token
  const grant = { type: 'password', username, password: password ?? `${username}-password` } as const
  const source = tokenSource({ url, clientId: 'customer', clientSecret, grant })
  return renewsAlways ? ({ signal }) => source({ signal, refused: true }) : source
}

function describe(error: Error & Partial<Pick<SdkError, 'code'>>) {
  return { code: error.code ?? error.name, message: error.message }
}

/** Those that run already are ended too. */
function stopTimers(): void {
  const last = Number(setTimeout(() => undefined, 0))
  for (let timer = 0; timer <= last; timer++) clearTimeout(timer)
  Object.assign(globalThis, { setTimeout: () => 0, setInterval: () => 0 })
}

export type { Tab }

declare const location: { readonly origin: string }
Object.assign(globalThis, { tab: new Tab() })
