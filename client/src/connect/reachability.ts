import { KEEP_ALIVE_REQUESTED } from '@rollcall/protocol/event'
import { Backoff } from '../backoff.ts'
import { SdkError, textOf } from '../sdk-error.ts'
import { abortedError, onAbort, sleep } from '../waiting.ts'
import { Account } from './account.ts'
import type { AnswerOptions } from './answer.ts'
import type { Carrier, Subscription, TransportName } from './carrier.ts'
import { claimEndpointId } from './endpoint-id.ts'
import { Inbox } from './inbox.ts'
import { KeepAlive } from './keepalive.ts'
import type { Settings } from './options.ts'
import type { Registration } from './registration.ts'
import { type State, States } from './states.ts'
import { tellTrouble } from './trouble.ts'
import { judge, type Verdict } from './verdict.ts'

/** After this long online, a failure is a new one, and the waits begin anew. */
const STABLE_MS = 60_000

/**
 * The life of a registration: get a token, register or prove that one still is, subscribe, stay until something
 * ends it, judge what it was, wait, again.
 */
export class Reachability implements Registration {
  readonly #settings: Settings
  readonly #carrier: Carrier
  readonly #states: States
  readonly #inbox: Inbox
  readonly #backoff: Backoff
  readonly #account: Account
  readonly #life = new AbortController()
  #userEndpointId: string | undefined
  /** Runs while the id is this page's: from its claim until the page is left. */
  #claim: AbortController | undefined
  #wasOnline = false
  #keepAlive: KeepAlive | undefined
  /** Ends the connection that there is with what went wrong. */
  #fail: (error: unknown) => void = () => undefined
  #wakeUp: () => void = () => undefined

  constructor(settings: Settings, carrier: Carrier) {
    this.#settings = settings
    this.#carrier = carrier
    this.#states = new States(settings.onError)
    const { random, backoffFirstMs, backoffMaxMs, keepAliveSeconds } = settings
    // What an outage leaves of the period must not be slept away.
    this.#backoff = new Backoff(random, backoffFirstMs, Math.min(backoffMaxMs, keepAliveSeconds * 500))
    this.#account = new Account(settings, this.#life.signal)
    this.#inbox = new Inbox({
      ...settings,
      signal: this.#life.signal,
      intercept: (event) => event.type === KEEP_ALIVE_REQUESTED && this.#remind(),
      onJam: () => this.#fail(new SdkError('handler_failed', 'Too many events were left: connecting again.')),
    })
  }

  get state(): State {
    return this.#states.current
  }

  get transport(): TransportName | undefined {
    return this.state.status === 'online' ? this.#carrier.transport : undefined
  }

  get userEndpointId(): string | undefined {
    return this.#userEndpointId
  }

  start(): void {
    const { signal, wake, leave } = this.#settings
    tellTrouble(this.#states, this.#settings)
    const unwake = wake(() => {
      void this.#keepAlive?.beat()
      this.#wakeUp()
    })
    const unleave = leave(() => this.#leave())
    const unabort = onAbort(signal, () =>
      this.#stop({ status: 'closed', reason: 'aborted', error: new SdkError('aborted') }),
    )
    onAbort(this.#life.signal, () => {
      unwake()
      unleave()
      unabort()
      this.#claim?.abort()
      this.#keepAlive?.stop()
      this.#carrier.close()
    })
    this.#live().catch((error: unknown) => this.#crash(error))
  }

  async online({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    for await (const { status, error } of this.#states.iterate(signal)) {
      if (status === 'online') return
      if (status === 'closed') throw error ?? new SdkError('closed')
    }
    const { error } = this.state
    const why = error === undefined ? '' : ` What kept it: ${error.message}`
    throw new SdkError('aborted', `Not online in time.${why}`, { cause: error })
  }

  onState(listener: (state: State) => void): () => void {
    return this.#states.listen(listener)
  }

  states({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<State> {
    return this.#states.iterate(signal)
  }

  async close({ reason, signal }: { readonly reason?: string; readonly signal?: AbortSignal } = {}) {
    if (this.state.status === 'closed') return
    const userEndpointId = this.#userEndpointId
    this.#stop({ status: 'closed', reason: 'closed_by_app' })
    if (userEndpointId !== undefined) await this.#account.unregister(userEndpointId, reason, signal)
  }

  async answer(
    event: { readonly id: string } | string,
    answer?: { readonly [attribute: string]: unknown },
    options: AnswerOptions = {},
  ): Promise<void> {
    const userEndpointId = this.#userEndpointId
    if (userEndpointId === undefined)
      throw new SdkError('not_online', 'There is no endpoint yet that could answer.')
    const eventId = typeof event === 'string' ? event : event.id
    const command = { userEndpointId, ...(answer === undefined ? {} : { answer }) }
    await this.#account.answer(eventId, command, options)
  }

  async #live(): Promise<void> {
    const { signal } = this.#life
    while (!signal.aborted) {
      const { verdict, onlineMs } = await this.#connectOnce()
      if (signal.aborted) return
      if (onlineMs >= STABLE_MS) this.#backoff.reset()
      await this.#pause(verdict)
    }
  }

  /** One connection from its beginning to its end, which is an error always. */
  async #connectOnce(): Promise<{ readonly verdict: Verdict; readonly onlineMs: number }> {
    const attempt = new AbortController()
    const unlink = onAbort(this.#life.signal, () => attempt.abort())
    const { clock } = this.#settings
    let sinceMs = Number.POSITIVE_INFINITY
    let subscription: Subscription | undefined
    try {
      const ended = new Promise<never>((_resolve, reject) => {
        this.#fail = reject
      })
      ended.catch(() => undefined)
      subscription = await Promise.race([ended, this.#establish(attempt.signal)])
      sinceMs = clock.monotonicMs()
      this.#setOnline()
      return await ended
    } catch (error) {
      return { verdict: this.#judge(error), onlineMs: clock.monotonicMs() - sinceMs }
    } finally {
      unlink()
      this.#keepAlive?.stop()
      this.#keepAlive = undefined
      subscription?.close()
      attempt.abort()
    }
  }

  async #establish(signal: AbortSignal): Promise<Subscription> {
    const token = await this.#account.token()
    const userEndpointId = await this.#endpointId()
    await this.#account.enroll(token, userEndpointId, () =>
      this.#states.set({ status: 'expired', reason: 'registration_ended' }),
    )
    if (signal.aborted) throw abortedError(signal)
    // From here on the registration runs, and so does its time.
    this.#keepAlive = this.#startKeepAlive(userEndpointId)
    this.#inbox.begin()
    return await this.#carrier.subscribe({
      userEndpointId,
      token,
      signal,
      onDelivery: (delivery) => this.#inbox.push(delivery),
      onEnd: (error) => this.#fail(error),
    })
  }

  async #endpointId(): Promise<string> {
    const { storage, storageKey, locks, random, userEndpointId } = this.#settings
    const current = this.#userEndpointId
    if (current !== undefined && this.#claim !== undefined) return current
    this.#claim = new AbortController()
    const { signal } = this.#claim
    const claimed =
      userEndpointId ?? (await claimEndpointId({ storage, storageKey, locks, random, current, signal }))
    // Taken meanwhile, by a duplicate of this tab: another one is not registered yet.
    if (claimed !== current) this.#account.forget()
    this.#userEndpointId = claimed
    return claimed
  }

  /**
   * The page ends, or the browser puts it aside, where nothing of it runs. What it holds would be held for as long as
   * that takes: the connection of all tabs, and the id that the next page in this tab is to have.
   */
  #leave(): void {
    this.#claim?.abort()
    this.#claim = undefined
    this.#carrier.leave()
    this.#fail(new SdkError('link_failed', 'The page was left.'))
  }

  #startKeepAlive(userEndpointId: string): KeepAlive {
    const { clock, keepAliveSeconds } = this.#settings
    const fail = this.#fail
    return new KeepAlive({
      clock,
      periodMs: keepAliveSeconds * 1000,
      renewInMs: () => this.#account.renewInMs(),
      beat: () => this.#account.keepAlive(userEndpointId),
      onLost: fail,
    })
  }

  #remind(): true {
    void this.#keepAlive?.beat()
    return true
  }

  #setOnline(): void {
    this.#wasOnline = true
    this.#account.accepted()
    this.#states.set({ status: 'online', reason: 'subscribed' })
  }

  #judge(error: unknown): Verdict {
    const { url } = this.#settings
    const verdict = judge(error, {
      wasOnline: this.#wasOnline,
      url,
      refusedTokens: this.#account.refuse(error),
    })
    if (verdict.next === 'register') this.#account.forget()
    return verdict
  }

  async #pause({ next, reason, error, waitMs }: Verdict): Promise<void> {
    if (next === 'stop') return this.#stop({ status: 'closed', reason, error })
    const retryInMs = Math.round(Math.max(waitMs, this.#backoff.nextMs()))
    const status = next === 'register' ? 'expired' : 'reconnecting'
    this.#states.set({ status, reason, error, retryInMs })
    await sleep(this.#settings.clock, retryInMs, this.#life.signal, (wakeUp) => {
      this.#wakeUp = waitMs > 0 ? () => undefined : wakeUp
    })
  }

  #stop(state: State): void {
    if (this.state.status === 'closed') return
    this.#states.set(state)
    this.#life.abort(new SdkError('closed'))
    this.#fail(new SdkError('closed'))
  }

  /** A fault of this package: said, not swallowed. */
  #crash(cause: unknown): void {
    const error = new SdkError('closed', `The registration has failed: ${textOf(cause)}`, { cause })
    this.#stop({ status: 'closed', reason: 'invalid_option', error })
  }
}
