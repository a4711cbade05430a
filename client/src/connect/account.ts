import type { AnswerEventWebCommand, WakeUpCommand } from '@rollcall/protocol/command'
import { RollcallError } from '@rollcall/protocol/error-code'
import { createClient, type RollcallClient } from '../http-client.ts'
import { SdkError, textOf } from '../sdk-error.ts'
import { endOf } from '../token-claims.ts'
import { withTimeout } from '../waiting.ts'
import { askForWays } from '../wake-up.ts'
import { type AnswerOptions, answerEvent } from './answer.ts'
import type { Settings } from './options.ts'

/** A token is replaced this long before its end, or a twentieth of its life: half of what `tokenSource` keeps ahead. */
const EARLY_MS_MAX = 30_000

/** The HTTP side of a registration: tokens, register, keepalive, unregister. */
export class Account {
  readonly #settings: Settings
  readonly #signal: AbortSignal
  /** Whether the server has taken the registration, and not yet said that it is gone. */
  #isEnrolled = false
  /** Fresh tokens that were refused in a row. */
  #refusedTokens = 0
  /** The last one that was sent. */
  #token = ''

  constructor(settings: Settings, signal: AbortSignal) {
    this.#settings = settings
    this.#signal = signal
  }

  /** @throws SdkError `token_failed` with what `getToken` threw as its `cause`, `timeout`, `aborted` */
  async token(refused = this.#refusedTokens > 0): Promise<string> {
    const { getToken, clock, timeoutMs } = this.#settings
    const limits = { clock, timeoutMs, signal: this.#signal, what: 'getToken' }
    try {
      const token = await withTimeout(limits, (signal) => getToken({ signal, refused }))
      if (typeof token === 'string' && token !== '') return token
    } catch (cause) {
      if (cause instanceof SdkError && cause.code === 'aborted') throw cause
      throw new SdkError('token_failed', `getToken failed: ${textOf(cause)}`, { cause })
    }
    throw new SdkError('token_failed', 'getToken gave no token.')
  }

  /**
   * Makes sure that the endpoint is registered: proves that it still is, or registers it.
   *
   * @param onExpired called where it was, and is not any more
   */
  async enroll(token: string, userEndpointId: string, onExpired: () => void): Promise<void> {
    if (this.#isEnrolled && (await this.#isStillEnrolled(token, userEndpointId, onExpired))) return
    const { keepAliveSeconds } = this.#settings
    const wakeUp = await this.#wakeUp(token)
    const command = { userEndpointId, keepAliveSeconds, serverKeepAliveReminderOn: true }
    await this.#call(token, (client) =>
      client.register(wakeUp === undefined ? command : { ...command, wakeUp }),
    )
    this.#isEnrolled = true
  }

  /** Whoever cannot be woken is registered all the same: that is told, and no reason to be unreachable. */
  async #wakeUp(token: string): Promise<WakeUpCommand | undefined> {
    const { wakeUp, clock, timeoutMs, url, fetch, onError } = this.#settings
    if (typeof wakeUp !== 'function') return wakeUp
    try {
      const limits = { clock, timeoutMs, signal: this.#signal, what: 'wakeUp' }
      return await withTimeout(limits, (signal) =>
        wakeUp({ ways: () => askForWays({ url, token, fetch, signal }) }),
      )
    } catch (cause) {
      if (this.#signal.aborted) throw cause
      onError(new SdkError('wake_up_failed', `This device will not be woken: ${textOf(cause)}`, { cause }))
      return undefined
    }
  }

  async keepAlive(userEndpointId: string): Promise<void> {
    try {
      const token = await this.token(false)
      await this.#call(token, (client) => client.keepalive(userEndpointId))
    } catch (error) {
      if (!isRefusedToken(error)) throw error
      // It may have ended on its way: a newer one decides.
      const token = await this.token(true)
      await this.#call(token, (client) => client.keepalive(userEndpointId))
    }
  }

  /** Never rejects: the endpoint expires by itself. Runs although the registration is closed. */
  async unregister(userEndpointId: string, reason: string | undefined, signal: AbortSignal | undefined) {
    if (!this.#isEnrolled) return
    this.#isEnrolled = false
    const { getToken, clock, timeoutMs, url, fetch } = this.#settings
    await withTimeout({ clock, timeoutMs, signal, what: 'unregister' }, async (limit) => {
      const token = await getToken({ signal: limit, refused: false })
      await createClient({ url, token, fetch, signal: limit }).unregister(userEndpointId, reason)
    }).catch(() => undefined)
  }

  /** @throws AnsweredElsewhereError and others, see `Registration.answer` */
  answer(eventId: string, command: AnswerEventWebCommand, { signal: own }: AnswerOptions): Promise<void> {
    const { clock, random, timeoutMs } = this.#settings
    const limits = { clock, random, timeoutMs, life: this.#signal, signal: own }
    return answerEvent(limits, async ({ refused, timeoutMs: tryMs, signal }) => {
      const token = await this.token(refused)
      await this.#call(token, (client) => client.answer(eventId, command), { timeoutMs: tryMs, signal })
    })
  }

  /** The server says that the registration is gone. */
  forget(): void {
    this.#isEnrolled = false
  }

  accepted(): void {
    this.#refusedTokens = 0
  }

  /** Time until the token that was sent last should be replaced; at most 0 where that is not known or too late. */
  renewInMs(): number {
    const end = endOf(this.#token)
    if (end === undefined) return 0
    return end.endsAtMs - Math.min(EARLY_MS_MAX, end.lifeMs / 20) - this.#settings.clock.wallMs()
  }

  /** Counts the error if it is a refusal of the token. Returns how many there were in a row. */
  refuse(error: unknown): number {
    if (isRefusedToken(error)) this.#refusedTokens++
    return this.#refusedTokens
  }

  async #isStillEnrolled(token: string, userEndpointId: string, onExpired: () => void): Promise<boolean> {
    try {
      await this.#call(token, (client) => client.keepalive(userEndpointId))
      return true
    } catch (error) {
      if (!(error instanceof RollcallError) || error.code !== 'endpoint_unknown') throw error
      this.forget()
      onExpired()
      return false
    }
  }

  #call<T>(
    token: string,
    work: (client: RollcallClient) => Promise<T>,
    within: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    this.#token = token
    const { url, fetch, clock, timeoutMs } = this.#settings
    const limits = { clock, timeoutMs, signal: this.#signal, what: url, ...within }
    return withTimeout(limits, (signal) => work(createClient({ url, token, fetch, signal })))
  }
}

function isRefusedToken(error: unknown): boolean {
  return (error instanceof RollcallError || error instanceof SdkError) && error.code === 'unauthorized'
}
