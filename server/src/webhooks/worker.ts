import { RollcallError } from '@rollcall/protocol/error-code'
import type { LifecycleEventType } from '@rollcall/protocol/lifecycle'
import { WEBHOOK_TIMEOUT_MS } from '@rollcall/protocol/limits'
import type { Webhook } from '../auth/auth.ts'
import type { Clock, Random, Timer, WallBounds } from '../clock/clock.ts'
import type { Log, Metrics } from '../observe/observe.ts'
import type { FeedEntry, Store, WebhookKey, WebhookLease } from '../store/store.ts'
import { type Attempt, Attempts } from './attempts.ts'
import { backoffMs } from './backoff.ts'
import type { Batch } from './batch.ts'
import { nextBatch } from './next-batch.ts'
import type { Receiver } from './post.ts'
import { Replay } from './replay.ts'
import { signedHeaders } from './sign.ts'
import { testMessage } from './test-event.ts'

/** Time in which more events may come before the first is sent, milliseconds. */
const GATHER_MS = 50
/** Time after which a store that says no is asked again, milliseconds. */
const STORE_RETRY_MS = 1_000
/** How long the lease is taken for, milliseconds: longer than what is done with it can take. */
const LEASE_MS = 3 * WEBHOOK_TIMEOUT_MS
/** Time between two tests of one webhook, milliseconds. */
const TEST_EVERY_MS = 1_000
/** Time after which a lease that somebody else has is asked for again, milliseconds. */
const LEASE_RETRY_MS = 1_000

export type WorkerContext = {
  readonly store: Pick<Store, 'feed' | 'webhooks' | 'deadLetters'>
  readonly clock: Clock
  /** No jump of the wall clock makes the time long. */
  readonly wall: WallBounds
  readonly random: Random
  readonly newId: () => string
  readonly log: Log
  readonly metrics: Pick<Metrics, 'webhookAttempt' | 'webhookEvents'>
  readonly openReceiver: () => Receiver
  /** How long a batch is tried before its events become dead letters. */
  readonly retryMs: number
}

/** How the attempts of this process went. */
export type WorkerState = {
  readonly lastSuccessAtWallMs: number | undefined
  readonly lastFailureAtWallMs: number | undefined
  readonly lastFailure: string | undefined
  readonly nextAttemptAtWallMs: number | undefined
}

/**
 * Sends one webhook its events: one batch at a time, in order, each until it is taken or has been tried for too
 * long. What it has in memory is one batch; everything else is in the store, where other processes have workers for the same
 * webhook: the one with the lease sends, and keeps it over its pauses.
 */
export class Worker {
  readonly key: WebhookKey
  readonly #context: WorkerContext
  readonly #receiver: Receiver
  readonly #replay: Replay
  readonly #closing = new AbortController()
  #webhook: Webhook
  #timer: Timer | undefined
  #attempt: Promise<void> | undefined
  #lease: WebhookLease | undefined
  #isWoken = false
  #failures = 0
  readonly #attempts = new Attempts()
  #isTesting = false
  #nextTestMs = 0
  #state: WorkerState = {
    lastSuccessAtWallMs: undefined,
    lastFailureAtWallMs: undefined,
    lastFailure: undefined,
    nextAttemptAtWallMs: undefined,
  }

  constructor(organizationId: string, webhook: Webhook, context: WorkerContext) {
    this.key = { organizationId, webhookId: webhook.id }
    this.#webhook = webhook
    this.#context = context
    this.#receiver = context.openReceiver()
    this.#replay = new Replay(this.key, context.store.deadLetters)
  }

  get webhook(): Webhook {
    return this.#webhook
  }

  get state(): WorkerState {
    return this.#state
  }

  /** The last ones of this process, newest first. */
  get attempts(): readonly Attempt[] {
    return this.#attempts.list()
  }

  /**
   * Sends one event that says nothing, now, past all that waits and whatever became of it: nothing is kept of it, and it is not
   * tried again. Also where the webhook is disabled, so that one can try it first.
   *
   * @throws RollcallError `rate_limited` while one is under way, or was a moment ago
   */
  async test(): Promise<Attempt> {
    const { clock, newId, openReceiver } = this.#context
    const nowMs = clock.monotonicMs()
    if (this.#isTesting || nowMs < this.#nextTestMs)
      throw new RollcallError('rate_limited', 'It is tried already.', { retryAfterSeconds: 1 })
    this.#isTesting = true
    this.#nextTestMs = nowMs + TEST_EVERY_MS
    const receiver = openReceiver()
    try {
      const message = testMessage(this.key, newId(), clock.wallMs())
      return await this.#post(receiver, 'test', { ...message, events: 1 })
    } finally {
      this.#isTesting = false
      receiver.close()
    }
  }

  /** The directory was read again. Whoever repaired the webhook does not wait for the end of a pause. */
  update(webhook: Webhook): void {
    const isNew = webhook.url !== this.#webhook.url || webhook.enabled !== this.#webhook.enabled
    this.#webhook = webhook
    if (isNew) this.#startAfresh()
    else this.wake()
  }

  /** There may be something to send. */
  wake(): void {
    if (this.#attempt !== undefined) this.#isWoken = true
    else if (this.#timer === undefined) this.#schedule(GATHER_MS)
  }

  /** Sends these dead letters again, before everything else. */
  replay(sequences: readonly number[]): void {
    this.#replay.add(sequences)
    this.#startAfresh()
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#timer?.cancel()
    await this.#attempt
    this.#receiver.close()
    await this.#giveBack()
  }

  #startAfresh(): void {
    this.#failures = 0
    if (this.#attempt !== undefined) this.#isWoken = true
    else this.#schedule(0)
  }

  #schedule(delayMs: number): void {
    if (this.#closing.signal.aborted) return
    const { clock } = this.#context
    this.#timer?.cancel()
    this.#state = { ...this.#state, nextAttemptAtWallMs: clock.wallMs() + delayMs }
    this.#timer = clock.after(delayMs, () => {
      this.#timer = undefined
      this.#attempt = this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isWoken = false
    const delayMs = await this.#work().catch((error: unknown) => {
      // The store says itself when it cannot write.
      if (!(error instanceof RollcallError) || error.code !== 'unavailable')
        this.#context.log.error('a webhook could not go on', {
          err: error instanceof Error ? error : undefined,
        })
      return STORE_RETRY_MS
    })
    this.#attempt = undefined
    this.#state = { ...this.#state, nextAttemptAtWallMs: undefined }
    if (delayMs !== undefined) this.#schedule(delayMs)
    else if (this.#isWoken) this.#schedule(GATHER_MS)
  }

  /** Returns when to go on; `undefined`: when there is something again. */
  async #work(): Promise<number | undefined> {
    if (!this.#webhook.enabled) return undefined
    const { webhooks } = this.#context.store
    const lease = await webhooks.lease(this.key, LEASE_MS, this.#lease)
    this.#lease = lease
    // A webhook that the store does not know, not yet or not any more, is nobody's to send to.
    if (lease === undefined)
      return (await webhooks.position(this.key)) === undefined ? undefined : LEASE_RETRY_MS
    const delayMs = await this.#sendNext(lease)
    if (delayMs === undefined) await this.#giveBack()
    else if (delayMs > 0) await webhooks.lease(this.key, delayMs + LEASE_MS, lease)
    return delayMs
  }

  async #giveBack(): Promise<void> {
    const lease = this.#lease
    this.#lease = undefined
    // Where it cannot be given back it lapses.
    if (lease !== undefined) await this.#context.store.webhooks.release(lease).catch(() => undefined)
  }

  async #sendNext(lease: WebhookLease): Promise<number | undefined> {
    const { store } = this.#context
    const again = await this.#replay.next()
    if (again !== undefined)
      return this.#send(
        'replay',
        again,
        () => this.#replay.done(again),
        async () => this.#replay.stop(),
      )
    const next = await nextBatch(store, lease, withGaps(this.#webhook.events))
    if (next === undefined) return undefined
    const { batch, lastSequence, sinceWallMs } = next
    const done = async () => void (await store.webhooks.advance(lease, lastSequence))
    return this.#send('events', batch, done, () =>
      this.#giveUp(lease, batch.entries, lastSequence, sinceWallMs),
    )
  }

  /** One request, signed; it is remembered, but for one that was cut off by the end. */
  async #post(receiver: Receiver, kind: Attempt['kind'], message: Outgoing): Promise<Attempt> {
    const { clock } = this.#context
    const { secrets, url } = this.#webhook
    const { messageId, body, events } = message
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Rollcall-Webhooks',
      ...signedHeaders({ id: messageId, atWallMs: clock.wallMs(), body }, secrets),
    }
    const sinceMs = clock.monotonicMs()
    let status: number | undefined
    const failure = await receiver.post(url, { headers, body }, this.#closing.signal, (answered) => {
      status = answered
    })
    const attempt: Attempt = {
      ...{ atWallMs: clock.wallMs(), kind, messageId, events },
      tookMs: Math.round(clock.monotonicMs() - sinceMs),
      ...(status === undefined ? {} : { status }),
      ...(failure === undefined ? {} : { failure }),
    }
    if (!this.#closing.signal.aborted) this.#attempts.add(attempt)
    return attempt
  }

  async #send(
    kind: Attempt['kind'],
    { messageId, body, entries }: Batch,
    done: () => Promise<void>,
    failed: () => Promise<void>,
  ): Promise<number | undefined> {
    const { clock, metrics, random } = this.#context
    const message = { messageId, body, events: entries.length }
    const { failure } = await this.#post(this.#receiver, kind, message)
    if (this.#closing.signal.aborted) return undefined
    metrics.webhookAttempt(failure === undefined ? 'delivered' : 'failed')
    if (failure === undefined) {
      this.#failures = 0
      this.#state = { ...this.#state, lastSuccessAtWallMs: clock.wallMs() }
      metrics.webhookEvents('delivered', entries.length)
      await done()
      return 0
    }
    this.#failures++
    this.#state = { ...this.#state, lastFailureAtWallMs: clock.wallMs(), lastFailure: failure }
    await failed()
    return backoffMs(this.#failures, random)
  }

  /** Makes dead letters of a batch that was tried for too long, so that the others go on. */
  async #giveUp(
    lease: WebhookLease,
    entries: readonly FeedEntry[],
    lastSequence: number,
    sinceWallMs: number,
  ): Promise<void> {
    const { store, wall, log, metrics, retryMs } = this.#context
    if (wall.earliestMs() - sinceWallMs < retryMs) return
    const failure = this.#state.lastFailure ?? ''
    const letters = entries.map((entry) => ({ entry, failure }))
    if (!(await store.webhooks.bury(lease, letters, lastSequence))) return
    this.#failures = 0
    metrics.webhookEvents('dead_lettered', entries.length)
    log.warn('events for a webhook became dead letters', { ...this.key, failure, events: entries.length })
  }
}

type Outgoing = { readonly messageId: string; readonly body: Buffer; readonly events: number }

/** Whatever a webhook asked for, it is told what it was not told. */
function withGaps(events: ReadonlySet<LifecycleEventType>): ReadonlySet<LifecycleEventType> {
  return new Set([...events, 'FeedGapEvent'] as const)
}
