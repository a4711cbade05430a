import { requestToken, type Token, TokenError } from '@rollcall/client/client'
import type { Recorder } from '../history/recorder.ts'
import type { Credential } from './recorded-device.ts'

const TIMEOUT_MS = 8_000
const REST_MS = 500
/** How long nobody has to be able to refresh before that is told. */
const REFRESHED_WITHIN_MS = 90_000

export type SignInOptions = {
  readonly recorder: Recorder
  readonly url: () => string
  readonly organizationId: string
  readonly username: string
  readonly password: string
  /** Told why, where the service says that somebody is not signed in any more. */
  readonly onEnded: (why: string) => void
}

/** Somebody who stays signed in: each use of a refresh token gives another, and a lost answer is asked for again. */
export class RecordedSignIn {
  readonly #options: SignInOptions
  #token: Token
  #count = 1
  #isRefreshing = false
  #isOver = false

  private constructor(options: SignInOptions, token: Token) {
    this.#options = options
    this.#token = token
  }

  static async of(options: SignInOptions): Promise<RecordedSignIn> {
    const { recorder, url, organizationId, username, password } = options
    const call = recorder.begin({
      ...{ op: 'token', user: `${organizationId}/${username}`, issues: `${username} 1` },
    })
    const grant = { type: 'password', username, password } as const
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const token = await requestToken({ url: url(), clientId: 'customer', grant, signal })
    call.ok()
    return new RecordedSignIn(options, token)
  }

  readonly credential = (): Credential => ({
    accessToken: this.#token.accessToken,
    token: `${this.#options.username} ${this.#count}`,
  })

  /** One at a time: a refresh token is good once. */
  async refresh(): Promise<void> {
    if (this.#isRefreshing) return
    this.#isRefreshing = true
    const untilMs = performance.now() + REFRESHED_WITHIN_MS
    while (!(await this.#tryRefresh()) && !this.#isOver && performance.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, REST_MS))
    if (!this.#isOver && performance.now() >= untilMs)
      this.#options.onEnded(`${this.#options.username} cannot refresh`)
    this.#isRefreshing = false
  }

  /** Nobody waits for an answer any more. */
  stop(): void {
    this.#isOver = true
  }

  /** @returns whether it was answered */
  async #tryRefresh(): Promise<boolean> {
    const { recorder, url, organizationId, username, onEnded } = this.#options
    const { refreshToken = '' } = this.#token
    const issues = `${username} ${this.#count + 1}`
    const call = recorder.begin({ op: 'token', user: `${organizationId}/${username}`, issues })
    const grant = { type: 'refresh_token', refreshToken } as const
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    try {
      this.#token = await requestToken({ url: url(), clientId: 'customer', grant, signal })
      this.#count++
      call.ok()
      return true
    } catch (error) {
      const isRefused = error instanceof TokenError && error.status < 500 && error.status !== 429
      if (isRefused) {
        call.refused(error.code)
        onEnded(`${username} is not signed in any more: ${error.code}, ${error.message}`)
      } else call.unknown()
      return isRefused
    }
  }
}
